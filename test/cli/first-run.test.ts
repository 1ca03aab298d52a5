// What a newcomer sees: no configuration, one command, a curl that works; then the commands an operator uses.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { loadConfigFiles } from '#src/config/load.ts';
import { emptyDirectory, initialised } from '#test/support/server/first-configuration.ts';
import { startViaduct, viaduct } from '#test/support/server/process.ts';
import { endingOfSuite } from '#test/support/suite.ts';

test('init: writes a configuration that check accepts, secrets readable by the owner only, and never overwrites', async (t) => {
  const directory = await emptyDirectory(t);

  const first = await viaduct(['init'], directory);
  const check = await viaduct(['check'], directory);
  const again = await viaduct(['init'], directory);

  assert.equal(first.code, 0, first.error);
  assert.equal(check.code, 0, check.error);
  assert.match(check.out, /is valid: 1 client, 1 relying party, 1 trusted issuer, 3 policy rows/);
  assert.equal(again.code, 1);
  assert.match(again.error, /exists; init does not overwrite: .*--directory/);
  for (const secret of [
    'keys/jwt-es256.pem',
    'keys/audit.key',
    'demo/gateway.secret',
    'tls/localhost.key',
  ]) {
    assert.equal((await stat(join(directory, secret))).mode & 0o077, 0, secret);
  }
});

test('init: on other ports everything says them, the address that clients are told too', async (t) => {
  const directory = await emptyDirectory(t);

  const made = await viaduct(['init', '--port', '18443', '--management-port', '19090'], directory);
  const check = await viaduct(['check'], directory);
  const demo = await viaduct(['demo'], directory);
  const text = await readFile(join(directory, 'viaduct.yaml'), 'utf8');

  assert.deepEqual([made.code, made.error, check.code], [0, '', 0]);
  assert.match(demo.out, /https:\/\/localhost:18443\/token/);
  assert.match(text, /^issuer: https:\/\/localhost:18443$/m);
  assert.match(text, /management: \{ address: 127\.0\.0\.1:19090 \}/);
  assert.doesNotMatch(text, /(?<!1)8443|(?<!1)9090/);
});

test('init: one address cannot take the places of all, and what a proxy needs stands beside it', async (t) => {
  const directory = await emptyDirectory(t);
  await viaduct(['init'], directory);

  const { config } = await loadConfigFiles(join(directory, 'viaduct.yaml'));
  const hardening = await viaduct(['check', '--hardening'], directory);
  const text = await readFile(join(directory, 'viaduct.yaml'), 'utf8');

  const { maxInFlight, perAddress } = config.limits;
  // A message that is sent slowly gives way after two seconds.
  const { burst, requestsPerSecond } = perAddress ?? assert.fail('no limit');
  assert.ok(burst + 2 * requestsPerSecond < maxInFlight);
  assert.doesNotMatch(hardening.out, /one address may ask as much as it likes/);
  assert.match(
    hardening.out,
    /one client may ask as much as it likes\n {2}fix: set limits\.perClient\n/,
  );
  assert.match(
    hardening.out,
    /ASVS 15\.2\.3 \(L2\) \S*demo\/partner\.key: .*\n {2}fix: remove it, and the party of the demo/,
  );
  assert.match(text, /\n# [^\n]*`trustedProxies`[^\n]*\n# [^\n]*\nlimits: /);
});

test('init: refuses what is no port, and one port for both, and writes nothing', async (t) => {
  const directory = await emptyDirectory(t);

  for (const words of [
    ['--port', '0'],
    ['--port', '65536'],
    ['--port', '080'],
    ['--management-port', 'x'],
    ['--port', '9090'],
  ]) {
    const { code, error } = await viaduct(['init', ...words], directory);

    assert.equal(code, 2, words.join(' '));
    assert.match(error, /port/);
  }
  assert.deepEqual(await readdir(directory), []);
});

test('init: nothing of what it writes into a clone of the repository could be committed', async (t) => {
  const directory = await emptyDirectory(t);
  const ignored = await readFile(new URL('../../.gitignore', import.meta.url), 'utf8');

  await viaduct(['init'], directory);
  const written = await readdir(directory, { withFileTypes: true });

  assert.ok(written.length > 4);
  for (const entry of written) {
    const line = `/${entry.name}${entry.isDirectory() ? '/' : ''}`;
    assert.ok(ignored.split('\n').includes(line), line);
  }
});

test('serve: prints a curl command that exchanges a fresh token, drains on SIGTERM, and the audit verifies', async (t) => {
  const directory = await initialised(t);
  const server = startViaduct(['serve', '--config', 'viaduct.yaml'], directory);
  t.after(() => server.child.kill('SIGKILL'));
  const [, curl = ''] = await server.says(/(curl [\s\S]*?subject_token=\S+)\n/);

  const { stdout } = await promisify(execFile)('bash', ['-c', `${curl} --silent`], {
    cwd: directory,
  });
  const explained = await viaduct(
    [
      'explain',
      '--client',
      'gateway',
      '--subject-token',
      /subject_token=(\S+)/.exec(curl)?.[1] ?? '',
      '--resource',
      'https://orders.example/',
    ],
    directory,
  );
  server.child.kill('SIGTERM');
  const code = await server.exit();
  const audit = await viaduct(['audit', 'verify'], directory);

  const answer = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(answer['token_type'], 'Bearer');
  assert.equal(answer['scope'], 'orders.read');
  assert.equal(explained.code, 0, explained.error);
  assert.match(explained.out, /level = 3 +\| in cel only +\| +-/);
  assert.match(explained.out, /groups = "buyer", "staff" +\| from groups +\| +roles = "buyer"/);
  assert.match(explained.out, /row partner-to-orders: fits and decides/);
  assert.match(explained.out, /granted: access_token signed RS256 for orders/);
  assert.equal(explained.out.includes('eyJ'), false);
  assert.equal(code, 0, server.text());
  assert.equal(audit.code, 0, audit.error + audit.out);
  assert.match(audit.out, /0 problems/);
});

test('every command: what was compiled is kept beside the packages for the next', async (t) => {
  const place = new URL('../../node_modules/.cache/viaduct/', import.meta.url);
  // Other tests may be writing into it.
  await rm(place, { recursive: true, force: true, maxRetries: 10 });

  await viaduct(['demo'], await emptyDirectory(t));

  assert.notDeepEqual(await readdir(place), []);
});

test('serve: keeps what was compiled where NODE_COMPILE_CACHE says, also when it is killed', async (t) => {
  const directory = await initialised(t);
  const place = join(directory, 'compiled');
  const environment = { NODE_COMPILE_CACHE: place };
  const server = startViaduct(['serve', '--config', 'viaduct.yaml'], directory, environment);
  t.after(() => server.child.kill('SIGKILL'));
  await server.says(/subject_token=/);

  server.child.kill('SIGKILL');
  await server.exit();

  const [kept = ''] = await readdir(place);
  assert.ok((await readdir(join(place, kept))).length > 100);
});

test('serve: without a configuration it makes one, but a file that was named must exist', async (t) => {
  const directory = await emptyDirectory(t);

  const { code, error } = await viaduct(['serve', '--config', 'missing.yaml'], directory);

  assert.notEqual(code, 0);
  assert.match(error, /missing\.yaml/);
});

test('audit verify: a changed line is found', async (t) => {
  const directory = await initialised(t);
  const server = startViaduct(['serve', '--config', 'viaduct.yaml'], directory);
  t.after(() => server.child.kill('SIGKILL'));
  const [, curl = ''] = await server.says(/(curl [\s\S]*?subject_token=\S+)\n/);
  await promisify(execFile)('bash', ['-c', `${curl} --silent`], { cwd: directory });
  server.child.kill('SIGTERM');
  await server.exit();
  const path = join(directory, 'data/audit.jsonl');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"alice"', '"mallory"'));

  const { code, error } = await viaduct(['audit', 'verify'], directory);

  assert.equal(code, 1);
  assert.match(error, /audit\.jsonl:\d+: /);
});

test('keys rotate: the new key is published at once and signs later; the configuration keeps its comments', async (t) => {
  const directory = await initialised(t);

  const rotated = await viaduct(['keys', 'rotate'], directory);
  const listed = await viaduct(['keys', 'list'], directory);

  assert.equal(rotated.code, 0, rotated.error);
  assert.deepEqual(
    listed.out
      .match(/^(active|next) +(jwt|saml) +\w+/gm)
      ?.map((line) => line.replaceAll(/ +/g, ' ')),
    ['active jwt ES256', 'next jwt ES256', 'active jwt RS256', 'active saml RS256'],
  );
  assert.match(listed.out, /^next .* from \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/m);
  assert.deepEqual(
    (await readdir(directory)).filter((name) => name.includes('.new')),
    [],
  );
  assert.match(await readFile(join(directory, 'viaduct.yaml'), 'utf8'), /# Whose tokens we accept/);
});

test('keys rotate: the first key of an algorithm signs at once, for nobody signs until then', async (t) => {
  const directory = await initialised(t);

  const rotated = await viaduct(['keys', 'rotate', '--algorithm', 'PS256'], directory);
  const listed = await viaduct(['keys', 'list'], directory);

  assert.equal(rotated.code, 0, rotated.error);
  assert.match(listed.out, /^active +jwt +PS256 /m);
});

test('explain: tells why a request is refused', async (t) => {
  const directory = await initialised(t);
  const demo = await viaduct(['demo'], directory);
  const token = /subject_token=(\S+)/.exec(demo.out)?.[1] ?? '';
  await writeFile(join(directory, 'token'), token);

  const scope = await viaduct(
    [
      'explain',
      '--client',
      'gateway',
      '--subject-token',
      '@token',
      '--audience',
      'orders',
      '--scope',
      'orders.write',
    ],
    directory,
  );
  const bad = await viaduct(
    ['explain', '--client', 'gateway', '--subject-token', `${token}x`, '--audience', 'orders'],
    directory,
  );

  assert.equal(scope.code, 1);
  assert.match(scope.out, /refused: scope-not-allowed/);
  assert.equal(bad.code, 1);
  assert.match(bad.out, /refused before policy: (signature-invalid|token-malformed)/);
});

test('check: tells all problems at once with file, line and fix, and exits with 2', async (t) => {
  const directory = await initialised(t);
  const path = join(directory, 'viaduct.yaml');
  const text = await readFile(path, 'utf8');
  await writeFile(
    path,
    text
      .replace('scopes: [orders.read], lifetimeSeconds', 'scopes: [orders.sing], lifetimeSeconds')
      .replace('issuer: self', 'isuer: self'),
  );

  const plain = await viaduct(['check'], directory);
  const json = await viaduct(['check', '--json'], directory);

  assert.equal(plain.code, 2);
  assert.match(plain.error, /viaduct\.yaml:\d+/);
  assert.match(plain.error, /isuer/);
  assert.equal((JSON.parse(json.out) as { valid: boolean }).valid, false);
});

test('viaduct: an unknown command or option shows the usage and exits with 2', async (t) => {
  const directory = await emptyDirectory(t);

  const command = await viaduct(['sing'], directory);
  const option = await viaduct(['check', '--loud'], directory);

  assert.equal(command.code, 2);
  assert.match(command.error, /viaduct COMMAND/);
  assert.equal(option.code, 2);
});

describe('explain: shows the claims of both worlds side by side', () => {
  let directory: string;
  const ending = endingOfSuite();
  before(async () => {
    directory = await initialised(ending);
    const server = startViaduct(['serve', '--config', 'viaduct.yaml'], directory);
    ending.after(async () => server.child.kill('SIGKILL'));
    await server.says(/curl /);
  });
  const curl = async (what: 'saml' | 'soap'): Promise<string> => {
    const { out } = await viaduct(['demo', what], directory);
    const command = `${out.trim()} --silent`;
    return (await promisify(execFile)('bash', ['-c', command], { cwd: directory })).stdout;
  };
  const about = (token: string) => {
    const words = 'explain --client gateway --audience orders --subject-token-type saml2'.split(
      ' ',
    );
    return viaduct([...words, '--subject-token', token], directory);
  };

  test('of an assertion, on the command line and in a file', async () => {
    const { access_token } = JSON.parse(await curl('saml')) as { access_token: string };
    await writeFile(join(directory, 'assertion.xml'), Buffer.from(access_token, 'base64url'));

    const { code, out } = await about(access_token);
    const asXml = await about('@assertion.xml');

    assert.equal(code, 0, out);
    assert.match(out, /subject: partner:alice at https:\/\/localhost:\d+ \(saml2 of self\)/);
    assert.match(
      out,
      /email = "alice@partner\.example" +\| from email +\| +email = "alice@partner\.example"/,
    );
    assert.match(out, /- +\| from groups +\| +roles: nothing, the subject token has no/);
    assert.match(out, /tier = "gold" +\| no rule +\| +-/);
    assert.equal(asXml.out.replace(/lifetime \d+/, ''), out.replace(/lifetime \d+/, ''));
  });

  test('of a SOAP message that gets its token', async () => {
    const answer = await curl('soap');

    const { code, error, out } = await viaduct(['explain', '--rst', 'demo/rst.xml'], directory);

    assert.match(answer, /<saml:NameID[^>]*>bob<\/saml:NameID>/);
    assert.equal(code, 0, out + error);
    assert.match(out, /subject: bob at https:\/\/localhost:\d+ \(username of self\)/);
    assert.match(out, /granted: saml2 signed RS256 for https:\/\/orders\.example\/soap/);
  });

  test('but not of a SOAP message with a wrong password', async () => {
    const good = await readFile(join(directory, 'demo/rst.xml'), 'utf8');
    const wrong = good.replace(/<o:Password>[^<]*/, '<o:Password>wrong');
    await writeFile(join(directory, 'wrong.xml'), wrong);

    const { code, out } = await viaduct(['explain', '--rst', 'wrong.xml'], directory);

    assert.equal(code, 1);
    assert.match(out, /refused before policy: requestor-unauthenticated: wrong password/);
  });

  test('but not of one at an address for other credentials, which are told', async () => {
    await curl('soap');
    const at = async (path: string) =>
      (await viaduct(['explain', '--rst', 'demo/rst.xml', '--path', path], directory)).out;

    const certificates = await at('/adfs/services/trust/13/certificatemixed');
    const kerberos = await at('/adfs/services/trust/13/windowstransport');

    assert.match(certificates, /: username is not taken: this address takes certificate\n/);
    assert.match(kerberos, /: username is not taken: this address takes nobody\n/);
  });
});
