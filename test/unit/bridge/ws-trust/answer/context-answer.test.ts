// How an answer writes a security context and refers to it, in the words of whoever asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WSC_13_NS, WSC_2005_NS } from '#bridge/ws-security/names.ts';
import {
  contextTypeOf,
  writeContext,
  writeContextReferences,
} from '#bridge/ws-trust/answer/context-answer.ts';
import { trustOf } from '#bridge/ws-trust/names.ts';
import { writeCanonical } from '#bridge/xml/canonical/writer.ts';
import { WSSE_NS, WSU_NS } from '#bridge/xml/namespaces.ts';
import { aSamlSpec } from '#test/support/saml/saml.ts';
import { TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';

const [newer, older] = [TRUST_13, TRUST_2005].map((uri) => trustOf(uri) ?? assert.fail());
assert.ok(newer && older);
const tokenOf = (text: string) => ({ spec: aSamlSpec({ type: 'sct', tokenId: 't-1' }), text });
const first = tokenOf('urn:uuid:1');
const renewed = tokenOf('urn:uuid:1 urn:2');

const FORMS = [
  [newer, undefined, WSC_13_NS],
  [older, undefined, WSC_2005_NS],
  [newer, `${WSC_2005_NS}/sct`, WSC_2005_NS],
  [older, `${WSC_13_NS}/sct`, WSC_13_NS],
] as const;

for (const [trust, tokenType, wsc] of FORMS)
  test(`WS-SecureConversation 1.3 §3: a context in the version that is asked for, else in that of the message: ${trust.version}, ${tokenType ?? 'nothing'}`, () => {
    const asked = { trust, ...(tokenType !== undefined && { tokenType }) };
    const type = `${wsc}/sct`;
    const reference = (direct: string) =>
      `<wsse:SecurityTokenReference xmlns:wsse="${WSSE_NS}"><wsse:Reference ${direct}></wsse:Reference></wsse:SecurityTokenReference>`;

    assert.equal(contextTypeOf(asked), type);
    assert.equal(
      writeCanonical(writeContext(first, asked)).text,
      `<wsc:SecurityContextToken xmlns:wsc="${wsc}" xmlns:wsu="${WSU_NS}" wsu:Id="_t-1"><wsc:Identifier>urn:uuid:1</wsc:Identifier></wsc:SecurityContextToken>`,
    );
    const { attached, unattached } = writeContextReferences(first, asked);
    assert.equal(writeCanonical(attached).text, reference(`URI="#_t-1" ValueType="${type}"`));
    assert.equal(
      writeCanonical(unattached).text,
      reference(`URI="urn:uuid:1" ValueType="${type}"`),
    );
  });

test('WS-SecureConversation 1.3 §5, §8: of a renewed context the instance is told, in the token and wherever it is named from outside', () => {
  const asked = { trust: newer };

  const { attached, unattached } = writeContextReferences(renewed, asked);

  assert.match(
    writeCanonical(writeContext(renewed, asked)).text,
    /<wsc:Identifier>urn:uuid:1<\/wsc:Identifier><wsc:Instance>urn:2<\/wsc:Instance>/,
  );
  assert.doesNotMatch(writeCanonical(attached).text, /Instance/);
  assert.match(
    writeCanonical(unattached).text,
    new RegExp(`xmlns:wsc="${WSC_13_NS}" URI="urn:uuid:1" ValueType="[^"]+" wsc:Instance="urn:2"`),
  );
});
