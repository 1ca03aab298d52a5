// Lists of revoked certificates (RFC 5280 §5): complete lists of the authority itself. Delta and indirect ones are not usable.
import {
  basicConstraints,
  type Certificate,
  EXTENSION,
  type Extensions,
  KEY_USAGE,
  keyUsages,
  readExtensions,
} from '../certificate.ts';
import {
  type Der,
  DerFailure,
  type MemberReader,
  membersOf,
  readDer,
  readMembers,
  TAG,
  timeOf,
} from '../der.ts';
import { type DistinguishedName, isSameName, readName } from '../distinguished-name.ts';
import type { LinkMemory } from '../link-memory.ts';
import { isFresh, isSignedWith, readSigned, type SignedStructure } from '../signed-structure.ts';
import { type RevokedSerials, readRevokedSerials } from './revoked-serials.ts';

/** A parsed list. Nothing of it is believed before its signature. */
export interface RevocationList {
  readonly issuer: DistinguishedName;
  readonly signed: SignedStructure;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Absent: nobody is revoked. */
  readonly revoked?: RevokedSerials;
  readonly scope: ListScope;
}

/** For which certificates the list speaks. */
interface ListScope {
  readonly onlyUsers: boolean;
  readonly onlyAuthorities: boolean;
  /** The names of the distribution point it is for; undefined: for all. */
  readonly distributionPoints?: readonly string[];
}

const EVERYTHING: ListScope = { onlyUsers: false, onlyAuthorities: false };

const BEGIN = '-----BEGIN X509 CRL-----';
const PEM = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/;

/** What a list says before it names a certificate. */
type ListHead = Pick<RevocationList, 'issuer' | 'nextUpdate' | 'signed' | 'thisUpdate'>;

function openList(encoded: Buffer): { readonly head: ListHead; readonly rest: MemberReader } {
  const list = readMembers(readDer(derOf(encoded)));
  const signed = readSigned(list);
  if (!list.isDone) throw new DerFailure('a list with more than its signature');
  const tbs = readMembers(signed.content);
  tbs.takeIf(TAG.integer);
  tbs.take(TAG.sequence);
  const issuer = readName(tbs.take(TAG.sequence));
  const thisUpdate = timeOf(tbs.takeAny());
  const nextUpdate = tbs.takeIf(TAG.utcTime) ?? tbs.takeIf(TAG.generalizedTime);
  // Without an end an old list would be good for ever: whoever was revoked since would pass.
  if (!nextUpdate) throw new DerFailure('a list without nextUpdate');
  return { head: { issuer, signed, thisUpdate, nextUpdate: timeOf(nextUpdate) }, rest: tbs };
}

/** Whose a list is and until when it is good. What it names is not read.
 * @throws {DerFailure} */
export const parseListHead = (encoded: Buffer): ListHead => openList(encoded).head;

/** Parses a list, PEM or DER.
 * @throws {DerFailure} also for one without an end, and for one with a critical extension we do not know */
export function parseRevocationList(encoded: Buffer): RevocationList {
  const { head, rest } = openList(encoded);
  const entries = rest.takeIf(TAG.sequence);
  const scope = scopeOf(readExtensions(rest.takeIf(TAG.context(0))));
  // Entries in another form would be nobody who is revoked.
  if (!rest.isDone) throw new DerFailure('a list with something else than entries and extensions');
  return { ...head, ...(entries && { revoked: readRevokedSerials(entries) }), scope };
}

function derOf(encoded: Buffer): Buffer {
  if (!encoded.subarray(0, 64).includes('-----')) return encoded;
  // Nobody would be told that the others are not read.
  if (encoded.includes(BEGIN, encoded.indexOf(BEGIN) + 1)) throw new DerFailure('several lists');
  return Buffer.from(PEM.exec(encoded.toString('latin1'))?.[1] ?? '', 'base64');
}

function scopeOf(extensions: Extensions): ListScope {
  for (const [oid, { isCritical }] of extensions) {
    if (isCritical && oid !== EXTENSION.issuingDistributionPoint)
      throw new DerFailure(`a list with the extension ${oid}`);
  }
  const point = extensions.get(EXTENSION.issuingDistributionPoint);
  return point ? readScope(point.value) : EVERYTHING;
}

// RFC 5280 §5.2.5. Only some reasons, or certificates of other issuers, or of attributes: not usable.
function readScope(value: Buffer): ListScope {
  const members = readMembers(readDer(value));
  const point = members.takeIf(TAG.context(0));
  const isSet = (number: number) => members.takeIf(TAG.primitive(number))?.content[0] === 0xff;
  const onlyUsers = isSet(1);
  const onlyAuthorities = isSet(2);
  if (!members.isDone) throw new DerFailure('a list of another scope');
  return {
    onlyUsers,
    onlyAuthorities,
    ...(point && { distributionPoints: pointNames(point) }),
  };
}

function pointNames(point: Der): readonly string[] {
  return membersOf(point, 1)
    .filter(({ tag }) => tag === TAG.context(0))
    .flatMap((full) => membersOf(full))
    .filter(({ tag }) => tag === TAG.primitive(6))
    .map(({ content }) => content.toString('latin1'));
}

/** Where the certificate says its list is: http and https addresses.
 * @throws {DerFailure} */
export function distributionPointsOf({ extensions }: Certificate): readonly string[] {
  const extension = extensions.get(EXTENSION.crlDistributionPoints);
  if (!extension) return [];
  return membersOf(readDer(extension.value)).flatMap((point) => {
    const name = readMembers(point).takeIf(TAG.context(0));
    return name ? pointNames(name) : [];
  });
}

/** Whether a list speaks for this certificate, in the name and with the key of its issuer, and is fresh. */
export function isListFor(
  list: RevocationList,
  { certificate, issuer }: { readonly certificate: Certificate; readonly issuer: Certificate },
  { links, now }: { readonly links: LinkMemory<RevocationList>; readonly now: number },
): boolean {
  const { nextUpdate, scope, thisUpdate } = list;
  if (!isFresh({ thisUpdate, nextUpdate }, now)) return false;
  const { isAuthority } = basicConstraints(certificate);
  if (isAuthority ? scope.onlyUsers : scope.onlyAuthorities) return false;
  const points = scope.distributionPoints;
  if (points && !distributionPointsOf(certificate).some((point) => points.includes(point)))
    return false;
  return (
    isSameName(list.issuer, issuer.subject) &&
    keyUsages(issuer)?.has(KEY_USAGE.crlSign) !== false &&
    (links.has(list, issuer.x509) || isLinked(list, issuer, links))
  );
}

// A list has a line for each certificate that was revoked: its signature is verified once, not for each who is looked up.
function isLinked(
  list: RevocationList,
  { x509 }: Certificate,
  links: LinkMemory<RevocationList>,
): boolean {
  const isSigned = isSignedWith(list.signed, x509.publicKey);
  if (isSigned) links.add(list, x509);
  return isSigned;
}

/** Whether the list names the certificate. */
export function isListed({ revoked }: RevocationList, { serialNumber }: Certificate): boolean {
  return revoked?.has(serialNumber) === true;
}
