// Subject confirmation (SAML Core 2.0 §2.4.1.1, RFC 7522 §3 rules 5 and 6): at least one must be satisfied, and one that
// wants a key is never passed over for a bearer one (E5, CVE-2014-3623).

import { ExchangeFailure, excerpt } from '#core/failure.ts';
import type { Instant } from '#core/instant.ts';
import { BEARER, type Confirmation } from '#core/token/confirmation.ts';
import type { TokenUse } from '#core/token/security-token.ts';
import { keyInfoConfirmation } from '../key-confirmation.ts';
import type { SamlConfirmation } from '../reader/saml-assertion.ts';
import { refuse } from '../refusal.ts';
import type { SamlTerms } from './saml-trust.ts';

/** How and when the assertion is presented. */
export interface Presentation {
  readonly now: Instant;
  readonly use: TokenUse;
  /** Over OAuth, in SAML 2.0: RFC 7522 §3 applies. */
  readonly isRfc7522: boolean;
}

/** A satisfied confirmation. */
export interface Confirmed {
  readonly confirmation: Confirmation;
  readonly notOnOrAfter?: Instant;
}

/** The first confirmation that is satisfied. A key it names is still to be proved, by the front and core.
 * @throws {ExchangeFailure} `confirmation-missing`, `token-audience-mismatch`, `token-expired`, `token-not-yet-valid` */
export function confirmSubject(
  confirmations: readonly SamlConfirmation[],
  terms: SamlTerms,
  presentation: Presentation,
): Confirmed {
  const bound = confirmations.filter(({ method }) => method === 'holder-of-key');
  let failure: ExchangeFailure | undefined;
  for (const confirmation of bound.length > 0 ? bound : confirmations) {
    try {
      return confirm(confirmation, terms, presentation);
    } catch (cause) {
      if (!(cause instanceof ExchangeFailure)) throw cause;
      failure ??= cause;
    }
  }
  throw failure ?? new ExchangeFailure('confirmation-missing', 'no subject confirmation');
}

function confirm(
  confirmation: SamlConfirmation,
  terms: SamlTerms,
  presentation: Presentation,
): Confirmed {
  const { isUnderstood, method, notOnOrAfter } = confirmation;
  requireAccepted(method, terms, presentation);
  if (!isUnderstood)
    refuse('confirmation-missing', 'data of a confirmation that is not understood');
  if (isForOne(confirmation))
    refuse('confirmation-missing', 'the assertion is for one party to present');
  if (method === 'bearer' && presentation.isRfc7522 && !terms.isOwn) requireRfc7522(confirmation);
  validateData(confirmation, terms, presentation);
  return {
    confirmation: method === 'holder-of-key' ? keyOf(confirmation) : BEARER,
    ...(notOnOrAfter !== undefined && { notOnOrAfter }),
  };
}

function requireAccepted(
  method: SamlConfirmation['method'],
  { subjectConfirmation }: SamlTerms,
  { use }: Presentation,
): void {
  if (method === undefined || !subjectConfirmation.includes(method))
    refuse('confirmation-missing', 'a method of subject confirmation that is not accepted');
  // RFC 7522 §3 rule 5: a grant is confirmed as a bearer assertion. Who presents it vouches for nobody there.
  if (method === 'sender-vouches' && use === 'assertion')
    refuse('confirmation-missing', 'a grant without a bearer confirmation');
}

// It names who may present it (SAML Core 2.0 §2.4.1.1), and who presents it is not known here. A key in it names somebody just as well,
// and is proved under holder-of-key only: under another method it would be ignored.
const isForOne = ({ keyInfos, method, namesAttester }: SamlConfirmation): boolean =>
  namesAttester || (method !== 'holder-of-key' && keyInfos.length > 0);

// Without data the lifetime of the assertion is the window (rule 5); with data both must be there.
function requireRfc7522({ hasData, recipient, notOnOrAfter }: SamlConfirmation): void {
  if (hasData && (recipient === undefined || notOnOrAfter === undefined))
    refuse('confirmation-missing', 'a bearer confirmation without Recipient or NotOnOrAfter');
}

function validateData(
  confirmation: SamlConfirmation,
  terms: SamlTerms,
  { now, use }: Presentation,
): void {
  const { inResponseTo, notBefore, notOnOrAfter, recipient } = confirmation;
  // It may be presented in answer to one SAML request only, and this is no answer (SAML Core 2.0 §2.4.1.2).
  if (inResponseTo !== undefined)
    refuse('confirmation-missing', 'the assertion answers a request of somebody');
  // Ours name their target, which is not us: for them the origin binding of core decides.
  if (recipient !== undefined && !terms.isOwn && !terms.recipients.includes(recipient))
    refuse(
      'token-audience-mismatch',
      `the assertion is for another recipient: ${excerpt(recipient)}`,
    );
  if (notBefore !== undefined && notBefore > now + terms.skewSeconds)
    refuse('token-not-yet-valid', 'the subject cannot be confirmed yet');
  if (now >= endOf(notOnOrAfter, terms, use))
    refuse('token-expired', 'the subject can no longer be confirmed');
}

function endOf(
  notOnOrAfter: Instant | undefined,
  { isOwn, skewSeconds }: SamlTerms,
  use: TokenUse,
): Instant {
  const isOpen = notOnOrAfter === undefined || (use === 'lifecycle' && isOwn);
  return isOpen ? Number.POSITIVE_INFINITY : notOnOrAfter + skewSeconds;
}

function keyOf({ keyInfos }: SamlConfirmation): Confirmation {
  const [keyInfo, ...others] = keyInfos;
  // With several keys any one would do, and core holds a proof against exactly one.
  if (!keyInfo || others.length > 0)
    refuse('confirmation-missing', 'holder-of-key does not name exactly one key');
  return keyInfoConfirmation(keyInfo);
}
