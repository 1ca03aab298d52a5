// `keys rotate`: who may read the new key is who may read the one that it replaces, whoever runs the command; what cannot be made whole is
// not made.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { chmod, chown, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { initialised } from '#test/support/server/first-configuration.ts';
import { type Finished, MAIN, startProgram } from '#test/support/server/process.ts';

const SERVER_USER = 65_534;
const SERVER_GROUP = 65_533;
const SETPRIV = 'setpriv';
const OPERATOR = 65_532;
const BY_OPERATOR = `${SETPRIV} --reuid=${OPERATOR} --regid=${OPERATOR} --groups=${SERVER_GROUP}`;
const ONLY_ROOT = {
  skip: process.getuid?.() === 0 ? false : 'only root can give files to others',
};
const ONLY_CAPABLE_ROOT = {
  skip: ONLY_ROOT.skip || (spawnSync(SETPRIV, ['true']).status !== 0 && 'there is no setpriv'),
};

const AS_OTHER_USER = {
  skip:
    ONLY_CAPABLE_ROOT.skip ||
    (spawnSync(`${BY_OPERATOR} test -r '${MAIN}'`, { shell: true }).status !== 0 &&
      'no other user can read the sources'),
};
const WITHOUT_CHOWN = `exec ${SETPRIV} --bounding-set=-chown "$@"`;

const rightsOf = async (path: string): Promise<readonly [string, number, number]> => {
  const { gid, mode, uid } = await stat(path);
  return [(mode & 0o777).toString(8), uid, gid];
};

/** Every file of a configuration, and what is in it by its hash: a failure is told, and keys are secret. */
async function everything(directory: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    found[path] = entry.isFile() ? hash('sha256', await readFile(path)) : '';
  }
  return found;
}

/** Runs `keys rotate` in a shell of its own, as that says. */
async function rotate(
  directory: string,
  words: readonly string[] = [],
  shell = 'umask 077; exec "$@"',
): Promise<Finished> {
  const command = [process.execPath, MAIN, 'keys', 'rotate', ...words];
  const running = startProgram('sh', ['-c', shell, 'sh', ...command], directory);
  const code = await running.exit();
  return { code, out: running.text(), error: running.text() };
}

async function madeIn(directory: string, before: readonly string[]): Promise<readonly string[]> {
  const names = await readdir(join(directory, 'keys'));
  return names.filter((name) => !before.includes(name)).map((name) => join('keys', name));
}

test(
  'keys rotate: run by root the new key has mode, owner and group of the one that it replaces, and the configuration keeps its own',
  ONLY_ROOT,
  async (t) => {
    const directory = await initialised(t);
    await chown(join(directory, 'viaduct.yaml'), 0, SERVER_GROUP);
    await chmod(join(directory, 'viaduct.yaml'), 0o640);
    await chown(join(directory, 'keys/jwt-es256.pem'), 0, SERVER_GROUP);
    await chmod(join(directory, 'keys/jwt-es256.pem'), 0o640);
    const before = await readdir(join(directory, 'keys'));

    const rotated = await rotate(directory);

    assert.equal(rotated.code, 0, rotated.error);
    const [key = '', ...others] = await madeIn(directory, before);
    assert.deepEqual(others, []);
    assert.deepEqual(await rightsOf(join(directory, key)), ['640', 0, SERVER_GROUP]);
    assert.deepEqual(await rightsOf(join(directory, 'viaduct.yaml')), ['640', 0, SERVER_GROUP]);
  },
);

test(
  'keys rotate --use saml: run by root the certificate belongs to whom the key belongs to, and may be read by all',
  ONLY_ROOT,
  async (t) => {
    const directory = await initialised(t);
    await chown(join(directory, 'viaduct.yaml'), SERVER_USER, SERVER_GROUP);
    await chown(join(directory, 'keys/saml.pem'), SERVER_USER, SERVER_GROUP);
    const before = await readdir(join(directory, 'keys'));

    const rotated = await rotate(directory, ['--use', 'saml']);

    assert.equal(rotated.code, 0, rotated.error);
    const rights = Object.fromEntries(
      await Promise.all(
        [...(await madeIn(directory, before)), 'viaduct.yaml'].map(
          async (name) =>
            [name.replace(/-\d+/, ''), await rightsOf(join(directory, name))] as const,
        ),
      ),
    );
    const config = (await rightsOf(join(directory, 'viaduct.yaml')))[0];
    assert.deepEqual(rights, {
      'keys/saml-rs256.pem': ['600', SERVER_USER, SERVER_GROUP],
      'keys/saml-rs256.crt': ['644', SERVER_USER, SERVER_GROUP],
      'viaduct.yaml': [config, SERVER_USER, SERVER_GROUP],
    });
  },
);

test(
  'keys rotate --use encryption: run by root the new key has the rights of the one before that decrypts',
  ONLY_ROOT,
  async (t) => {
    const directory = await initialised(t);
    const words = ['--use', 'encryption'];
    const first = await readdir(join(directory, 'keys'));
    assert.equal((await rotate(directory, words)).code, 0);
    for (const name of await madeIn(directory, first)) {
      await chown(join(directory, name), SERVER_USER, SERVER_GROUP);
      await chmod(join(directory, name), 0o640);
    }
    const before = await readdir(join(directory, 'keys'));

    const rotated = await rotate(directory, words);

    assert.equal(rotated.code, 0, rotated.error);
    const rights = Object.fromEntries(
      await Promise.all(
        (await madeIn(directory, before)).map(
          async (name) =>
            [name.replace(/.*\./, ''), await rightsOf(join(directory, name))] as const,
        ),
      ),
    );
    assert.deepEqual(rights, {
      pem: ['640', SERVER_USER, SERVER_GROUP],
      crt: ['644', SERVER_USER, SERVER_GROUP],
    });
  },
);

test(
  'keys rotate: a first key of an algorithm has the rights of the keys that are there',
  ONLY_ROOT,
  async (t) => {
    const directory = await initialised(t);
    for (const name of ['jwt-es256.pem', 'jwt-rs256.pem']) {
      await chown(join(directory, 'keys', name), 0, SERVER_GROUP);
      await chmod(join(directory, 'keys', name), 0o440);
    }
    const before = await readdir(join(directory, 'keys'));

    const rotated = await rotate(directory, ['--algorithm', 'EdDSA']);

    assert.equal(rotated.code, 0, rotated.error);
    const [key = ''] = await madeIn(directory, before);
    assert.deepEqual(await rightsOf(join(directory, key)), ['440', 0, SERVER_GROUP]);
  },
);

test(
  'keys rotate: a folder that is made for the key may be entered by who may enter that of the one before',
  ONLY_ROOT,
  async (t) => {
    const directory = await initialised(t);
    await rename(join(directory, 'keys'), join(directory, 'secrets'));
    const path = join(directory, 'viaduct.yaml');
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('keys/', 'secrets/'));
    await chown(join(directory, 'secrets'), 0, SERVER_GROUP);
    await chmod(join(directory, 'secrets'), 0o750);

    const rotated = await rotate(directory);

    assert.equal(rotated.code, 0, rotated.error);
    assert.deepEqual(await rightsOf(join(directory, 'keys')), ['750', 0, SERVER_GROUP]);
  },
);

test(
  'keys rotate: run by another user the new key is theirs, and of the group that may read the one that it replaces',
  AS_OTHER_USER,
  async (t) => {
    const directory = await initialised(t);
    for (const path of ['', ...(await readdir(directory, { recursive: true }))])
      await chown(join(directory, path), OPERATOR, OPERATOR);
    await chown(join(directory, 'keys/jwt-es256.pem'), OPERATOR, SERVER_GROUP);
    await chmod(join(directory, 'keys/jwt-es256.pem'), 0o640);
    const before = await readdir(join(directory, 'keys'));

    const rotated = await rotate(directory, [], `exec ${BY_OPERATOR} "$@"`);

    assert.equal(rotated.code, 0, rotated.error);
    const [key = ''] = await madeIn(directory, before);
    assert.deepEqual(await rightsOf(join(directory, key)), ['640', OPERATOR, SERVER_GROUP]);
  },
);

for (const words of [[], ['--use', 'saml']])
  test(
    `keys rotate ${words.join(' ')}: as root without the right to give files away it says so, and leaves nothing behind`,
    ONLY_CAPABLE_ROOT,
    async (t) => {
      const directory = await initialised(t);
      for (const name of ['jwt-es256.pem', 'saml.pem'])
        await chown(join(directory, 'keys', name), 0, SERVER_GROUP);
      const before = await everything(directory);

      const rotated = await rotate(directory, words, WITHOUT_CHOWN);

      assert.equal(rotated.code, 1, rotated.error);
      assert.match(rotated.error, /EPERM/);
      assert.deepEqual(await everything(directory), before);
    },
  );

test(
  'keys rotate: where the configuration cannot be replaced the keys of before are all there are',
  ONLY_CAPABLE_ROOT,
  async (t) => {
    const directory = await initialised(t);
    await chown(join(directory, 'viaduct.yaml'), SERVER_USER, SERVER_GROUP);
    const before = await everything(directory);

    const rotated = await rotate(directory, ['--use', 'saml'], WITHOUT_CHOWN);

    assert.equal(rotated.code, 1, rotated.error);
    assert.deepEqual(await everything(directory), before);
  },
);

for (const [blocks, what] of [
  [0, 'the key'],
  [2, 'the configuration'],
] as const)
  test(`keys rotate: where the disk takes only the beginning of ${what} it says so, and leaves nothing behind`, async (t) => {
    const directory = await initialised(t);
    const before = await everything(directory);

    // In blocks of 512 bytes: of a file that is longer the disk takes the beginning.
    const rotated = await rotate(directory, ['--use', 'saml'], `ulimit -f ${blocks}; exec "$@"`);

    assert.equal(rotated.code, 1, rotated.error);
    assert.match(rotated.error, /EFBIG/);
    assert.deepEqual(await everything(directory), before);
  });
