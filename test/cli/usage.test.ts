// Calls of somebody who does not know the commands: help where it is asked for, and a wrong call is told what is wrong with it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { verifyPassword } from '#src/users/password/password.ts';
import { viaduct } from '#test/support/server/process.ts';

/** Whether a command can be run at a terminal: with the `script` of util-linux. */
function hasTerminals(t: TestContext): boolean {
  const isInstalled = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;
  if (!isInstalled && process.env['CI'] === 'true') throw new Error('CI needs script');
  if (!isInstalled) t.skip('script of util-linux not installed');
  return isInstalled;
}

const COMMANDS = ['serve', 'init', 'check', 'explain', 'keys', 'audit', 'password', 'demo'];

describe('Usage', () => {
  let directory = '';

  // A space in it: what is printed to be pasted must be quoted.
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'viaduct usage-'));
    const { code, error } = await viaduct(['init', '--directory', 'first try'], directory);
    assert.equal(code, 0, error);
  });
  after(() => rm(directory, { recursive: true, force: true }));

  const run = (...words: readonly string[]) => viaduct(words, join(directory, 'first try'));

  test('help is an answer: on the output, with 0', async () => {
    for (const word of ['--help', '-h', 'help']) {
      const { code, error, out } = await run(word);

      assert.equal(code, 0);
      assert.equal(error, '');
      for (const command of COMMANDS) assert.match(out, new RegExp(`^ {2}${command} `, 'm'));
    }
  });

  for (const command of COMMANDS) {
    test(`viaduct ${command} --help tells its own usage`, async () => {
      const { code, error, out } = await run(command, '--help');

      assert.equal(code, 0);
      assert.equal(error, '');
      assert.match(out, new RegExp(`^viaduct ${command}\\b`));
    });
  }

  test('--version is that of the package', async () => {
    const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
    const { version } = JSON.parse(manifest) as { readonly version: string };

    const { code, out } = await run('--version');

    assert.equal(code, 0);
    assert.equal(out, `viaduct ${version}\n`);
  });

  const WRONG: readonly (readonly [words: readonly string[], told: RegExp])[] = [
    [['sing'], /^viaduct: there is no command sing\n/],
    [['check', '--loud'], /^viaduct check: Unknown option '--loud'\nviaduct check --help says/],
    [['keys', '--loud'], /^viaduct keys: Unknown option '--loud'\nviaduct keys --help says/],
    [['check', '--level', '1'], /--level is for --hardening/],
    [['check', '--config', 'a', '--config', 'b'], /Option '--config' is repeated/],
    [['init', '--port', '8443', '--port=9443'], /Option '--port' is repeated/],
    [['init', '--directory', ''], /--directory needs a folder/],
    [['keys'], /say list or rotate/],
    [['keys', 'list', '--algorithm', 'ES256'], /--use and --algorithm are for rotate/],
    [['keys', 'rotate', '--algorithm', 'HS256'], /HS256 is not an algorithm/],
    [['audit'], /say verify or grep/],
    [['audit', 'verify', '--issuer', 'x'], /--token and --issuer are for grep/],
    [['audit', 'verify', '--archive', 'nowhere'], /--archive nowhere: there is no such folder/],
    [['audit', 'grep'], /grep needs --token/],
    [['demo', 'sing'], /say exchange, saml or soap/],
    [['explain'], /say who asks with --client ID, or which message/],
    [['explain', '--client', 'nobody'], /no client nobody in the configuration/],
    [['explain', '--client', 'gateway', '--path', '/x'], /--path is for --rst/],
    [
      ['explain', '--client', 'gateway', '--subject-token', '@none'],
      /none cannot be read \(ENOENT/,
    ],
    [
      ['explain', '--client', 'gateway', '--actor-token-type', 'jwt'],
      /--actor-token-type is for --actor-token/,
    ],
    [
      ['explain', '--client', 'gateway', '--subject-token', '-', '--actor-token', '-'],
      /the standard input holds one token/,
    ],
    [['explain', '--rst', 'none'], /none cannot be read \(ENOENT\)/],
    [['explain', '--rst', 'users.yaml', '--scope', 'a'], /--scope does not go with --rst/],
  ];

  for (const [words, told] of WRONG) {
    test(`viaduct ${words.join(' ')}: is told what is wrong, with 2`, async () => {
      const { code, error, out } = await run(...words);

      assert.match(error, told);
      assert.equal(code, 2);
      assert.equal(out, '');
    });
  }

  test('a token is read from the standard input as it is open: a socket, or a pipe of another user, has no name', async () => {
    const words = ['explain', '--client', 'gateway', '--subject-token', '-'];

    const { error, out } = await viaduct(words, join(directory, 'first try'), 'eyJhIjoxfQ.e30.x');

    assert.equal(error, '');
    assert.match(out, /^the token says of itself, unverified:$/m);
  });

  test('audit: where nothing was written yet that is said, and the answer is no', async () => {
    for (const words of [['verify'], ['grep', '--token', 'x']]) {
      const { code, error } = await run('audit', ...words);

      assert.equal(code, 1);
      assert.match(error, /^there is no audit at .*audit\.jsonl: no server wrote one yet/);
    }
  });

  test('password: prints what a user file takes, and the line end is not part of it', async () => {
    const { code, error, out } = await viaduct(['password'], directory, 'correct hörse\n');

    assert.equal(code, 0, error);
    assert.match(out, /^scrypt\$32768\$8\$3\$[\w-]+\$[\w-]+\n$/);
    assert.ok(await verifyPassword(out.trim(), 'correct hörse'));
    assert.equal(await verifyPassword(out.trim(), 'correct hörse\n'), false);
  });

  test('password: an empty one is none, and one on the command line is not taken', async () => {
    const none = await viaduct(['password'], directory, '');
    const shown = await viaduct(['password', 'secret'], directory, '');

    assert.equal(none.code, 2);
    assert.match(none.error, /a password has 1 to 1024 bytes/);
    assert.equal(shown.code, 2);
    assert.equal(none.out + shown.out, '');
  });

  test('password: one in another encoding is not taken for another one', async () => {
    const { code, error, out } = await viaduct(
      ['password'],
      directory,
      Buffer.from('h\xf6rse', 'latin1'),
    );

    assert.equal(code, 2);
    assert.match(error, /the password is not in UTF-8/);
    assert.equal(out, '');
  });

  test('password: at a terminal it asks, and shows nothing of what is typed', async (t) => {
    if (!hasTerminals(t)) return;
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const command = [process.execPath, main, 'password'].map((word) => `'${word}'`).join(' ');
    const terminal = spawn('script', ['-qec', command, '/dev/null'], { cwd: directory });
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => {
      const isAsking = !shown.includes('password: ');
      shown += chunk.toString();
      if (isAsking && shown.includes('password: ')) terminal.stdin.write('correct horse\r');
    });

    const [code] = (await once(terminal, 'close')) as [number | null];

    assert.equal(code, 0, shown);
    const hashed = /^scrypt\S+/m.exec(shown)?.[0] ?? assert.fail(shown);
    assert.ok(await verifyPassword(hashed, 'correct horse'));
    assert.doesNotMatch(shown, /correct|horse/);
  });

  test('demo: paths with a space are quoted for the shell', async () => {
    const { out } = await viaduct(
      ['demo', 'soap', '--config', 'first try/viaduct.yaml'],
      directory,
    );

    const shell = spawn('sh', ['-c', out.replace(/^curl/, String.raw`printf '%s\n'`)]);
    const [words] = (await once(shell.stdout, 'data')) as [Buffer];

    const given = words.toString().split('\n');
    assert.ok(given.includes('first try/tls/localhost.pem'), words.toString());
    assert.ok(given.includes('@first try/demo/rst.xml'));
  });

  test('init: what comes next is quoted for the shell too', async () => {
    const { out } = await viaduct(['init', '--directory', 'second try'], directory);

    assert.match(out, /^next: viaduct serve --config 'second try\/viaduct\.yaml'$/m);
  });

  test('init: the configuration leads editors to the schema', async () => {
    const text = await readFile(join(directory, 'first try/viaduct.yaml'), 'utf8');

    const [, path = ''] = /^# yaml-language-server: \$schema=(.*)$/m.exec(text) ?? [];

    const schema = await readFile(join(directory, 'first try', path), 'utf8');
    assert.equal(
      schema,
      await readFile(new URL('../../config/schema.json', import.meta.url), 'utf8'),
    );
  });

  test('a disk that has no room for the answer is told, without a stack trace', async (t) => {
    if (!existsSync('/dev/full')) return t.skip('no /dev/full');
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const full = openSync('/dev/full', 'w');
    t.after(() => closeSync(full));

    const child = spawn(process.execPath, [main, 'check'], {
      cwd: join(directory, 'first try'),
      stdio: ['ignore', full, 'pipe'],
    });
    const error = await text(child.stderr ?? assert.fail('no pipe'));
    if (child.exitCode === null) await once(child, 'close');

    assert.equal(
      error,
      'viaduct check: what it says is lost: ENOSPC: no space left on device, write\n',
    );
    assert.equal(child.exitCode, 1);
  });

  test('others can write nothing that the next start runs, whatever the umask', async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const copy = join(directory, 'copy');
    for (const part of ['src', 'package.json'])
      await cp(join(root, part), join(copy, part), { recursive: true });
    const program = [process.execPath, join(copy, 'src/main.ts'), '--version'];
    const { NODE_COMPILE_CACHE: _, ...env } = process.env;

    const child = spawn('sh', ['-c', 'umask 0; exec "$@"', 'sh', ...program], { env });
    const [code] = (await once(child, 'close')) as [number | null];

    const modules = join(copy, 'node_modules');
    const made = await readdir(modules, { recursive: true, withFileTypes: true });
    const paths = [modules, ...made.map(({ name, parentPath }) => join(parentPath, name))];
    const writable = await Promise.all(paths.map(async (path) => (await stat(path)).mode & 0o022));
    assert.equal(code, 0);
    assert.ok(made.length > 2);
    assert.deepEqual(new Set(writable), new Set([0]));
  });

  test('a reader that has gone ends no command with a stack trace', async () => {
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const words = [main, 'check', '--hardening'];
    const child = spawn(process.execPath, words, { cwd: join(directory, 'first try') });
    child.stdout.destroy();
    let error = '';
    child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));

    const [code] = (await once(child, 'close')) as [number];

    assert.equal(error, '');
    assert.equal(code, 1);
  });
});
