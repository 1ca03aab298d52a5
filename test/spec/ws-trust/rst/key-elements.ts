// The elements of a request to issue that are about keys and algorithms.
import {
  certificate,
  child,
  isNotUnderstood,
  issued,
  key,
  MORE,
  nonce,
  OTHER,
  PARTY,
  type RequestElement,
  told,
  XENC,
} from './element-shape.ts';

/** What is said of keys and algorithms. */
export const KEYS: readonly RequestElement[] = [
  {
    name: 'KeyType',
    outcome: 'honoured',
    wish: (trust) => ({
      xml: key(trust, 'SymmetricKey'),
      sees: told('KeyType', `${trust}/SymmetricKey`),
    }),
    refused: isNotUnderstood(child('KeyType', 'urn:x')),
    secondary: 'honoured',
  },
  {
    name: 'KeySize',
    outcome: 'honoured',
    wish: (trust) => ({
      xml: child('KeySize', '128'),
      beside: key(trust, 'SymmetricKey'),
      sees: told('KeySize', '128'),
    }),
    refused: (trust) => [
      [key(trust, 'SymmetricKey') + child('KeySize', '64'), 'wst:InvalidRequest'],
    ],
    secondary: 'honoured',
  },
  {
    name: 'Entropy',
    outcome: 'honoured',
    wish: (trust) => ({ xml: nonce(trust, 32), sees: told('ComputedKey', `${trust}/CK/PSHA1`) }),
    refused: (trust) => [
      [nonce(trust, 8), 'wst:InvalidRequest'],
      [key(trust, 'Bearer') + nonce(trust, 32), 'wst:InvalidRequest'],
    ],
  },
  {
    name: 'ComputedKeyAlgorithm',
    outcome: 'honoured',
    wish: (trust) => ({
      xml: child('ComputedKeyAlgorithm', `${trust}/CK/PSHA1`),
      beside: nonce(trust, 32),
      sees: told('ComputedKey', `${trust}/CK/PSHA1`),
    }),
    refused: (trust) => [[child('ComputedKeyAlgorithm', `${trust}/CK/HASH`), 'wst:BadRequest']],
    secondary: 'honoured',
  },
  {
    name: 'UseKey',
    outcome: 'honoured',
    wish: (trust) => ({
      xml: child('UseKey', certificate(OTHER)),
      beside: key(trust, 'PublicKey'),
      sees: ({ asked }) => asked.confirmation?.method === 'public-key',
    }),
    refused: (trust) => [
      [
        key(trust, 'PublicKey') + child('UseKey', certificate(OTHER), ' Sig="#none"'),
        'wst:InvalidSecurityToken',
      ],
      [child('UseKey', certificate(OTHER)), 'wst:InvalidRequest'],
    ],
  },
  {
    name: 'SignWith',
    outcome: 'honoured',
    wish: (trust) => ({
      xml: child('SignWith', `${MORE}hmac-sha256`),
      beside: key(trust, 'SymmetricKey'),
      sees: told('SignWith', `${MORE}hmac-sha256`),
    }),
    refused: (trust) => [
      [key(trust, 'SymmetricKey') + child('SignWith', 'urn:x'), 'wsse:UnsupportedAlgorithm'],
      [key(trust, 'Bearer') + child('SignWith', 'urn:x'), 'wst:InvalidRequest'],
    ],
    secondary: 'honoured',
  },
  {
    name: 'EncryptWith',
    outcome: 'honoured',
    wish: (trust) => ({
      xml: child('EncryptWith', `${XENC}aes256-cbc`),
      beside: key(trust, 'SymmetricKey'),
      sees: told('EncryptWith', `${XENC}aes256-cbc`),
    }),
    refused: (trust) => [
      [key(trust, 'SymmetricKey') + child('EncryptWith', 'urn:x'), 'wsse:UnsupportedAlgorithm'],
      [key(trust, 'Bearer') + child('EncryptWith', 'urn:x'), 'wst:InvalidRequest'],
    ],
    secondary: 'honoured',
  },
  {
    name: 'Encryption',
    outcome: 'honoured',
    wish: () => ({ xml: child('Encryption', certificate(PARTY)), sees: issued }),
    refused: isNotUnderstood(child('Encryption', certificate(OTHER))),
  },
  {
    name: 'ProofEncryption',
    outcome: 'honoured',
    wish: (trust) => ({
      xml: child('ProofEncryption', certificate(OTHER)),
      beside: key(trust, 'SymmetricKey'),
      sees: ({ body }) => /RequestedProofToken><\w+:EncryptedKey/.test(body),
    }),
    refused: (trust) => [
      [child('ProofEncryption', certificate(OTHER)), 'wst:InvalidRequest'],
      [nonce(trust, 32) + child('ProofEncryption', certificate(OTHER)), 'wst:BadRequest'],
    ],
  },
  {
    name: 'SignatureAlgorithm',
    outcome: 'honoured',
    wish: () => ({
      xml: child('SignatureAlgorithm', `${MORE}rsa-sha256`),
      sees: told('SignatureAlgorithm', `${MORE}rsa-sha256`),
    }),
    refused: () => [
      [child('SignatureAlgorithm', `${MORE}rsa-sha512`), 'wsse:UnsupportedAlgorithm'],
    ],
    secondary: 'honoured',
  },
  {
    name: 'CanonicalizationAlgorithm',
    outcome: 'honoured',
    wish: () => ({
      xml: child('CanonicalizationAlgorithm', 'http://www.w3.org/2001/10/xml-exc-c14n#'),
      sees: told('CanonicalizationAlgorithm', 'http://www.w3.org/2001/10/xml-exc-c14n#'),
    }),
    refused: isNotUnderstood(child('CanonicalizationAlgorithm', 'urn:x')),
    secondary: 'honoured',
  },
  {
    name: 'EncryptionAlgorithm',
    outcome: 'honoured',
    wish: () => ({
      xml: child('EncryptionAlgorithm', 'http://www.w3.org/2009/xmlenc11#aes256-gcm'),
      sees: told('EncryptionAlgorithm', 'http://www.w3.org/2009/xmlenc11#aes256-gcm'),
    }),
    refused: () => [
      [child('EncryptionAlgorithm', `${XENC}aes256-cbc`), 'wsse:UnsupportedAlgorithm'],
    ],
    secondary: 'honoured',
  },
  {
    name: 'KeyWrapAlgorithm',
    only: '1.3',
    outcome: 'honoured',
    wish: () => ({
      xml: child('KeyWrapAlgorithm', `${XENC}rsa-oaep-mgf1p`),
      sees: told('KeyWrapAlgorithm', `${XENC}rsa-oaep-mgf1p`),
    }),
    refused: () => [[child('KeyWrapAlgorithm', `${XENC}rsa-1_5`), 'wsse:UnsupportedAlgorithm']],
    secondary: 'honoured',
  },
];
