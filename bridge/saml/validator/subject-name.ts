// Names of subjects and actors: from a name identifier to an id that is unique within its issuer.

import type { Actor, Subject } from '#core/claims/subject.ts';
import { NAME_UNSPECIFIED } from '../names.ts';
import type { SamlAssertion, SamlDelegate, SamlName } from '../reader/saml-assertion.ts';
import { refuse } from '../refusal.ts';
import type { SamlTerms } from './saml-trust.ts';

// What separates must not stand in what is separated.
const encoded = (qualifier: string): string => encodeURIComponent(qualifier).replaceAll('!', '%21');

/** The id of a qualified name. Without qualifiers it is the name itself, and so it is when the qualifier is the issuer,
 * which is what its absence means (SAML Core 2.0 §2.2.2). Otherwise it is `!<NameQualifier>!<SPNameQualifier>!<name>`: the
 * same name in two domains is two subjects. A bare name that begins with `!` gets the long form too, so none collide. */
export function idOf(name: SamlName, issuer: string): string {
  const { value, nameQualifier = '', spNameQualifier = '' } = name;
  const isPlain = [issuer, ''].includes(nameQualifier) && spNameQualifier === '';
  if (isPlain && !value.startsWith('!')) return value;
  const domain = nameQualifier === issuer ? '' : nameQualifier;
  return `!${encoded(domain)}!${encoded(spNameQualifier)}!${value}`;
}

// Ours are written without qualifiers and mean what they say, so they come back as they were.
function ownIdOf({ value, nameQualifier, spNameQualifier }: SamlName): string {
  if (nameQualifier !== undefined || spNameQualifier !== undefined)
    refuse('token-malformed', 'a name of ours has a qualifier');
  return value;
}

/** The subject: the name identifier, or the attribute that the operator chose for this issuer.
 * @throws {ExchangeFailure} `token-malformed` */
export function subjectOf(assertion: SamlAssertion, terms: SamlTerms): Subject {
  const { subjectAttribute, issuer } = terms;
  if (subjectAttribute !== undefined)
    return { issuer, id: subjectAttributeOf(assertion, subjectAttribute) };
  const { name } = assertion;
  if (!name) refuse('token-malformed', 'the assertion names no subject');
  requireFormat(name, terms);
  const id = terms.isOwn ? ownIdOf(name) : idOf(name, terms.entityId);
  return { issuer, id, ...(name.format !== undefined && { format: name.format }) };
}

// SAML Core 2.0 §8.3.1: a name without a format is unspecified.
function requireFormat({ format = NAME_UNSPECIFIED }: SamlName, { nameFormats }: SamlTerms): void {
  if (nameFormats && !nameFormats.includes(format))
    refuse('token-malformed', 'a name of a format that is not taken of this issuer');
}

function subjectAttributeOf({ attributes }: SamlAssertion, name: string): string {
  const values = attributes
    .filter((attribute) => attribute.name === name)
    .flatMap((attribute) => attribute.values);
  const [id = '', ...others] = values;
  if (id === '' || id.trim() !== id || others.length > 0)
    refuse('token-malformed', 'the attribute of the subject is not one value without space around');
  return id;
}

/** The actors, outermost first: the last delegate is the most recent one (SAML V2.0 Condition for Delegation Restriction).
 * @throws {ExchangeFailure} `issuer-untrusted`, `token-malformed` */
export function actorsOf(
  delegates: readonly SamlDelegate[],
  terms: SamlTerms,
  ownNames: readonly string[],
): readonly Actor[] {
  return delegates.map(({ name }) => actorOf(name, terms, ownNames)).toReversed();
}

// The qualifier is the issuer of the delegate, where it is not that of the assertion.
function actorOf(name: SamlName, terms: SamlTerms, ownNames: readonly string[]): Actor {
  const { nameQualifier: issuer = terms.issuer, ...bare } = name;
  // Another issuer may speak of its own parties; that a party of ours acted, only we can say.
  if (!terms.isOwn && ownNames.includes(issuer))
    refuse('issuer-untrusted', 'a trusted issuer names an actor of ours');
  return { issuer, id: terms.isOwn ? ownIdOf(bare) : idOf(bare, issuer) };
}
