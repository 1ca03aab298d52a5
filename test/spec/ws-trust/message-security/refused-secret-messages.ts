// What is refused where messages protect themselves with a secret, and what is said of it.
import { aDerivedKeyToken, aReferenceTo, WSC_13 } from '#test/support/soap/derived-key.ts';
import {
  bodyPart,
  client,
  signaturePart,
  usualParts,
} from '#test/support/soap/message-security.ts';
import {
  addressingOf,
  LIST,
  listOf,
  SECRET_SIGNED,
  type SecretWishes,
  withDerivedKeys,
} from '#test/support/soap/secret-message.ts';
import { aBinaryToken } from '#test/support/soap/signed-message.ts';

import {
  anotherKey,
  BY_HASH,
  EK,
  OPENED,
  type Row,
  secret,
  userPart,
} from './refused-once-opened.ts';

const without = (id: string) => SECRET_SIGNED.filter((each) => each !== id);
const keyTo = (change: (key: string) => string): SecretWishes => ({ encryption: { key: change } });
const derivedWith = (change: (token: string) => string): SecretWishes => {
  const { more = '', ...wishes } = withDerivedKeys(secret);
  return { ...wishes, more: more.replace(/<c:DerivedKeyToken [^>]*"dk-enc".*$/s, change) };
};
/** Seen in what is not encrypted, before any key is used. */
const INVALID: readonly Row[] = [
  [
    'nothing is encrypted',
    'no part of the message is encrypted',
    { parts: () => [], encryption: { key: () => '' } },
  ],
  [
    'two keys',
    'two keys or lists',
    keyTo((key) => key + key.replace('"EK"', '"EK2"').replace(LIST, '')),
  ],
  [
    'a key without an Id',
    'encryption-shape: a key without an Id',
    {
      encryption: { keyInfo: undefined as never, key: (key) => key.replace(' Id="EK"', '') },
      last: (text) =>
        text.replaceAll(
          /(<xenc:EncryptionMethod [^>]*aes256-gcm"\/>)<ds:KeyInfo .*?<\/ds:KeyInfo>/gs,
          '$1',
        ),
    },
  ],
  ['no list', 'encryption-shape: not one list', keyTo((key) => key.replace(LIST, ''))],
  [
    'a list in the key and one beside it',
    'encryption-shape: not one list',
    {
      last: (text) => text.replace('</wsse:Security>', () => `${listOf(text)}</wsse:Security>`),
    },
  ],
  [
    'two lists beside the key',
    'two keys or lists',
    {
      encryption: { key: (key) => key.replace(LIST, '') },
      last: (text) =>
        text.replace('</wsse:Security>', () => `${listOf(text)}${listOf(text)}</wsse:Security>`),
    },
  ],
  [
    'a list that leaves a part out',
    'encryption-shape: a part that no key lists',
    { encryption: { listed: ['ED-0', 'ED-1'] } },
  ],
  [
    'a part that is listed twice',
    'encryption-shape: a reference to nothing, or two to one',
    { encryption: { listed: ['ED-0', 'ED-1', 'ED-2', 'ED-2'] } },
  ],
  [
    'a part of a key that is not there',
    'encryption-shape: of a key that is not there',
    { encryption: { keyInfo: aReferenceTo('nowhere') } },
  ],
  [
    'parts of what is no key',
    'encryption-shape: parts of a key that is none',
    { encryption: { keyInfo: aReferenceTo('ts') } },
  ],
  [
    'parts of two keys',
    'encryption-shape: parts of two keys',
    {
      ...withDerivedKeys(secret),
      last: (text) =>
        (withDerivedKeys(secret).last?.(text) ?? '').replace(
          'URI="#dk-enc" ValueType',
          'URI="#EK" ValueType',
        ),
    },
  ],
  [
    'parts of a key that is named by its hash',
    'encryption-shape: form of the reference to a key',
    { encryption: { keyInfo: BY_HASH } },
  ],
  [
    'parts of a key that is named twice',
    'encryption-shape: KeyInfo',
    { encryption: { keyInfo: EK + EK } },
  ],
  [
    'parts of a key that one reference names twice',
    'encryption-shape: form of the reference to a key',
    { encryption: { keyInfo: EK.replace(/<wsse:Reference .*<\/wsse:Reference>/, '$&$&') } },
  ],
  [
    'parts of a key, and something in the reference to it',
    'encryption-shape: more than a reference',
    {
      encryption: {
        keyInfo: EK.replace('</wsse:Reference>', '<x xmlns="urn:x"/></wsse:Reference>'),
      },
    },
  ],
  [
    'parts of a key that is named by what is no fragment',
    'encryption-shape: reference URI',
    { encryption: { keyInfo: EK.replace('"#EK"', '"xEK"') } },
  ],
  [
    'a list of something else',
    'encryption-shape: reference',
    { last: (text) => text.replace('<xenc:DataReference ', '<xenc:KeyReference ') },
  ],
  [
    'a list of more parts than a message has',
    'encryption-shape: too many references',
    { encryption: { listed: Array.from({ length: 9 }, (_, index) => `ED-${String(index)}`) } },
  ],
  [
    'a RetrievalMethod',
    'encryption-shape: KeyInfo without a reference',
    { encryption: { keyInfo: '<ds:RetrievalMethod URI="#EK"/>' } },
  ],
  [
    'parts of a derived key in the Body',
    'encryption-shape: parts of a key that is none',
    {
      ...withDerivedKeys(secret),
      more: aDerivedKeyToken(EK),
      body: `${aDerivedKeyToken(EK, { id: 'dk-enc' })}`,
      parts: (text) => [signaturePart(text), userPart],
    },
  ],
  [
    'a derived key of another length than the method has',
    'encryption-shape: length of the derived key',
    derivedWith((token) => token.replace('<c:Nonce>', '<c:Length>16</c:Length><c:Nonce>')),
  ],
  [
    'the Timestamp in a wrapper, encrypted at another place',
    'encryption-shape: a part out of place',
    {
      addressing: `${addressingOf()}<x:h xmlns:x="urn:x"><x:i/></x:h>`,
      parts: (text) => [...usualParts(text), { text: '<x:i/>', type: 'Element' }],
    },
  ],
];

const SHAPE: readonly Row[] = [
  [
    'a derived key without a Nonce',
    'element-missing: no Nonce',
    derivedWith((token) => token.replace(/<c:Nonce>.*?<\/c:Nonce>/, '')),
  ],
  [
    'a derived key with a short Nonce',
    'Nonce of a derived key',
    derivedWith((token) => token.replace(/<c:Nonce>.*?<\/c:Nonce>/, '<c:Nonce>AAAA</c:Nonce>')),
  ],
  [
    'a derived key far into the sequence',
    'Offset of a derived key',
    derivedWith((token) => token.replace('<c:Nonce>', '<c:Offset>99999</c:Offset><c:Nonce>')),
  ],
];

const UNSUPPORTED: readonly Row[] = [
  [
    'CBC',
    'algorithm-refused: encryption: http://www.w3.org/2001/04/xmlenc#aes256-cbc',
    { encryption: { method: 'http://www.w3.org/2001/04/xmlenc#aes256-cbc' } },
  ],
  [
    'RSA 1.5',
    'algorithm-refused: transport: http://www.w3.org/2001/04/xmlenc#rsa-1_5',
    keyTo((key) =>
      key.replace(
        'http://www.w3.org/2009/xmlenc11#rsa-oaep',
        'http://www.w3.org/2001/04/xmlenc#rsa-1_5',
      ),
    ),
  ],
  [
    'OAEP with another digest',
    'algorithm-refused: parameters of OAEP',
    keyTo((key) => key.replace('xmlenc#sha256', 'xmlenc#sha512')),
  ],
  [
    'a key that is derived otherwise',
    'key derivation: http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512/dk/pbkdf2',
    derivedWith((token) =>
      token.replace('<c:DerivedKeyToken', `<c:DerivedKeyToken Algorithm="${WSC_13}/dk/pbkdf2"`),
    ),
  ],
];

const POLICY: readonly Row[] = [
  [
    'the Body is in clear',
    'the Body is not encrypted',
    { parts: (text) => [signaturePart(text), userPart] },
  ],
  [
    'the signature is in clear',
    'the signature is not encrypted',
    { parts: (text) => [bodyPart(text), userPart] },
  ],
  [
    'the user name is in clear',
    'the user name is not encrypted',
    { parts: (text) => [signaturePart(text), bodyPart(text)] },
  ],
  ['a certificate besides', 'a token in clear', { more: aBinaryToken(client) }],
];

/** The key of another message, inside a reference. */
const EMBEDDED = `<wsse:Embedded>${anotherKey().replace('"EK"', '"EK2"')}</wsse:Embedded>`;

const UNSIGNED: readonly Row[] = [
  ['ts', 'Timestamp'],
  ['body', 'Body'],
  ['action', 'Action'],
  ['message', 'MessageID'],
  ['to', 'To'],
  ['user', 'UsernameToken'],
].map(([id = '', local = '']) => [
  `the ${local} is not signed`,
  `${local} is not signed`,
  { signed: without(id) },
]);

export const TABLE: readonly (readonly [code: string, rows: readonly Row[]])[] = [
  ['wsse:InvalidSecurity', [...INVALID, ...POLICY]],
  ['wsse:InvalidSecurityToken', SHAPE],
  ['wsse:UnsupportedAlgorithm', UNSUPPORTED],
  ['wsse:FailedCheck', OPENED],
  ['trust:AuthenticationBadElements', UNSIGNED],
  [
    'wsc:UnknownDerivationSource',
    [
      [
        'parts of a key that is derived of an embedded token',
        'a key of another secret',
        derivedWith((token) => token.replace(/<wsse:Reference .*?<\/wsse:Reference>/, EMBEDDED)),
      ],
      [
        'parts of a key that is derived of another token',
        'a key of another secret',
        derivedWith((token) => token.replace('"#EK"', '"#dkt"')),
      ],
    ],
  ],
  [
    'wsse:UnsupportedSecurityToken',
    [
      [
        'a derived key that nothing refers to',
        'a token that nothing refers to',
        { more: aDerivedKeyToken(EK) },
      ],
    ],
  ],
  [
    'trust:FailedAuthentication',
    [
      [
        'no user name',
        'a secret without a user name',
        {
          user: '',
          signed: without('user'),
          parts: (text) => [signaturePart(text), bodyPart(text)],
        },
      ],
    ],
  ],
];
