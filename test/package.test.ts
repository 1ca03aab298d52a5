// What `npm pack` makes, as somebody has it who never saw the repository: nothing but the product, and it runs on Node alone.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startScript } from '#test/support/server/process.ts';
import { reservedPort } from '#test/support/server/reserved-port.ts';

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

describe('Package', () => {
  let directory = '';
  let packed: Packed;
  let launcher = '';

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'viaduct-package-'));
    const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory];
    const { stdout } = await run('npm', words, { cwd: ROOT });
    [packed = { filename: '', files: [] }] = JSON.parse(stdout) as readonly Packed[];
    // As `npm install` lays it out, with the packages that the lock file has.
    const installed = join(directory, 'node_modules/viaduct');
    await mkdir(installed, { recursive: true });
    await run('tar', ['-xzf', join(directory, packed.filename), '-C', installed, '--strip', '1']);
    await symlink(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
    launcher = join(installed, 'bin/viaduct.mjs');
  });
  after(() => rm(directory, { recursive: true, force: true }));

  test('has the product and its documents, no test, no key and no file of a run', () => {
    const paths = packed.files.map(({ path }) => path);
    const documents = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md'];
    const single = [...documents, 'openapi.yaml', 'package.json'];

    const others = paths.filter(
      (path) => !/^(?:bin|src|bridge|docs|config)\//.test(path) && !single.includes(path),
    );

    assert.deepEqual(others, []);
    for (const path of [...single, 'src/main.ts', 'bridge/index.ts', 'config/schema.json'])
      assert.ok(paths.includes(path), path);
    assert.deepEqual(
      paths.filter((path) => /\.(?:pem|key|crt|secret|db|jsonl|test\.ts)$/.test(path)),
      [],
    );
  });

  test('every link of its README leads to something in it', async () => {
    const paths = new Set(packed.files.map(({ path }) => path));
    const text = await readFile(join(ROOT, 'README.md'), 'utf8');
    const links = [...text.matchAll(/\]\(([^)\s#:]+)[^)]*\)/g)].map(([, link = '']) => link);

    assert.ok(links.length > 5);
    assert.deepEqual(
      links.filter((link) => !paths.has(link) && link !== 'CONTRIBUTING.md'),
      [],
    );
  });

  test('runs below node_modules without a warning of Node', async () => {
    const { stderr, stdout } = await run(process.execPath, [launcher, '--help']);

    assert.match(stdout, /^viaduct COMMAND/);
    assert.equal(stderr, '');
  });

  for (const workers of [1, 2]) {
    test(`serves below node_modules with ${workers} process${workers > 1 ? 'es' : ''} and drains`, async (t) => {
      const home = join(directory, `home-${workers}`);
      await run(process.execPath, [launcher, 'init', '--directory', home]);
      const path = join(home, 'viaduct.yaml');
      const text = await readFile(path, 'utf8');
      const [port, management] = [await reservedPort(), await reservedPort()];
      const moved = text.replaceAll('8443', String(port)).replace('9090', String(management));
      await writeFile(path, `${moved}workers: ${workers}\n`);
      const server = startScript([launcher, 'serve', '--config', path], home);
      t.after(() => server.child.kill('SIGKILL'));
      await server.says(/subject_token=\S+/);
      const demo = await run(process.execPath, [launcher, 'demo'], { cwd: home });

      const { stdout } = await run('sh', ['-c', `${demo.stdout.trim()} --silent`], { cwd: home });
      server.child.kill('SIGTERM');
      const code = await server.exit();

      assert.match(stdout, /"token_type":"Bearer"/);
      assert.equal(code, 0, server.text());
      assert.doesNotMatch(server.text(), /Warning/);
    });
  }
});
