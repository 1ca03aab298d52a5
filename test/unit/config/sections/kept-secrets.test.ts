import { type Change, first } from '#test/unit/config/document.ts';
import { refuses } from '#test/unit/config/refusals.ts';

const KEY = Buffer.alloc(32, 1).toString('base64');
const files = { 'keys/secrets.key': KEY };
const FIRST = { key: { file: 'keys/secrets.key' } };
const SECTION = { keys: [FIRST] };
const SECOND = { key: { file: 'keys/second.key' } };
const START = { activeFrom: '2027-01-01T00:00:00Z' };
const both = { ...files, 'keys/second.key': Buffer.alloc(32, 2).toString('base64') };

/** A row that grants contexts, with the section or without. */
const granting =
  (section: object | undefined): Change =>
  (document) => {
    const row = first(document.policy);
    document.policy = [{ ...row, allow: { ...(row['allow'] as object), types: ['sct'] } }];
    if (section) Object.assign(document, { keptSecrets: section });
  };

/** An address with these settings, with the section or without. */
const taking =
  (endpoint: object, section?: object): Change =>
  (document) => {
    document['wsTrust'] = { endpoints: [endpoint] };
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
    errors: ['CONFIG_SECRET keptSecrets.keys[0].key'],
    world: { files: { 'keys/secrets.key': Buffer.alloc(31, 1).toString('base64') } },
  },
  {
    rule: 'a key takes over from another at its instant',
    change: granting({ keys: [FIRST, { ...SECOND, ...START }] }),
    errors: [],
    world: { files: both },
  },
  {
    rule: 'no two keys start together',
    change: granting({ keys: [FIRST, SECOND] }),
    errors: ['CONFIG_DUPLICATE keptSecrets.keys[1]'],
    world: { files: both },
  },
  {
    rule: 'no key takes over from itself',
    change: granting({ keys: [FIRST, { ...FIRST, ...START }] }),
    errors: ['CONFIG_DUPLICATE keptSecrets.keys[1].key'],
    world: { files },
  },
  {
    rule: 'no key takes over from itself, however it is spelled',
    change: granting({ keys: [FIRST, { ...SECOND, ...START }] }),
    errors: ['CONFIG_DUPLICATE keptSecrets.keys[1].key'],
    world: {
      files: {
        'keys/secrets.key': Buffer.alloc(32, 255).toString('base64'),
        'keys/second.key': Buffer.alloc(32, 255).toString('base64url'),
      },
    },
  },
  {
    rule: 'there is a key, and there are not many',
    change: granting({ keys: [] }),
    errors: ['CONFIG_OUT_OF_RANGE keptSecrets.keys'],
  },
  {
    rule: 'an address takes contexts where there is a place for them',
    change: taking({ path: '/ws-trust', credentials: ['security-context'] }, SECTION),
    errors: [],
    world: { files },
  },
  {
    rule: 'an address takes no contexts that cannot be',
    change: taking({ path: '/ws-trust', credentials: ['username', 'security-context'] }),
    errors: ['CONFIG_CONFLICT wsTrust.endpoints[0].credentials[1]'],
  },
  {
    rule: 'the address for contexts is for contexts that can be',
    change: taking({ path: '/ws-trust/context' }),
    errors: ['CONFIG_CONFLICT wsTrust.endpoints[0].path'],
  },
]);
