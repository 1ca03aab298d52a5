// The container as data: pinned, not root, read-only, nothing in it that does not serve.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const ROOT = new URL('..', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, ROOT), 'utf8');

interface Instruction {
  readonly name: string;
  readonly value: string;
}

function parseDockerfile(text: string): readonly Instruction[] {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name = '', ...rest] = line.split(' ');
      return { name, value: rest.join(' ') };
    });
}

interface Service {
  readonly [key: string]: unknown;
  readonly user: string;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
}

const instructions = parseDockerfile(read('Dockerfile'));
const valuesOf = (name: string): readonly string[] =>
  instructions.filter((instruction) => instruction.name === name).map(({ value }) => value);

const compose = parse(read('docker-compose.yml')) as {
  readonly services: { readonly viaduct: Service; readonly redis: Service };
  readonly volumes: object;
};
const { redis, viaduct } = compose.services;

/** The words of an instruction in exec form: no shell stands between the signal and the server. */
const execForm = (value: string | undefined): unknown => JSON.parse(value ?? 'null');

test('Dockerfile: has one base image, slim, pinned to the version that the tests run on', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const [major, minor] = (devDependencies['node'] ?? '').split('.');

  assert.deepEqual(valuesOf('FROM'), [`node:${String(major)}.${String(minor)}-slim`]);
});

test('Dockerfile: installs production packages from the lock file, without their scripts', () => {
  const runs = valuesOf('RUN').join('\n');

  assert.match(runs, /\bnpm ci --omit=dev --ignore-scripts\b/);
  assert.doesNotMatch(runs, /npm (?:install|i|run|exec)\b|npx|curl|wget|apt/);
});

test('Dockerfile: is not root, and nothing is built after that', () => {
  const users = valuesOf('USER');
  const names = instructions.map(({ name }) => name);

  assert.equal(users.length, 1);
  assert.match(users[0] ?? '', /^[1-9]\d*:[1-9]\d*$/);
  assert.ok(names.indexOf('USER') > names.lastIndexOf('RUN'));
  assert.ok(names.indexOf('USER') > names.lastIndexOf('COPY'));
});

test('Dockerfile: the code belongs to root, so that the server cannot change it', () => {
  assert.ok(valuesOf('COPY').every((value) => !value.includes('--chown')));
});

test('Dockerfile: all that is copied is readable by the server, and written by root alone, whatever modes it had', () => {
  const copied = valuesOf('COPY').flatMap((value) => value.split(' ').slice(0, -1));
  const [modes = ''] = valuesOf('RUN').filter((value) => value.startsWith('chmod'));
  const [set = '', ...names] = modes.replace('chmod -R ', '').split(' ');

  assert.equal(set, 'u=rwX,go=rX');
  assert.deepEqual(
    copied.filter((name) => !names.some((pattern) => matchesGlob(name, pattern))),
    [],
  );
});

test('Dockerfile: what is compiled at build is for the user and the options of the command, and only root can change it', () => {
  const compile = valuesOf('RUN').find((value) => value.includes('compile-cache')) ?? '';
  const [user] = (valuesOf('USER')[0] ?? '').split(':');
  const command = (execForm(valuesOf('CMD')[0]) as string[]).join(' ');
  const [served = ''] = command.split(' --config');

  assert.ok(valuesOf('ENV').includes('NODE_COMPILE_CACHE=/opt/viaduct/compile-cache'));
  assert.ok(compile.includes(`setpriv --reuid=${user} `));
  assert.ok(compile.includes(` ${served} --config`));
  assert.match(compile, /chown -R root:root compile-cache && chmod -R a=rX compile-cache/);
});

test('Dockerfile: the one start of the build gets one signal, for a second one ends it with 1', () => {
  const starts = valuesOf('RUN').filter((value) => value.includes(' serve '));

  assert.equal(starts.length, 1);
  assert.match(starts[0] ?? '', /\btimeout --foreground --preserve-status --signal=TERM \d+ node /);
});

test('Dockerfile: npm leaves nothing behind but the packages', () => {
  const [install = ''] = valuesOf('RUN').filter((value) => value.includes('npm ci'));

  assert.match(install, /^export NODE_DISABLE_COMPILE_CACHE=1 && /);
  assert.match(install, / && rm -r \/root\/\.npm$/);
});

test('Dockerfile: starts the server without a shell', () => {
  const [command] = valuesOf('CMD');

  assert.deepEqual(execForm(command), [
    'node',
    '--max-semi-space-size=16',
    '--heap-growing-percent=60',
    '--no-maglev',
    'src/main.ts',
    'serve',
    '--config',
    '/etc/viaduct/viaduct.yaml',
  ]);
  assert.deepEqual(valuesOf('ENTRYPOINT'), []);
});

test('Dockerfile: asks the management listener whether it lives, with node alone', () => {
  const [health = ''] = valuesOf('HEALTHCHECK');
  const words = execForm(health.replace(/^.*?CMD /, ''));

  assert.ok(Array.isArray(words));
  assert.deepEqual(words.slice(0, 2), ['node', '-e']);
  assert.match(String(words[2]), /http:\/\/127\.0\.0\.1:9090\/livez/);
});

test('Dockerfile: holds no secret and fetches nothing by itself', () => {
  assert.doesNotMatch(
    [...valuesOf('ENV'), ...valuesOf('ARG')].join('\n'),
    /key|secret|password|token/i,
  );
  assert.deepEqual(valuesOf('ADD'), []);
});

test('Dockerfile: copies only what .dockerignore lets in, and that is there', () => {
  const lines = read('.dockerignore').split('\n');
  const sources = valuesOf('COPY').flatMap((value) => value.split(' ').slice(0, -1));

  assert.ok(lines.includes('*'));
  assert.ok(sources.length > 0);
  for (const source of sources) {
    assert.ok(lines.includes(`!${source}`), `${source} is ignored`);
    assert.ok(existsSync(fileURLToPath(new URL(source, ROOT))), `${source} is not there`);
  }
});

test('.dockerignore: lets in no keys, no data and no tests', () => {
  const admitted = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'));

  assert.deepEqual(admitted.sort(), [
    '!.npmrc',
    '!LICENSE',
    '!bridge',
    '!package-lock.json',
    '!package.json',
    '!src',
  ]);
});

for (const [name, service] of Object.entries(compose.services))
  test(`docker-compose.yml: ${name} has no rights it does not need`, () => {
    assert.equal(service['read_only'], true);
    assert.deepEqual(service['cap_drop'], ['ALL']);
    assert.deepEqual(service['security_opt'], ['no-new-privileges:true']);
    assert.match(service.user, /^[1-9]\d*:[1-9]\d*$/);
    for (const right of ['privileged', 'cap_add', 'devices', 'network_mode', 'pid', 'ipc'])
      assert.equal(right in service, false, right);
  });

test('docker-compose.yml: the server runs as the user that the image is made for', () => {
  assert.equal(viaduct.user, valuesOf('USER')[0]);
});

test('docker-compose.yml: Redis starts on demand, is reached from no other network, and has the list that init writes', () => {
  assert.deepEqual(redis['profiles'], ['redis']);
  assert.equal('ports' in redis, false);
  const [list = '', data = ''] = redis.volumes;
  const [source, target, mode] = list.split(':');
  assert.deepEqual([source, mode], ['./viaduct/redis.acl', 'ro']);
  assert.ok(String(redis['command']).includes(` --aclfile ${target}`));
  assert.deepEqual([data, Object.keys(compose.volumes)], ['redis:/data', ['data', 'redis']]);
});

test('docker-compose.yml: waits longer for the server than it may drain', () => {
  const grace = Number(/^(\d+)s$/.exec(String(viaduct['stop_grace_period']))?.[1]);

  assert.ok(grace > 5 + 25, 'the delay before the listener closes, and the requests in flight');
});

test('docker-compose.yml: publishes the public listener on the loopback address, never the management', () => {
  assert.deepEqual(viaduct.ports, ['127.0.0.1:8443:8443']);
});

test('docker-compose.yml: the configuration is read-only, the data is a named volume', () => {
  assert.deepEqual(viaduct.volumes, ['./viaduct:/etc/viaduct:ro', 'data:/etc/viaduct/data']);
});

test('docker-compose.yml: has no secret in the environment', () => {
  assert.equal('environment' in viaduct, false);
  assert.equal('env_file' in viaduct, false);
});
