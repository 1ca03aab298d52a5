// Requests of somebody who may, which the REST form refuses before anybody is asked, by what stands in their address.

import type { RestAsking } from '#test/support/ws-trust/rest.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';

export const TOKEN = '/ws-trust/token/saml2';
export const appliesTo = `appliesTo=${encodeURIComponent(BILLING)}`;

/** The detail is what is on record: many a refusal looks like another. Of a method that is not served nothing is. */
export type Refused = readonly [
  what: string,
  detail: string,
  path: string,
  status: number,
  asking?: RestAsking,
];

export const QUERIES: readonly Refused[] = [
  [
    'a parameter that is not known',
    'a parameter that is not known here',
    `${TOKEN}?${appliesTo}&wstrustResponse=true`,
    400,
  ],
  [
    'a parameter of JSON',
    'a parameter that is not known here',
    `${TOKEN}?${appliesTo}&lifetimeSeconds=60`,
    400,
  ],
  [
    'a parameter of another case',
    'a parameter that is not known here',
    `${TOKEN}?${appliesTo}&keytype=Bearer`,
    400,
  ],
  ['a parameter twice', 'a parameter stands twice', `${TOKEN}?${appliesTo}&${appliesTo}`, 400],
  [
    'a key type twice',
    'a parameter stands twice',
    `${TOKEN}?${appliesTo}&keyType=Bearer&keyType=PublicKey`,
    400,
  ],
  [
    'the same claim twice',
    'the same claim twice',
    `${TOKEN}?${appliesTo}&claim=email&claim=email`,
    400,
  ],
  [
    'very many parameters of one name',
    'too many parameters',
    `${TOKEN}?${appliesTo}${'&a=b'.repeat(100)}`,
    400,
  ],
  [
    'as many as are read',
    'a parameter that is not known here',
    `${TOKEN}?${appliesTo}${'&a=b'.repeat(99)}`,
    400,
  ],
  ['an empty claim', 'claim is no text', `${TOKEN}?${appliesTo}&claim=`, 400],
  ['no name', 'a parameter has no name or no value', `${TOKEN}?${appliesTo}&=x`, 400],
  ['no value', 'a parameter has no name or no value', `${TOKEN}?${appliesTo}&keyType`, 400],
  ['an empty parameter', 'appliesTo is no text', `${TOKEN}?appliesTo=`, 400],
  ['a lone ampersand', 'a parameter has no name or no value', `${TOKEN}?${appliesTo}&`, 400],
  ['a broken escape', 'a parameter is not well encoded', `${TOKEN}?appliesTo=%zz`, 400],
  ['bytes that are not UTF-8', 'a parameter is not well encoded', `${TOKEN}?appliesTo=%ff%fe`, 400],
  ['an overlong form', 'a parameter is not well encoded', `${TOKEN}?appliesTo=%c0%af`, 400],
  ['NUL', 'appliesTo is no text', `${TOKEN}?appliesTo=${encodeURIComponent(BILLING)}%00`, 400],
  // Of a claim that we do not have the status would be another one.
  ['NUL in a claim', 'claim is no text', `${TOKEN}?${appliesTo}&claim=email%00`, 400],
  ['a key type of nobody', 'a key type we do not know', `${TOKEN}?${appliesTo}&keyType=Magic`, 400],
  [
    'a secret for a target without a key',
    'no secret can be encrypted to the target',
    `${TOKEN}?${appliesTo}&keyType=SymmetricKey`,
    400,
  ],
  [
    'entropy',
    'a parameter that is not known here',
    `${TOKEN}?${appliesTo}&keyType=SymmetricKey&entropy=AAAA`,
    400,
  ],
  [
    'a key size',
    'a parameter that is not known here',
    `${TOKEN}?${appliesTo}&keyType=SymmetricKey&keySize=128`,
    400,
  ],
  [
    'a key of a bearer login',
    'contradictory: a key from a bearer login',
    `${TOKEN}?${appliesTo}&keyType=PublicKey`,
    400,
  ],
  ['no target', 'no target named, and no default', TOKEN, 400],
  [
    'a target of nobody',
    'no relying party has this applies-to',
    `${TOKEN}?appliesTo=urn:nobody`,
    400,
  ],
  [
    'more claims than one could want',
    'claim is no list we take',
    `${TOKEN}?${appliesTo}${many(65)}`,
    400,
  ],
  ['as many claims as are read', 'claim c0 is needed', `${TOKEN}?${appliesTo}${many(64)}`, 403],
  ['a type of nobody', 'a TokenType we do not know', `/ws-trust/token/x?${appliesTo}`, 400],
  [
    'a type that does not go over WS-Trust',
    'a TokenType we do not know',
    `/ws-trust/token/access_token?${appliesTo}`,
    400,
  ],
  [
    'a name of an object',
    'a TokenType we do not know',
    `/ws-trust/token/constructor?${appliesTo}`,
    400,
  ],
  ['no type', 'a TokenType we do not know', `/ws-trust/token/?${appliesTo}`, 400],
  ['a path below', 'a TokenType we do not know', `/ws-trust/token/saml2/x?${appliesTo}`, 400],
  ['an escaped type', 'a TokenType we do not know', `/ws-trust/token/saml%32?${appliesTo}`, 400],
  ['an Accept that is none', 'Accept is malformed', TOKEN, 400, { headers: { accept: 'json' } }],
  [
    'an Accept without end',
    'Accept is malformed',
    TOKEN,
    400,
    { headers: { accept: Array(21).fill('a/b').join() } },
  ],
  ['HEAD', '', TOKEN, 405, { method: 'HEAD' }],
  ['DELETE', '', TOKEN, 405, { method: 'DELETE' }],
  ['GET of a validation', '', '/ws-trust/validate', 405],
];

function many(count: number): string {
  return Array.from({ length: count }, (_, index) => `&claim=c${String(index)}`).join('');
}
