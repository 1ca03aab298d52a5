// Signed messages of strangers, as costly as 64 KB can be: with keys that anybody makes, what they name is digested before anybody
// knows who sent them.
import '#test/support/x509/reflect-metadata.ts';

import { hash, randomBytes, X509Certificate } from 'node:crypto';
import { Extension } from '@peculiar/x509';
import type { WsTrustRequest } from '#bridge/ws-trust/front.ts';
import { seal } from '#bridge/xml/canonical/markup.ts';
import { toWireBytes } from '#bridge/xml/canonical/writer.ts';
import { createKeyUnwrapper } from '#bridge/xml/encryption/decrypt.ts';
import { createRecipient, encryptXml } from '#bridge/xml/encryption/encrypt.ts';
import { DS_NS, SAML2_NS, WSSE_NS } from '#bridge/xml/namespaces.ts';
import { createCertificateFinder } from '#src/trust/x509/certificate-finder.ts';
import { createX509Validator } from '#src/trust/x509/x509-validator.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  aMessage,
  aSetting,
  ours,
  PATH,
  publicKeyOf,
  SIGNED,
  stranger,
} from '#test/support/soap/message-security.ts';
import {
  aSecretMessage,
  aSecretSetting,
  SECRET_PATH,
  SECRET_SIGNED,
} from '#test/support/soap/secret-message.ts';
import {
  aBinaryToken,
  aKeyValue,
  BASE64_BINARY,
  SIGNATURE,
  type SignatureWishes,
  signMessage,
  TIMESTAMP,
  X509_PROFILE,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  aSecurityHeader,
  aWsTrustSetting,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';
import { aCertificate, anAuthority, type TestCertificate } from '#test/support/x509/pki.ts';
import { anX509Trust } from '#test/support/x509/x509-trust.ts';

/** A message and where it goes. */
export interface HostileMessage {
  readonly content: string | Uint8Array;
  readonly setting?: () => WsTrustSetting;
  readonly over?: Partial<WsTrustRequest>;
}

const SIZE = 64 * 1024;
/** What is dear to parse and to write in canonical form, as often as a parser takes it. */
const DENSE: Readonly<Record<string, readonly [unit: string, nodes: number]>> = {
  attributes: ['<z b="" a=""></z>', 3],
  declarations: ['<p:z xmlns:p="urn:p"/>', 2],
  references: ['<z a="&lt;&#9;">&amp;&gt;</z>', 2],
};
const MAX_UNITS = 3150;
const NESTED = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9', 'n10'];
const STRANGER = { name: 'nobody', password: 'guess' };

/** As many copies of a unit as fit into a message that somebody writes around them. */
function filled([unit, nodes]: readonly [string, number], write: (content: string) => string) {
  let count = Math.floor(MAX_UNITS / nodes);
  let message = write(unit.repeat(count));
  while (message.length > SIZE) {
    count -= Math.ceil((message.length - SIZE) / unit.length / 2);
    message = write(unit.repeat(count));
  }
  return message;
}

const within = (content: string, ids: readonly string[]): string =>
  ids.reduceRight((inner, id) => `<y xmlns="urn:y" wsu:Id="${id}">${inner}</y>`, content);

const withKey = (): string =>
  anRst({
    children: `${anAppliesTo()}<t:KeyType>${TRUST_13}/PublicKey</t:KeyType><t:UseKey Sig="#SIG-1"/>`,
  });

const own = await aCertificate({ name: 'CN=anybody', algorithm: 'RSA' });

interface SignedByAnybody {
  readonly security?: string;
  readonly content?: string;
  readonly ids?: readonly string[];
  readonly keyInfo?: string;
  readonly transformed?: SignatureWishes['transformed'];
}

/** Signed with a key of anybody beside a password that is wrong. */
function byAnybody(wishes: SignedByAnybody): string {
  const { content = '', ids = [], keyInfo, security = '', transformed } = wishes;
  const header = aSecurityHeader(`${security}${TIMESTAMP}${SIGNATURE}`, STRANGER) + content;
  return signMessage(anEnvelope({ header, body: withKey(), bodyId: 'body' }), {
    key: own.privateKey,
    keyInfo: keyInfo ?? aKeyValue(own),
    ids: ['ts', 'body', ...ids],
    ...(transformed && { transformed }),
  });
}

const OVER_SECRET = { path: SECRET_PATH, isSecure: false };
const bySecret = (content: string, ids: readonly string[] = []): string =>
  aSecretMessage({
    user: '',
    body: anRst({ children: content }),
    signed: [...SECRET_SIGNED.filter((id) => id !== 'user'), ...ids],
  });

function ofStranger(content: string): string {
  const addressing = within(content, ['addressing']);
  const signed = ['addressing', ...SIGNED.filter((id) => ['ts', 'body', 'bst'].includes(id))];
  return aMessage({ certificate: stranger, addressing, signed });
}

function dense(): readonly (readonly [string, HostileMessage])[] {
  return Object.entries(DENSE).flatMap(([name, unit]) => {
    const inHeader = (content: string, ids: readonly string[]) =>
      byAnybody({ content: within(content, ids), ids });
    return [
      [`${name} under a key of anybody`, { content: filled(unit, (z) => inHeader(z, ['n1'])) }],
      [`${name} under it, nested`, { content: filled(unit, (z) => inHeader(z, NESTED)) }],
      [
        `${name} under a secret of the sender`,
        {
          content: filled(unit, (z) => bySecret(within(z, ['n1']))),
          setting: aSecretSetting,
          over: OVER_SECRET,
        },
      ],
      [
        `${name} under it, nested in the Body`,
        {
          content: filled(unit, (z) => bySecret(within(z, NESTED), NESTED)),
          setting: aSecretSetting,
          over: OVER_SECRET,
        },
      ],
      [
        `${name} under a certificate of a stranger`,
        {
          content: filled(unit, ofStranger),
          setting: aSetting,
          over: { path: PATH, isSecure: false },
        },
      ],
    ] as const;
  });
}

const lengthOf = (bytes: number): readonly number[] => [0x82, bytes >> 8, bytes & 0xff];

/** A path in which each certificate but the last is certified by all others, and none by an anchor of the same name. */
async function crossedPath(): Promise<HostileMessage> {
  const root = await anAuthority({ name: 'CN=Root' });
  const [first = root, ...others] = await crossedAuthorities();
  const leaf = await aCertificate({ issuer: first, algorithm: 'RSA', hasKeyIdentifiers: false });
  const all = Buffer.concat([first, ...others, leaf].map(({ der }) => der));
  const path = Buffer.concat([Buffer.from([0x30, ...lengthOf(all.byteLength)]), all]);
  const type = `${X509_PROFILE}#X509PKIPathv1`;
  const trusted = [anX509Trust([root])];
  const validator = createX509Validator({
    issuer: 'https://sts.example.org',
    trusted,
    clock: fakeClock(1_800_000_000),
  });
  return {
    content: byAnybody({
      security: `<wsse:BinarySecurityToken wsu:Id="bst" ValueType="${type}" EncodingType="${BASE64_BINARY}">${path.toString('base64')}</wsse:BinarySecurityToken>`,
      keyInfo: `<wsse:SecurityTokenReference><wsse:Reference URI="#bst" ValueType="${type}"/></wsse:SecurityTokenReference>`,
    }),
    setting: () => aWsTrustSetting({ validators: [validator] }),
  };
}

async function crossedAuthorities(): Promise<readonly TestCertificate[]> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-384' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const wishes = { name: 'CN=Root', keys, algorithm: 'P-384', hasKeyIdentifiers: false } as const;
  return Promise.all(Array.from({ length: 5 }, () => anAuthority(wishes)));
}

/** What names a key is read before anything of the key is used. */
function keys(): readonly (readonly [string, HostileMessage])[] {
  const value = (modulus: number, exponent: number): string => {
    const [n, e] = [modulus, exponent].map((bytes) => randomBytes(bytes).fill(0xff, 0, 1));
    return `<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>${n?.toString('base64')}</ds:Modulus><ds:Exponent>${e?.toString('base64')}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>`;
  };
  const thumbprint = `<wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType="http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1">${randomBytes(20).toString('base64')}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;
  const tokens = Array.from({ length: 40 }, (_, at) => aBinaryToken(own, `bst${at}`)).join('');
  return [
    ['an RSA key with a long exponent', { content: byAnybody({ keyInfo: value(256, 40_000) }) }],
    ['an RSA key with a long modulus', { content: byAnybody({ keyInfo: value(40_000, 3) }) }],
    ['many certificates', { content: byAnybody({ keyInfo: thumbprint, security: tokens }) }],
  ];
}

/** Each reference of a signature names a certificate, which may be any of those in the header. */
async function namedCertificates(): Promise<HostileMessage> {
  const small = await aCertificate({ name: 'CN=a', algorithm: 'P-256' });
  const all = Buffer.concat(Array.from({ length: 6 }, () => small.der));
  const path = Buffer.concat([Buffer.from([0x30, ...lengthOf(all.byteLength)]), all]);
  const security = Array.from(
    { length: 14 },
    (_, at) =>
      `<wsse:BinarySecurityToken wsu:Id="bst${at}" ValueType="${X509_PROFILE}#X509PKIPathv1" EncodingType="${BASE64_BINARY}">${path.toString('base64')}</wsse:BinarySecurityToken>`,
  );
  const { publicKey } = new X509Certificate(small.der);
  const point = publicKey.export({ format: 'der', type: 'spki' }).subarray(-65);
  const identifier = hash('sha1', point, 'base64');
  const names = Array.from({ length: 13 }, (_, at) => `str${at}`);
  const references = names.map(
    (id) =>
      `<wsse:SecurityTokenReference wsu:Id="${id}"><wsse:KeyIdentifier ValueType="${X509_PROFILE}#X509SubjectKeyIdentifier">${identifier}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`,
  );
  const digested = `<wsse:BinarySecurityToken xmlns="" xmlns:wsse="${WSSE_NS}" ValueType="${X509_PROFILE}#X509v3">${small.der.toString('base64')}</wsse:BinarySecurityToken>`;
  const transformed = Object.fromEntries(names.map((id) => [id, digested]));
  return {
    content: byAnybody({ security: [...security, ...references].join(''), transformed }),
    setting: () => aWsTrustSetting({ parts: { findCertificate: createCertificateFinder([]) } }),
  };
}

/** Certificates of strangers are read before anybody knows who asks: one that is as long as one may be, with as much as is taken of what is
 * dear to read. */
async function dearCertificates(): Promise<readonly (readonly [string, HostileMessage])[]> {
  const bits = Buffer.from([0x03, ...lengthOf(14_000), 0, ...Array<number>(13_999).fill(0xff)]);
  const usages = new Extension('2.5.29.15', true, bits);
  const wishes = {
    'uses of its key': { extensions: [usages] },
    'parts of its name': { name: Array(600).fill('CN=a').join(',') },
    'combining characters in its name': { name: `CN=a${'\u0307\u0323'.repeat(1700)}` },
  };
  const trusted = [anX509Trust([await anAuthority({ name: 'CN=Root' })])];
  const clock = fakeClock(1_800_000_000);
  const validator = createX509Validator({ issuer: 'https://sts.example.org', trusted, clock });
  const messages = Object.entries(wishes).map(async ([what, wish]) => {
    const dear = await aCertificate({ ...wish, algorithm: 'RSA' });
    const security = ['bst', 'bst1', 'bst2'].map((id) => aBinaryToken(dear, id)).join('');
    const keyInfo = byIssuer(dear.certificate.serialNumber);
    return [
      `certificates with many ${what}`,
      {
        content: byAnybody({ security, keyInfo }),
        setting: () =>
          aWsTrustSetting({
            validators: [validator],
            parts: { findCertificate: createCertificateFinder([]) },
          }),
      },
    ] as const;
  });
  return Promise.all(messages);
}

const byIssuer = (serialNumber: string): string =>
  `<wsse:SecurityTokenReference><ds:X509Data xmlns:ds="${DS_NS}"><ds:X509IssuerSerial><ds:X509IssuerName>CN=client</ds:X509IssuerName><ds:X509SerialNumber>${BigInt(`0x${serialNumber}`)}</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data></wsse:SecurityTokenReference>`;

/** As many keys as a collection may name, in certificates, and beside them as much as is taken of what is dear to parse. */
async function keysOfCollection(): Promise<HostileMessage> {
  const { der } = await aCertificate({ name: 'CN=a', algorithm: 'P-256' });
  const key = `<ds:KeyInfo xmlns:ds="${DS_NS}"><ds:X509Data><ds:X509Certificate>${der.toString('base64')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
  const keys = `<t:UseKey>${key}</t:UseKey><t:Encryption>${key}</t:Encryption>`;
  const request = `<t:RequestSecurityToken><t:RequestType>${TRUST_13}/BatchIssue</t:RequestType>${keys}</t:RequestSecurityToken>`;
  const body = `<t:RequestSecurityTokenCollection xmlns:t="${TRUST_13}">${request.repeat(16)}</t:RequestSecurityTokenCollection>`;
  const write = (content: string) =>
    anEnvelope({ header: aSecurityHeader('', STRANGER) + content, body });
  const [unit = ''] = DENSE['attributes'] ?? [];
  // Markup is counted: the requests have their share of it.
  return { content: filled([unit, 4], (z) => write(within(z, ['n1']))) };
}

/** Everybody can encrypt to us: two tokens, as many as are opened. */
function encryptedTokens(): HostileMessage {
  const recipient = createRecipient({ publicKey: publicKeyOf(ours) });
  const [unit] = DENSE['references'] ?? [''];
  const one = (id: string): string => {
    const xml = `<a:Assertion xmlns:a="${SAML2_NS}" ID="${id}">${unit.repeat(700)}</a:Assertion>`;
    return toWireBytes(encryptXml(seal(xml, new Set()), recipient)).toString('latin1');
  };
  const unwrappers = [stranger, ours].map(({ privateKey }) => createKeyUnwrapper(privateKey));
  return {
    content: anEnvelope({
      header: `<wsse:Security>${one('_a')}${one('_b')}</wsse:Security>`,
      body: anRst(),
    }),
    setting: () => aWsTrustSetting({ parts: { unwrappers } }),
  };
}

/** By name. */
export async function signedMessages(): Promise<ReadonlyMap<string, HostileMessage>> {
  const crossed = ['certificates that certify each other', await crossedPath()] as const;
  const named = ['certificates that references name', await namedCertificates()] as const;
  const tokens = ['two encrypted tokens', encryptedTokens()] as const;
  const collection = ['the keys of a collection', await keysOfCollection()] as const;
  return new Map([
    ...dense(),
    ...keys(),
    ...(await dearCertificates()),
    crossed,
    named,
    tokens,
    collection,
  ]);
}
