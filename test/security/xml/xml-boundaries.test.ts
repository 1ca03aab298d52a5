// What the folder as a whole promises (xml-security A10, C2, C5, C6, style §5.3).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { element } from '#bridge/xml/canonical/markup.ts';
import { writeCanonical } from '#bridge/xml/canonical/writer.ts';
import { verifyAssertion } from '#bridge/xml/signature/verify-enveloped.ts';
import { anRsaKey } from '#test/support/xml/keys.ts';
import { parse } from '#test/support/xml/refusal.ts';
import { aSignedAssertion } from '#test/support/xml/signed.ts';

const FOLDER = resolve(import.meta.dirname, '../../../bridge/xml');
const ALLOWED = new Set(['node:crypto', 'node:buffer']);

test('XML C5: nothing but node:crypto and node:buffer is imported: no native parser, no inflate (C6), no network (B8)', async () => {
  let files = 0;
  for await (const file of glob('**/*.ts', { cwd: FOLDER })) {
    files += 1;
    const source = readFileSync(`${FOLDER}/${file}`, 'utf8');
    for (const [, from = ''] of source.matchAll(/from '([^']+)'/g)) {
      const isInside = !relative(FOLDER, resolve(FOLDER, dirname(file), from)).startsWith('..');
      assert.ok(
        ALLOWED.has(from) || (/^\.[./a-z0-9-]+\.ts$/.test(from) && isInside),
        `${file} imports ${from}`,
      );
    }
    assert.doesNotMatch(source, /\bimport\(|\brequire\(|process\.env|\bfetch\(/, file);
  }
  assert.ok(files > 20, `${files} files seen`);
});

test('XML A10: nothing is verified without a key selector', async () => {
  const document = parse(await aSignedAssertion(anRsaKey()));

  // @ts-expect-error there is no default trust
  await assert.rejects(verifyAssertion(document, document.root, {}), TypeError);
});

test('XML A10: a verification has no boolean result that could be forgotten', async () => {
  const key = anRsaKey();
  const document = parse(await aSignedAssertion(key));

  const result = await verifyAssertion(document, document.root, { selectKey: () => key.trusted });

  assert.deepEqual(Object.keys(result), ['element', 'proof']);
});

test('XML C2: a parsed node cannot be written', () => {
  const { root } = parse('<a b="&lt;"/>');

  // @ts-expect-error only built elements are written
  assert.ok(writeCanonical(root));
  // @ts-expect-error only built elements are children
  assert.ok(element({ prefix: '', uri: '', local: 'a' }, [], [root]));
});
