// What the writers of both versions share: their input, their result, and what they read from a decision.

import type { Markup, MarkupName } from '#bridge/xml/canonical/markup.ts';
import { writeDateTime } from '#bridge/xml/date-time.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { isAbsoluteUri, NAME_UNSPECIFIED } from '../names.ts';
import type { SamlShape } from './saml-shape.ts';

/** An assertion with the place of its signature, and the prefixes of QNames in its content. */
export interface WrittenAssertion {
  readonly apex: Markup;
  readonly declare: readonly Pick<MarkupName, 'prefix' | 'uri'>[];
}

/** What an assertion is written from. */
export interface WriteInput {
  readonly spec: TokenSpec;
  /** The name of the issuer in it. */
  readonly entityId: string;
  readonly shape: SamlShape;
  /** KeyInfo of the key that the token is bound to; absent: it is for any bearer. */
  readonly keyInfo?: Markup | undefined;
}

/** The format of the name. With our prefix before it the name is no longer in the issuer's format. */
export function nameFormatOfSubject({ subject, subjectName }: TokenSpec): string {
  const { format = NAME_UNSPECIFIED, id } = subject;
  return subjectName === id && isAbsoluteUri(format) ? format : NAME_UNSPECIFIED;
}

/** The one address the assertion is for, when there is exactly one audience and it is an address. */
export function recipientOf({ audiences }: TokenSpec): string | undefined {
  const [only, ...others] = audiences;
  if (only === undefined || others.length > 0) return undefined;
  return /^https?:\/\//i.test(only) && URL.canParse(only) ? only : undefined;
}

/** The audiences, of which there must be one.
 * @throws {Error} for none: the assertion would be good anywhere */
export function audiencesOf({ audiences }: TokenSpec): readonly string[] {
  if (audiences.length === 0) throw new Error('a token without audience would be good anywhere');
  return audiences;
}

/** The window of the assertion, as attributes. */
export function windowOf({ lifetime }: TokenSpec): readonly (readonly [string, string])[] {
  return [
    ['NotBefore', writeDateTime(lifetime.notBefore)],
    ['NotOnOrAfter', writeDateTime(lifetime.notOnOrAfter)],
  ];
}

/** When the subject authenticated; where that is not known, the statement that must be there says now. */
export function authenticationInstantOf({ authentication, issuedAt }: TokenSpec): string {
  return writeDateTime(authentication?.instant ?? issuedAt);
}
