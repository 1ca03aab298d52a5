// Certificates as evidence: a path to an anchor of a trusted issuer, not revoked, about somebody. The front has seen that its key was
// proved, in the TLS handshake or by a signature over the message; no front takes a certificate in place of a token.
import { hash, X509Certificate } from 'node:crypto';
import type { Claim } from '#core/claims/claim.ts';
import { ExchangeFailure, refusalAbout } from '#core/failure.ts';
import type { Clock, Instant } from '#core/instant.ts';
import { BEARER, type Confirmation } from '#core/token/confirmation.ts';
import {
  acceptToken,
  SELF,
  type SecurityToken,
  type ValidatedToken,
} from '#core/token/security-token.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { alternativeNamesOf } from './alternative-names.ts';
import { type Certificate, parseCertificate, readCertificate } from './certificate.ts';
import { type SubjectTerms, subjectOf } from './certificate-subject.ts';
import { DerFailure } from './der.ts';
import { writeName } from './distinguished-name.ts';
import { createLinkMemory } from './link-memory.ts';
import {
  type CertificatePath,
  findPath,
  type Moment,
  type PathTerms,
  type PresentedCertificate,
} from './path.ts';
import type { RequireUnrevoked } from './revocation/revocation.ts';

/** What a front puts into `content` of evidence of type `x509`. */
interface CertificateCredential {
  /** DER, or read from it already; the certificate whose key was proved first, then what came with it. */
  readonly certificates: readonly (Uint8Array | X509Certificate)[];
  /** How its key was proved; `named`: not at all, somebody only names it. */
  readonly proof: 'signature' | 'tls' | 'named';
  /** They were found good before. `atHand`: no source of revocation is asked, and what nobody says is good. */
  readonly revalidation?: { readonly atHand: boolean };
}

/** A user of ours who may log in by a key. */
interface KeyUser {
  readonly id: string;
  readonly claims: Readonly<Record<string, string | readonly string[]>>;
  /** Marks that they log in by a key; absent: it cannot be told. */
  readonly loginMark?: string;
}

/** The terms for the certificates of one trusted issuer. */
export interface X509Trust extends PathTerms {
  readonly id: string;
  /** The name that its subjects have us for. */
  readonly issuer: string;
  readonly enabledUntil?: Instant;
  readonly subject: SubjectTerms;
  /** Absent: `<id>:`. */
  readonly subjectPrefix?: string;
  /** Present: subjects are users of ours. Gives one who may log in. */
  readonly findUser?: (name: string) => KeyUser | undefined;
  /** Absent: the configuration says that nothing is asked. */
  readonly requireUnrevoked?: RequireUnrevoked;
}

interface X509ValidatorParts {
  /** Our own name. */
  readonly issuer: string;
  readonly trusted: readonly X509Trust[];
  readonly clock: Clock;
}

const AC = 'urn:oasis:names:tc:SAML:2.0:ac:classes';
const CONTEXT_CLASSES = { signature: `${AC}:X509`, tls: `${AC}:TLSClient` } as const;
const MAX_CERTIFICATES = 6;

function isCredential(content: string | object): content is CertificateCredential {
  return (
    typeof content === 'object' &&
    'proof' in content &&
    (content.proof === 'signature' || content.proof === 'tls' || content.proof === 'named') &&
    'certificates' in content &&
    Array.isArray(content.certificates) &&
    content.certificates.length <= MAX_CERTIFICATES &&
    content.certificates.every(
      (each) => each instanceof Uint8Array || each instanceof X509Certificate,
    )
  );
}

/** A validator of certificates whose keys were proved. */
export function createX509Validator(parts: X509ValidatorParts): TokenValidator {
  const read = createReader();
  const links = createLinkMemory();
  const accept = async (
    { content, use }: Shown,
    { certificate, presented }: PresentedCertificate,
  ): Promise<ValidatedToken> => {
    const now = parts.clock.now();
    const { revalidation } = content;
    const moment = { links, now, wasGood: revalidation !== undefined };
    const { path, trust } = findTrust({ certificate, presented }, parts.trusted, moment);
    await trust.requireUnrevoked?.(path, revalidation);
    const facts = factsOf(certificate, trust, parts.issuer);
    return acceptToken({
      ...facts,
      type: 'x509',
      use,
      ...authenticationOf(content.proof, now),
      scopes: [],
      lifetime: { notBefore: certificate.notBefore, notOnOrAfter: certificate.notAfter + 1 },
      confirmation: content.proof === 'named' ? BEARER : boundTo(certificate),
      ...(trust.requireUnrevoked && { loginCertificates: unconfigured(path, trust) }),
      audiences: [parts.issuer],
      actors: [],
    });
  };
  const validate = async ({ content, use }: SecurityToken): Promise<ValidatedToken> => {
    if (!isCredential(content))
      throw new ExchangeFailure('token-malformed', 'a certificate comes with a proof of its key');
    const [certificate, ...presented] = content.certificates.map(read);
    if (!certificate) throw new ExchangeFailure('token-malformed', 'no certificate');
    return accept({ content, use }, { certificate, presented }).catch((cause: unknown) =>
      refuseNaming(certificate, cause),
    );
  };
  return {
    canHandle: ({ type }) => type === 'x509',
    // Much of a certificate is read only where it is needed, and what of it cannot be read is no fault of ours.
    validate: (token) => validate(token).catch(refuseMalformed),
  };
}

interface Shown extends Pick<SecurityToken, 'use'> {
  readonly content: CertificateCredential;
}

// Which certificate it was, by what nobody can choose: the names in it may be anything while nobody vouches for them.
function refuseNaming({ x509 }: Certificate, cause: unknown): never {
  throw refusalAbout(cause, `certificate ${x509.fingerprint256}`);
}

function refuseMalformed(cause: unknown): never {
  if (!(cause instanceof DerFailure)) throw cause;
  throw new ExchangeFailure('token-malformed', cause.message, { cause });
}

// Who is only named has shown nothing.
function authenticationOf(
  proof: CertificateCredential['proof'],
  instant: Instant,
): Pick<ValidatedToken, 'authentication'> {
  if (proof === 'named') return {};
  const contextClass = CONTEXT_CLASSES[proof];
  return { authentication: { instant, methods: ['pop'], contextClass } };
}

const boundTo = ({ x509 }: Certificate): Confirmation => ({
  method: 'public-key',
  certificateThumbprint: hash('sha256', x509.raw, 'base64url'),
});

// What a later look at them needs that the configuration does not have.
function unconfigured(path: CertificatePath, { anchors, intermediates }: PathTerms): string[] {
  const known = [...anchors, ...intermediates];
  return path
    .filter((certificate, index) => index === 0 || !known.includes(certificate))
    .map(({ x509 }) => x509.raw.toString('base64'));
}

type Read = (encoded: Uint8Array | X509Certificate) => Certificate;

// What a certificate says follows from its bytes: it is read once for each object.
function createReader(): Read {
  const known = new WeakMap<X509Certificate, Certificate>();
  return (encoded) => {
    if (encoded instanceof Uint8Array) return parseCertificate(encoded);
    const certificate = known.get(encoded) ?? readCertificate(encoded);
    known.set(encoded, certificate);
    return certificate;
  };
}

function findTrust(
  offered: PresentedCertificate,
  trusted: X509ValidatorParts['trusted'],
  moment: Moment,
): { readonly path: CertificatePath; readonly trust: X509Trust } {
  let failure: ExchangeFailure | undefined;
  for (const trust of trusted) {
    if (trust.enabledUntil !== undefined && moment.now >= trust.enabledUntil) continue;
    try {
      return { path: findPath(offered, trust, moment), trust };
    } catch (cause) {
      failure = moreTelling(failure, cause);
    }
  }
  throw failure ?? new ExchangeFailure('issuer-untrusted', 'nobody’s certificates are trusted');
}

// Of several failures, one that says more than that there is no path.
function moreTelling(known: ExchangeFailure | undefined, cause: unknown): ExchangeFailure {
  if (cause instanceof DerFailure)
    return new ExchangeFailure('token-malformed', cause.message, { cause });
  if (!(cause instanceof ExchangeFailure)) throw cause;
  return known === undefined || known.reason === 'issuer-untrusted' ? cause : known;
}

function factsOf(certificate: Certificate, trust: X509Trust, issuer: string) {
  const id = subjectOf(certificate, trust.subject);
  if (!trust.findUser) {
    return {
      issuer: trust.issuer,
      trustedIssuer: trust.id,
      subject: { issuer: trust.issuer, id },
      subjectPrefix: trust.subjectPrefix ?? `${trust.id}:`,
      claims: claimsOf(certificate, trust.issuer),
    };
  }
  const user = trust.findUser(id);
  if (!user)
    throw new ExchangeFailure(
      'requestor-unauthenticated',
      'the certificate is of no user of ours who may log in with a key',
    );
  return {
    issuer,
    trustedIssuer: SELF,
    subject: { issuer, id: user.id },
    // Only the authority says that it is this user: what is made of it ends with the trust in that authority.
    vouchers: [trust.id],
    ...(user.loginMark !== undefined && { loginMark: user.loginMark }),
    claims: Object.entries(user.claims).map(([name, value]) =>
      aClaim(name, [value].flat(), issuer),
    ),
  };
}

function claimsOf(certificate: Certificate, issuer: string): readonly Claim[] {
  const { email, upn } = alternativeNamesOf(certificate);
  return [
    aClaim('subject_dn', [writeName(certificate.subject)], issuer),
    ...(email.length > 0 ? [aClaim('email', email, issuer)] : []),
    ...(upn.length > 0 ? [aClaim('upn', upn, issuer)] : []),
  ];
}

const aClaim = (name: string, values: readonly string[], issuer: string): Claim => ({
  name,
  values,
  issuer,
  originalIssuer: issuer,
});
