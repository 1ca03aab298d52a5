// The keys of an issuer from its metadata (SAML Metadata 2.0 §2, WS-Federation 1.2 §3.1). Metadata that names keys is as
// powerful as the keys: it is verified first, and only what was signed is read. Roles that issue no assertions, keys
// for encryption and endpoints are left out.

import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { parseDateTime } from '#bridge/xml/date-time.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { type TrustedPublicKey, trustPublicKey } from '#bridge/xml/keys/trusted-key.ts';
import { DS_NS, FEDERATION_NS, SAML2MD_NS, XSI_NS } from '#bridge/xml/namespaces.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { resolveQName } from '#bridge/xml/reader.ts';
import {
  optionalVerifiedChild,
  type Verified,
  verifiedChild,
  verifiedChildren,
} from '#bridge/xml/signature/proof.ts';
import { verifyEnveloped } from '#bridge/xml/signature/verify-enveloped.ts';
import { attributeOf, isNamed, type XmlDocument, type XmlElement } from '#bridge/xml/tree.ts';
import type { Instant } from '#core/instant.ts';
import { bytesOf } from '../reader/element-reader.ts';
import { MAX_TRIED_KEYS } from '../validator/verify-evidence.ts';
import { parseDuration } from './duration.ts';

/** Whose metadata, and who must have signed it. */
export interface MetadataTerms {
  readonly entityId: string;
  /** Whoever signs the metadata names the keys: only these may. */
  readonly signers: readonly TrustedPublicKey[];
  readonly skewSeconds: number;
  /** How far ahead its end may be; there must be one then. Absent: it may be good for ever. */
  readonly maxLifetimeSeconds?: number;
}

/** What metadata says about an issuer. */
export interface SamlMetadata {
  readonly keys: readonly TrustedPublicKey[];
  readonly validUntil?: Instant;
  readonly cacheSeconds?: number;
}

/** Verifies metadata and reads the signing keys of one entity.
 * @throws {XmlFailure} when it is not acceptable XML, not signed by a pinned key, expired, good for too long, without usable keys or with
 * more than are tried */
export async function readSamlMetadata(
  text: string,
  terms: MetadataTerms,
  now: Instant,
): Promise<SamlMetadata> {
  const document = parseXml(Buffer.from(text));
  const root = await verifyMetadata(document, terms.signers);
  const path = entityPath(root, terms.entityId);
  const entity = path.at(-1) ?? root;
  const roles = issuingRoles(entity);
  const keys = signingKeysOf(roles);
  const times = [...path, ...roles];
  const validUntil = earliest(times, 'validUntil', parseDateTime);
  // Past its date it says what keys there were, which is what an attacker with an old key wants to hear.
  if (validUntil !== undefined && now >= validUntil + terms.skewSeconds)
    throw new XmlFailure('text-malformed', 'the metadata is no longer valid');
  requireLifetime(validUntil, terms, now);
  const cacheSeconds = earliest(times, 'cacheDuration', parseDuration);
  return {
    keys,
    ...(validUntil !== undefined && { validUntil }),
    ...(cacheSeconds !== undefined && { cacheSeconds }),
  };
}

interface LifetimeBounds {
  readonly maxLifetimeSeconds?: number | undefined;
  readonly skewSeconds: number;
}

/** Holds the end of metadata against the longest that it may be good. Whoever has an old document with a key that was withdrawn can
 * bring it until it ends.
 * @throws {XmlFailure} `attribute-missing`, `text-malformed` */
export function requireLifetime(
  validUntil: Instant | undefined,
  { maxLifetimeSeconds, skewSeconds }: LifetimeBounds,
  now: Instant,
): void {
  if (maxLifetimeSeconds === undefined) return;
  if (validUntil === undefined)
    throw new XmlFailure('attribute-missing', 'the metadata says no validUntil');
  // Written so that NaN is refused.
  if (!(validUntil <= now + maxLifetimeSeconds + skewSeconds))
    throw new XmlFailure(
      'text-malformed',
      `the metadata is valid for longer than ${maxLifetimeSeconds} seconds`,
    );
}

async function verifyMetadata(
  document: XmlDocument,
  signers: readonly TrustedPublicKey[],
): Promise<Verified<XmlElement>> {
  const { root } = document;
  const isMetadata =
    isNamed(root, SAML2MD_NS, 'EntityDescriptor') ||
    isNamed(root, SAML2MD_NS, 'EntitiesDescriptor');
  if (!isMetadata) throw new XmlFailure('element-unexpected', 'no metadata');
  let failure = new XmlFailure('key-refused', 'nobody is pinned to sign the metadata');
  for (const signer of signers) {
    try {
      return (await verifyEnveloped(document, root, { selectKey: () => signer })).element;
    } catch (cause) {
      if (!(cause instanceof XmlFailure)) throw cause;
      failure = cause;
    }
  }
  throw failure;
}

/** The elements from the root to the one entity of this name. */
function entityPath(element: Verified<XmlElement>, entityId: string): Verified<XmlElement>[] {
  const [path, second] = entityPaths(element, entityId);
  if (!path) throw new XmlFailure('element-missing', 'the metadata is of another entity');
  // Two descriptors for one name are two answers.
  if (second) throw new XmlFailure('element-repeated', 'two descriptors of the entity');
  return path;
}

function entityPaths(element: Verified<XmlElement>, entityId: string): Verified<XmlElement>[][] {
  if (element.local === 'EntityDescriptor')
    return attributeOf(element, 'entityID') === entityId ? [[element]] : [];
  return ['EntityDescriptor', 'EntitiesDescriptor']
    .flatMap((local) => verifiedChildren(element, SAML2MD_NS, local))
    .flatMap((child) => entityPaths(child, entityId))
    .map((path) => [element, ...path]);
}

function issuingRoles(entity: Verified<XmlElement>): Verified<XmlElement>[] {
  const isTokenService = (role: Verified<XmlElement>): boolean => {
    const type = resolveQName(role, attributeOf(role, 'type', XSI_NS) ?? 'none');
    return type.uri === FEDERATION_NS && type.local === 'SecurityTokenServiceType';
  };
  return [
    ...verifiedChildren(entity, SAML2MD_NS, 'IDPSSODescriptor'),
    ...verifiedChildren(entity, SAML2MD_NS, 'RoleDescriptor').filter(isTokenService),
  ];
}

/** The keys of all roles, each once: many write the same ones for each role. */
function signingKeysOf(roles: readonly Verified<XmlElement>[]): readonly TrustedPublicKey[] {
  const nameOf = ({ key }: TrustedPublicKey): string =>
    key.export({ format: 'der', type: 'spki' }).toString('base64');
  const keys = [...new Map(roles.flatMap(keysOfRole).map((key) => [nameOf(key), key])).values()];
  if (keys.length === 0) throw new XmlFailure('element-missing', 'no usable signing key');
  // To leave some out would be to refuse their assertions, and nobody would know why.
  if (keys.length > MAX_TRIED_KEYS)
    throw new XmlFailure(
      'too-complex',
      `${keys.length} signing keys, and ${MAX_TRIED_KEYS} at most are tried`,
    );
  return keys;
}

function keysOfRole(role: Verified<XmlElement>): readonly TrustedPublicKey[] {
  return verifiedChildren(role, SAML2MD_NS, 'KeyDescriptor')
    .filter((descriptor) => (attributeOf(descriptor, 'use') ?? 'signing') === 'signing')
    .flatMap((descriptor) => {
      const keyInfo = verifiedChild(descriptor, DS_NS, 'KeyInfo');
      const data = optionalVerifiedChild(keyInfo, DS_NS, 'X509Data');
      // The first is the key's own; others would be its chain, and a CA signs no assertions.
      const [certificate] = data ? verifiedChildren(data, DS_NS, 'X509Certificate') : [];
      return certificate ? usableKey(bytesOf(certificate)) : [];
    });
}

// A key we do not take is not the issuer's last one: the others stay good.
function usableKey(der: Uint8Array): readonly TrustedPublicKey[] {
  try {
    return [trustPublicKey(new X509Certificate(der).publicKey)];
  } catch {
    return [];
  }
}

function earliest(
  elements: readonly Verified<XmlElement>[],
  attribute: string,
  parse: (text: string) => number,
): number | undefined {
  const values = elements.flatMap((element) => {
    const text = attributeOf(element, attribute);
    return text === undefined ? [] : [parse(text)];
  });
  return values.length === 0 ? undefined : Math.min(...values);
}
