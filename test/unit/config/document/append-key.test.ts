// The next key in the text of a configuration: the rest of it stays as its owner wrote it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { appendKey } from '#src/config/document/append-key.ts';

const ENTRY = {
  use: 'jwt',
  algorithm: 'ES256',
  key: { file: 'keys/next.pem' },
  activeFrom: '2027-01-01T00:00:00Z',
} as const;
const WRITTEN =
  '{ use: jwt, algorithm: ES256, key: { file: keys/next.pem }, activeFrom: 2027-01-01T00:00:00Z }';

const FORMS: Readonly<Record<string, readonly [before: string, after: string]>> = {
  'one entry a line': [
    'keys:\n  - { use: jwt } # the first\n\n# The store.\nstore: { memory: {} }\n',
    `keys:\n  - { use: jwt } # the first\n  - ${WRITTEN}\n\n# The store.\nstore: { memory: {} }\n`,
  ],
  'not indented': [
    'keys:\n- { use: jwt }\nversion: 1\n',
    `keys:\n- { use: jwt }\n- ${WRITTEN}\nversion: 1\n`,
  ],
  'entries of several lines': [
    'keys:\n  - use: saml\n    key:\n      file: saml.pem # ours\n  # what follows\nversion: 1\n',
    `keys:\n  - use: saml\n    key:\n      file: saml.pem # ours\n  - ${WRITTEN}\n  # what follows\nversion: 1\n`,
  ],
  'at the end, without a line end': [
    'version: 1\nkeys:\n  - { use: jwt }',
    `version: 1\nkeys:\n  - { use: jwt }\n  - ${WRITTEN}`,
  ],
  'in one line': [
    'keys: [{ use: jwt }] # ours\nversion: 1\n',
    `keys: [{ use: jwt }, ${WRITTEN}] # ours\nversion: 1\n`,
  ],
  'in brackets over lines, with a comma at the end': [
    'keys: [\n  { use: jwt }, # ours\n]\nversion: 1\n',
    `keys: [\n  { use: jwt }, ${WRITTEN}, # ours\n]\nversion: 1\n`,
  ],
  'with line ends of Windows': [
    'keys:\r\n  - { use: jwt }\r\nversion: 1\r\n',
    `keys:\r\n  - { use: jwt }\r\n  - ${WRITTEN}\r\nversion: 1\r\n`,
  ],
};

describe('appendKey', () => {
  for (const [form, [before, after]] of Object.entries(FORMS)) {
    it(`adds a key to a list ${form}, and changes nothing else`, () => {
      assert.equal(appendKey(before, ENTRY), after);
    });
  }

  it('leaves every other line of a whole configuration as it is', async () => {
    const before = await readFile(
      new URL('../../../../config/viaduct.example.yaml', import.meta.url),
      'utf8',
    );

    const after = appendKey(before, ENTRY);

    const added = after.split('\n').filter((line) => !before.split('\n').includes(line));
    assert.deepEqual(added, [`  - ${WRITTEN}`]);
    assert.equal(after.replace(`  - ${WRITTEN}\n`, ''), before);
    const { keys } = parse(after) as { readonly keys: readonly unknown[] };
    assert.deepEqual(keys.at(-1), ENTRY);
  });

  it('refuses a text without a list of keys', () => {
    for (const text of ['version: 1\n', 'keys: {}\n', 'keys: []\n'])
      assert.throws(() => appendKey(text, ENTRY), /no list of keys/);
  });
});
