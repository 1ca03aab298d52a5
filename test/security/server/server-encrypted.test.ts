// Assertions that are encrypted to us, at every entrance of the server (xml-security §7, D1-D6, E9; ws-trust R20): opened with any
// of our keys, believed by their own signature only, and refused with answers that do not tell why.
import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSamlMetadata } from '#bridge/saml/metadata/metadata.ts';
import { seal } from '#bridge/xml/canonical/markup.ts';
import { toWireBytes } from '#bridge/xml/canonical/writer.ts';
import { createRecipient, encryptXml } from '#bridge/xml/encryption/encrypt.ts';
import {
  aCertifiedKey,
  type CertifiedKey,
  iso,
  NOW,
  unsignedAssertion,
} from '#test/support/saml/saml.ts';
import {
  SAML1_TYPE,
  SAML2_BEARER,
  SAML2_TYPE,
  type SamlWorld,
} from '#test/support/saml/saml-document.ts';
import { startSamlServer } from '#test/support/saml/saml-server.ts';
import { ISSUER } from '#test/support/server/document.ts';
import type { Ending, TestServer } from '#test/support/server/server.ts';
import { anIssueMessage, sendSoap } from '#test/support/ws-trust/messages.ts';
import { cut, edited } from '#test/support/xml/tamper.ts';

interface Setting {
  readonly server: TestServer;
  readonly saml: SamlWorld;
  /** The key that is published, and the one before it. */
  readonly current: CertifiedKey;
  readonly former: CertifiedKey;
}

async function start(t: Ending): Promise<Setting> {
  const [current, former] = await Promise.all([aCertifiedKey(), aCertifiedKey()]);
  const { server, saml } = await startSamlServer(t, async (document, directory) => {
    for (const [name, key] of Object.entries({ current, former })) {
      await writeFile(join(directory, `keys/${name}.pem`), key.privatePem, { mode: 0o600 });
      await writeFile(join(directory, `keys/${name}.crt`), key.certificatePem);
      (document['keys'] as object[]).push({
        use: 'encryption',
        key: { file: `keys/${name}.pem` },
        certificate: { file: `keys/${name}.crt` },
        ...(name === 'current' && { activeFrom: iso(NOW - 500) }),
      });
    }
  });
  return { server, saml, current, former };
}

/** Any text, encrypted as anybody can who has our certificate. */
function encrypted(xml: string, { certificatePem }: Pick<CertifiedKey, 'certificatePem'>): string {
  const recipient = createRecipient({ publicKey: createPublicKey(certificatePem) });
  return toWireBytes(encryptXml(seal(xml, new Set()), recipient)).toString('latin1');
}

const wrapped = (data: string): string =>
  `<saml2:EncryptedAssertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">${data}</saml2:EncryptedAssertion>`;
const base64url = (xml: string): string => Buffer.from(xml).toString('base64url');
const withoutIds = (text: string): string =>
  text.replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID');

let made = 0;
const freshId = (): string => `_fresh${(made += 1)}`;

/** Each entrance, as: an answer for the XML of a token. */
const ENTRANCES = {
  'subject_token of SAML 2.0': (server: TestServer, xml: string) =>
    server.exchange({ subject_token: base64url(xml), subject_token_type: SAML2_TYPE }),
  'saml2-bearer': (server: TestServer, assertion: string) =>
    server.post('/token', {
      grant_type: SAML2_BEARER,
      assertion: base64url(assertion),
      resource: 'https://orders.example/',
      scope: 'orders.read',
    }),
  OnBehalfOf: (server: TestServer, onBehalfOf: string) =>
    sendSoap(server, anIssueMessage({ onBehalfOf })),
  ActAs: (server: TestServer, actAs: string) =>
    sendSoap(server, anIssueMessage({ actAs, tokenType: 'urn:ietf:params:oauth:token-type:jwt' })),
} as const;

for (const [name, present] of Object.entries(ENTRANCES)) {
  test(`SAML Core 2.0 §2.3.4: an assertion that is encrypted to any of our keys is taken, as ${name}`, async (t) => {
    const { server, saml, ...keys } = await start(t);

    for (const key of [keys.current, keys.former]) {
      const xml = saml.partner.assertion('saml2', { id: freshId() });
      const { status, text } = await present(server, wrapped(encrypted(xml, key)));

      assert.equal(status, 200, text);
    }
  });

  test(`XML E9: what cannot be decrypted, and what is in it but no good, is refused with one answer, as ${name}`, async (t) => {
    const { server, saml, current } = await start(t);
    const stranger = await aCertifiedKey();
    const assertion = saml.partner.assertion('saml2', { id: freshId() });
    const good = wrapped(encrypted(assertion, current));
    const key = cut(good, 'xenc:EncryptedKey');
    const flip = (index: number, at: number): string => {
      let seen = -1;
      return good.replaceAll(
        /(<xenc:CipherValue>)([^<]*)/g,
        (whole, tag: string, value: string) => {
          seen += 1;
          const bytes = Buffer.from(value, 'base64');
          const place = at < 0 ? bytes.length + at : at;
          bytes[place] = (bytes[place] ?? 0) ^ 1;
          return seen === index ? tag + bytes.toString('base64') : whole;
        },
      );
    };
    const other = cut(encrypted(assertion, stranger), 'xenc:EncryptedKey');
    const bad: Readonly<Record<string, string>> = {
      'a wrapped key that is changed': flip(0, 3),
      'content that is changed': flip(1, 40),
      'R20: a tag that is changed': flip(1, -1),
      'an IV that is changed': flip(1, 0),
      'a key for another recipient': edited(good, key, other),
      'a key for another content': edited(
        good,
        key,
        cut(encrypted(assertion, current), 'xenc:EncryptedKey'),
      ),
      'OAEP with another digest': edited(good, 'xmlenc#sha256', 'xmlenc#sha512'),
      'an unsigned assertion inside': wrapped(encrypted(unsignedAssertion('saml2'), current)),
      'a changed assertion inside': wrapped(
        encrypted(assertion.replaceAll('alice', 'admin'), current),
      ),
      'no XML inside': wrapped(encrypted('<a>', current)),
      'a DOCTYPE inside': wrapped(encrypted(`<!DOCTYPE a>${assertion}`, current)),
      'entities that multiply inside': wrapped(
        encrypted('<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>', current),
      ),
      'two elements inside': wrapped(encrypted(assertion + assertion, current)),
      'an element around it inside': wrapped(encrypted(`<a>${assertion}</a>`, current)),
      'a signature inside': wrapped(encrypted(cut(assertion, 'Signature'), current)),
      'encryption in encryption': wrapped(encrypted(good, current)),
      'bare encryption in encryption': wrapped(encrypted(encrypted(assertion, current), current)),
      'duplicate ids inside': wrapped(encrypted(`<a>${assertion}${assertion}</a>`, current)),
    };

    const answers = [];
    for (const [what, xml] of Object.entries(bad)) {
      const { status, text } = await present(server, xml);
      assert.notEqual(status, 200, what);
      answers.push([what, status, withoutIds(text)]);
    }

    const [first] = answers;
    for (const [what, ...rest] of answers) assert.deepEqual(rest, first?.slice(1), String(what));
    const control = await present(server, good);
    assert.equal(control.status, 200, control.text);
  });
}

test('SAML 1.1 comes as a bare EncryptedData, over OAuth as declared and over SOAP as what it is', async (t) => {
  const { server, saml, current } = await start(t);
  const data = (): string => encrypted(saml.partner.assertion('saml1', { id: freshId() }), current);

  const token = await server.exchange({
    subject_token: base64url(data()),
    subject_token_type: SAML1_TYPE,
  });
  const asOther = await server.exchange({
    subject_token: base64url(data()),
    subject_token_type: SAML2_TYPE,
  });
  const soap = await sendSoap(server, anIssueMessage({ onBehalfOf: data() }));

  assert.deepEqual([token.status, asOther.status, soap.status], [200, 400, 200], soap.text);
});

test('XML D6: an encrypted assertion is used up like any other: encrypted anew it is the same one', async (t) => {
  const { server, saml, current, former } = await start(t);
  const assertion = saml.partner.assertion('saml2', { id: freshId() });
  const present = ENTRANCES['saml2-bearer'];

  const first = await present(server, wrapped(encrypted(assertion, current)));
  const again = await present(server, wrapped(encrypted(assertion, former)));

  assert.deepEqual([first.status, again.status], [200, 400], first.text);
});

test('SAML Metadata 2.0 §2.4.1.1: the newest key is published for encryption, and nobody takes it for one that signs', async (t) => {
  const { server, saml, current } = await start(t);

  const { text } = await server.get('/FederationMetadata/2007-06/FederationMetadata.xml');

  const found = /<KeyDescriptor use="encryption">(.*?)<\/KeyDescriptor>/g;
  const [[, content = ''] = [], second] = [...text.matchAll(found)];
  assert.equal(second, undefined);
  const der = new X509Certificate(current.certificatePem).raw.toString('base64');
  assert.match(
    content,
    /^<ds:KeyInfo [^>]*><ds:X509Data><ds:X509Certificate>[^<]+<\/ds:X509Certificate><\/ds:X509Data><\/ds:KeyInfo>$/,
  );
  assert.ok(content.includes(`>${der}<`));
  const terms = { entityId: ISSUER, signers: [saml.ours.trusted], skewSeconds: 0 };
  const { keys } = await readSamlMetadata(text, terms, server.clock.now());
  assert.deepEqual(keys.length, 1);
  assert.ok(keys[0]?.key.equals(saml.ours.publicKey));
});
