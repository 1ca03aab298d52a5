import { type Change, first } from './document.ts';
import { refuses } from './refusals.ts';

const KEY = Buffer.alloc(32, 1).toString('base64');
const files = { 'keys/secrets.key': KEY };
const SECTION = { key: { file: 'keys/secrets.key' } };

/** A row that grants contexts, with the section or without. */
const granting =
  (section: object | undefined): Change =>
  (document) => {
    const row = first(document.policy);
    document.policy = [{ ...row, allow: { ...(row['allow'] as object), types: ['sct'] } }];
    if (section) Object.assign(document, { keptSecrets: section });
  };

refuses('keptSecrets', [
  {
    rule: 'a row that grants contexts has a place for them',
    change: granting(SECTION),
    errors: [],
    world: { files },
  },
  {
    rule: 'there is a key for contexts',
    change: granting(undefined),
    errors: ['CONFIG_CONFLICT policy[0].allow.types[0]'],
  },
  {
    rule: 'the key has 32 bytes or more',
    change: granting(SECTION),
    errors: ['CONFIG_SECRET keptSecrets.key'],
    world: { files: { 'keys/secrets.key': Buffer.alloc(31, 1).toString('base64') } },
  },
]);
