// The name of a security context: what is one, and what is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WSC_13_NS, WSC_2005_NS } from '#bridge/ws-security/names.ts';
import { readContextName } from '#bridge/ws-security/tokens/security-context-token.ts';
import { parse } from '#test/support/xml/refusal.ts';
import { refusedWith } from '../refused-with.ts';

const read = (children: string, wsc = WSC_13_NS) =>
  readContextName(
    parse(`<SecurityContextToken xmlns="${wsc}">${children}</SecurityContextToken>`).root,
  );
const IDENTIFIER = '<Identifier>urn:uuid:1</Identifier>';
const instance = (text: string) => `${IDENTIFIER}<Instance>${text}</Instance>`;
const sized = (length: number) => 'urn:'.padEnd(length, 'x');

for (const wsc of [WSC_13_NS, WSC_2005_NS])
  test(`WS-SecureConversation §3: a context is named by Identifier and Instance, in ${wsc}`, () => {
    assert.deepEqual(read(IDENTIFIER, wsc), { identifier: 'urn:uuid:1' });
    assert.deepEqual(read(instance(' urn:2 '), wsc), {
      identifier: 'urn:uuid:1',
      instance: 'urn:2',
    });
  });

test('WS-SecureConversation §3: 256 characters are the longest name', () => {
  const longest = sized(256);

  assert.equal(read(`<Identifier>${longest}</Identifier>`).identifier, longest);
  assert.equal(read(instance(longest)).instance, longest);
});

for (const [what, children] of [
  ['nothing', ''],
  ['no Identifier', '<Instance>urn:2</Instance>'],
  ['two Identifiers', IDENTIFIER + IDENTIFIER],
  ['two Instances', `${instance('urn:2')}<Instance>urn:3</Instance>`],
  ['an Identifier without end', `<Identifier>${sized(257)}</Identifier>`],
  ['an empty Identifier', '<Identifier/>'],
  ['an Identifier that is a scheme alone', '<Identifier>urn:</Identifier>'],
  ['a relative Identifier', '<Identifier>uuid-1</Identifier>'],
  ['an Identifier of no scheme', '<Identifier>:uuid:1</Identifier>'],
  ['an Identifier with a scheme of digits', '<Identifier>1a:uuid:1</Identifier>'],
  ['an Identifier with something before it', '<Identifier>x urn:uuid:1</Identifier>'],
  ['an Identifier with space in it', '<Identifier>urn:uuid: 1</Identifier>'],
  ['an Identifier outside of ASCII', '<Identifier>urn:uuid:é</Identifier>'],
  ['an empty Instance', instance(' ')],
  ['an Instance without end', instance(sized(257))],
] as const)
  test(`WS-SecureConversation §3: refuses a context with ${what}`, () => {
    assert.throws(() => read(children), refusedWith('bad-context-token'));
  });

for (const [what, more] of [
  ['a cookie in the namespace of the standard', '<Cookie>AAAA</Cookie>'],
  ['a cookie of a product', '<x:Cookie xmlns:x="urn:x">AAAA</x:Cookie>'],
  ['an Identifier of another vocabulary', '<Identifier xmlns="urn:x">urn:uuid:1</Identifier>'],
] as const)
  test(`WS-SecureConversation §3: refuses a context with ${what}, which is not ours to understand`, () => {
    assert.throws(() => read(IDENTIFIER + more), refusedWith('unsupported-context-token'));
  });
