// Validates SAML 1.1 and 2.0 assertions (SAML Core, RFC 7522 §3): our own and those of trusted issuers.

import { SAML2_NS } from '#bridge/xml/namespaces.ts';
import { requiredChild, textOf } from '#bridge/xml/reader.ts';
import { attributeOf } from '#bridge/xml/tree.ts';
import { excerpt, refusalAbout } from '#core/failure.ts';
import type { Clock, Instant } from '#core/instant.ts';
import { acceptToken, type ValidatedToken } from '#core/token/security-token.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { NAME_ENTITY } from '../names.ts';
import { readSaml1 } from '../reader/saml1-reader.ts';
import { readSaml2 } from '../reader/saml2-reader.ts';
import { refuse, refusedAs } from '../refusal.ts';
import {
  type AssertionDecrypter,
  isSamlEvidence,
  type OpenedEvidence,
  openEvidence,
} from './saml-evidence.ts';
import { factsOf } from './saml-facts.ts';
import { indexTerms, type OwnSamlTrust, type SamlTerms, type SamlTrust } from './saml-trust.ts';
import { verifyEvidence } from './verify-evidence.ts';

export interface SamlValidatorParts {
  readonly own: OwnSamlTrust;
  readonly trusted: readonly SamlTrust[];
  readonly clock: Clock;
  /** Absent: encrypted assertions are not supported. */
  readonly decrypt?: AssertionDecrypter;
  /** Told of every assertion that SHA-1 took part in: for the audit and the log. */
  readonly onLegacySha1: (event: { readonly trustedIssuer: string }) => void;
}

/** What the name of an entity has not (SAML Core 2.0 §8.3.6). */
const QUALIFIERS = ['NameQualifier', 'SPNameQualifier', 'SPProvidedID'];

/** The issuer is not verified yet: it only selects whose terms and keys apply, and the signature then decides.
 * @throws {ExchangeFailure} `token-malformed`, `issuer-untrusted` */
function termsFor(
  { type, element }: OpenedEvidence,
  index: ReadonlyMap<string, SamlTerms>,
  now: Instant,
): SamlTerms {
  const name = refusedAs('token-malformed', () => {
    if (type === 'saml1') return attributeOf(element, 'Issuer') ?? '';
    const issuer = requiredChild(element, SAML2_NS, 'Issuer');
    const format = attributeOf(issuer, 'Format') ?? NAME_ENTITY;
    const isQualified = QUALIFIERS.some((local) => (attributeOf(issuer, local) ?? '') !== '');
    // Qualified, or of another format, it is a name of another kind (SAML Core 2.0 §2.2.5).
    if (format !== NAME_ENTITY || isQualified) return '';
    return textOf(issuer);
  });
  const terms = index.get(name);
  if (!terms) refuse('issuer-untrusted', `the issuer is not known: ${excerpt(name)}`);
  if (terms.enabledUntil !== undefined && now >= terms.enabledUntil)
    refuse('issuer-untrusted', 'the trust in this issuer has ended');
  return terms;
}

/** A validator of SAML 1.1 and 2.0 assertions, as text and as an element of a message.
 *
 * The subject keeps the id its issuer gave it. With it goes the prefix, by default `<trusted issuer id>:`, that makes it one of
 * a kind in a token of ours.
 * @throws {Error} when a record of trust is unsafe */
export function createSamlValidator(parts: SamlValidatorParts): TokenValidator {
  const { own, trusted, clock, decrypt } = parts;
  const index = indexTerms(own, trusted);
  const ownNames = [own.issuer, own.entityId];
  return {
    canHandle: isSamlEvidence,
    async validate(token): Promise<ValidatedToken> {
      if (!isSamlEvidence(token)) throw new Error('asked for evidence it cannot handle');
      const now = clock.now();
      const opened = await openEvidence(token, decrypt);
      const terms = termsFor(opened, index, now);
      const evidence = { ...token, type: opened.type };
      return accept(opened, { evidence, terms, now, ownNames }).catch((cause: unknown) => {
        throw refusalAbout(cause, `of ${terms.id}`);
      });
    },
  };

  async function accept(
    opened: OpenedEvidence,
    circumstances: Parameters<typeof factsOf>[1],
  ): Promise<ValidatedToken> {
    const { terms, now } = circumstances;
    const { element, proof } = await verifyEvidence(opened, terms, now);
    if (proof.usedSha1) parts.onLegacySha1({ trustedIssuer: terms.id });
    const signedBefore = terms.keys.signedBefore?.(proof.signer);
    const read = opened.type === 'saml1' ? readSaml1 : readSaml2;
    return acceptToken({
      ...refusedAs('token-malformed', () => factsOf(read(element), circumstances)),
      ...(signedBefore !== undefined && { signedBefore }),
    });
  }
}
