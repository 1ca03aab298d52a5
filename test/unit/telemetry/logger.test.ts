import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { ExchangeFailure } from '#core/failure.ts';
import { createLogger, type LogLevel } from '#src/telemetry/logger.ts';

const WRITER = fileURLToPath(new URL('./log-writer.ts', import.meta.url));

/** A logger and what it wrote. */
function aLogger(level: LogLevel = 'info') {
  const texts: string[] = [];
  const log = createLogger({ level, destination: { write: (line) => void texts.push(line) } });
  const lines = () => texts.map((text) => JSON.parse(text) as Record<string, unknown>);
  return { log, texts, lines };
}

test('logger: a line is one JSON object with time, level, message and fields', () => {
  const { log, texts, lines } = aLogger();

  log.info('token issued', { endpoint: '/token' });

  assert.equal(texts.length, 1);
  assert.match(texts[0] ?? '', /^\{"level":"info","time":"\d{4}-.*Z","pid":\d+,.*\}\n$/);
  assert.equal(lines()[0]?.['msg'], 'token issued');
  assert.equal(lines()[0]?.['endpoint'], '/token');
});

test('logger: what a terminal would obey is written as JSON writes it', () => {
  const { log, texts, lines } = aLogger();
  const hostile = 'a\u009b2J\u001b]0;x\u0007\u202e\u200b\u2028\u0085\n';

  log.error(hostile, { [hostile]: hostile });

  assert.match(texts[0] ?? '', /^[\x20-\x7e]+\n$/);
  assert.deepEqual([lines()[0]?.['msg'], lines()[0]?.[hostile]], [hostile, hostile]);
});

test('logger: no user information of an address is written', () => {
  const { log, texts, lines } = aLogger();
  const address = 'redis://viaduct:hun@ter2@store.example:6379/0?at=a@b';

  log.error(`cannot reach ${address}`, { address, cause: new Error(address) });

  assert.doesNotMatch(texts.join(''), /hun|ter2/);
  const told = 'redis://[redacted]@store.example:6379/0?at=a@b';
  assert.equal(lines()[0]?.['msg'], `cannot reach ${told}`);
});

test('logger: what is below the level is not written', () => {
  const { log, texts } = aLogger('warn');

  log.info('no');
  log.warn('yes');

  assert.equal(texts.length, 1);
});

for (const name of [
  'password',
  'client_secret',
  'clientSecret',
  'assertion',
  'client_assertion',
  'subject_token',
  'subjectToken',
  'actor_token',
  'token',
  'Authorization',
  'proxy-authorization',
  'Cookie',
  'set-cookie',
  'bind_password',
  'privateKey',
  'keyPem',
  'code_verifier',
]) {
  test(`logger: a field named ${name} never appears, at any depth, or in a cause`, () => {
    const { log, texts } = aLogger();
    const secret = { [name]: 'hunter2' };
    const cause = new Error('failed', { cause: secret });

    log.info('flat', secret);
    log.info('deep', { a: [{ b: new Map([['c', secret]]) }], set: new Set([secret]) });
    log.info('cause', { error: new ExchangeFailure('token-malformed', 'bad', { cause }) });
    log.info('json', { value: { toJSON: () => secret } });

    assert.doesNotMatch(texts.join(''), /hunter2/);
    assert.equal(texts.length, 4);
  });
}

test('logger: a token that stands in a text is cut out', () => {
  const { log, texts } = aLogger();
  const jwt = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.c2ln';

  log.info(`got ${jwt}`, { header: `Bearer ${jwt}`, basic: 'Basic Z2F0ZXdheTpodW50ZXIy' });
  log.error('failed', { error: new Error(`cannot read ${jwt}`) });

  assert.doesNotMatch(texts.join(''), /eyJ|Z2F0/);
});

test('logger: a refresh token, an assertion and a password of SOAP that stand in a text are cut out', () => {
  const { log, texts } = aLogger();
  const refreshToken = `vrt~${'a'.repeat(22)}~3~${'b'.repeat(43)}`;

  log.info(`got ${refreshToken}`, { assertion2: '<saml:Assertion ID="x">alice</saml:Assertion>' });
  log.info('got', { message: '<wsse:Password Type="text">hunter2</wsse:Password>' });
  log.error('failed', { error: new Error('cannot read <Assertion>alice') });

  assert.doesNotMatch(texts.join(''), /vrt~|aaaa|alice|hunter2/);
});

test('logger: an error is written with its reason, code, stack and cause', () => {
  const { log, lines } = aLogger();
  const cause = Object.assign(new Error('disk'), { code: 'ENOSPC' });

  log.error('failed', { error: new ExchangeFailure('dependency-unavailable', 'audit', { cause }) });

  const error = lines()[0]?.['error'] as Record<string, unknown>;
  assert.equal(error['type'], 'ExchangeFailure');
  assert.equal(error['reason'], 'dependency-unavailable');
  assert.equal((error['cause'] as Record<string, unknown>)['code'], 'ENOSPC');
  assert.match(String(error['stack']), /logger\.test\.ts/);
});

test('logger: a value cannot pose as the level, the time or the message', () => {
  const { log, texts, lines } = aLogger();

  log.info('real', { level: 'error', time: 'never', msg: 'forged', pid: 1 });

  assert.equal(lines()[0]?.['msg'], 'real');
  assert.equal(texts[0]?.match(/"(level|time|msg|pid)":/g)?.length, 4);
});

test('logger: a line break in a value does not start a line', () => {
  const { log, texts } = aLogger();

  log.info('one\n{"level":"error"}', { name: 'a\nb' });

  assert.equal(texts.join('').trimEnd().split('\n').length, 1);
});

test('logger: values that cannot be written as JSON do no harm', () => {
  const { log, lines } = aLogger();
  const circle: Record<string, unknown> = { name: 'circle' };
  circle['self'] = circle;
  const trap = Object.defineProperty({}, 'boom', {
    enumerable: true,
    get() {
      throw new Error('no');
    },
  });

  log.info('values', {
    circle,
    trap,
    big: 10n,
    bytes: Buffer.from('hunter2'),
    url: new URL('https://user:hunter2@example.org/path?token=hunter2'),
    date: new Date(0),
    nothing: null,
    run: () => 1,
    socket: process,
  });

  const [line] = lines();
  assert.doesNotMatch(JSON.stringify(line), /hunter2/);
  assert.equal(line?.['trap'], '[unreadable]');
  assert.equal(line?.['big'], '10');
  assert.equal(line?.['bytes'], '[bytes]');
  assert.equal(line?.['url'], 'https://example.org/path');
  assert.equal(line?.['date'], '1970-01-01T00:00:00.000Z');
});

test('logger: long texts are cut', () => {
  const { log, texts } = aLogger();

  log.info('long', { value: 'x'.repeat(100_000) });

  assert.ok((texts[0]?.length ?? 0) < 5000);
});

test('logger: a value that reaches half the process is cut', () => {
  const { log, texts } = aLogger();
  const branch = (depth: number): object =>
    Array.from({ length: 10 }, () => (depth === 0 ? {} : branch(depth - 1)));

  log.info('wide', { value: branch(4) });

  assert.ok((texts[0]?.length ?? 0) < 50_000);
});

test('logger: while nobody reads the log what waits is bounded, and no line is torn', async (t) => {
  const child = spawn(process.execPath, [WRITER, '40000'], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stderr, 'data');

  const text = await textOf(child.stdout);

  assert.ok(text.length > 10_000_000 && text.length < 20_000_000, String(text.length));
  for (const line of text.trimEnd().split('\n')) assert.equal(typeof JSON.parse(line), 'object');
});

test('logger: processes that write into one pipe tear no line of each other, however slowly it is read', async (t) => {
  const script = '("$0" "$1" 3000 & "$0" "$1" 3000 & wait) | cat';
  const child = spawn('sh', ['-c', script, process.execPath, WRITER], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  // Both have filled the pipe before anybody reads.
  await new Promise<void>((resolve) => {
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += String(chunk);
      if (said === 'loggedlogged') resolve();
    });
  });

  const text = await textOf(child.stdout);

  const lines = text.trimEnd().split('\n');
  assert.equal(lines.length, 6000);
  for (const line of lines) assert.equal(typeof JSON.parse(line), 'object');
});

test('logger: a log that cannot be written ends no process', async (t) => {
  const full = await open('/dev/full', 'w');
  t.after(() => full.close());
  const child = spawn(process.execPath, [WRITER, '10'], { stdio: ['ignore', full.fd, 'pipe'] });

  const [code] = (await once(child, 'close')) as unknown[];

  assert.equal(code, 0);
});
