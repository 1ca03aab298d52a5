// Overrides from the environment.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseChanged, problemsOf } from './document.ts';

const unchanged = () => {};

it('Environment: sets texts, numbers and switches, in any spelling of the words', async () => {
  const config = await parseChanged(unchanged, {
    env: {
      VIADUCT__ISSUER: 'https://other.example.org',
      VIADUCT__LOG__LEVEL: 'warn',
      VIADUCT__DRAIN__GRACE_SECONDS: '7',
      VIADUCT__DELEGATION__SELFDELEGATION: 'true',
      VIADUCT__LISTENERS__PUBLIC__ADDRESS: '127.0.0.1:1234',
    },
  });

  assert.equal(config.issuer, 'https://other.example.org');
  assert.equal(config.log.level, 'warn');
  assert.equal(config.drain.graceSeconds, 7);
  assert.equal(config.delegation.selfDelegation, true);
  assert.equal(config.listeners.public.port, 1234);
});

it('Environment: a value is checked like one of the file, and the problem names the variable', async () => {
  const env = { VIADUCT__ISSUER: 'http://x.example', VIADUCT__DRAIN__GRACE_SECONDS: 'soon' };

  const problems = await problemsOf(parseChanged(unchanged, { env }));

  assert.deepEqual(
    problems.map(({ code, file }) => `${code} ${file}`),
    ['CONFIG_INVALID_VALUE VIADUCT__ISSUER', 'CONFIG_WRONG_TYPE VIADUCT__DRAIN__GRACE_SECONDS'],
  );
});

it('Environment: the rules between sections see the override', async () => {
  const env = { VIADUCT__LISTENERS__MANAGEMENT__ADDRESS: '127.0.0.1:8443' };

  const [problem] = await problemsOf(parseChanged(unchanged, { env }));

  assert.equal(problem?.code, 'CONFIG_OVERLAP');
  assert.equal(problem?.file, 'VIADUCT__LISTENERS__MANAGEMENT__ADDRESS');
});

for (const [variable, code] of [
  ['VIADUCT__ISUER', 'CONFIG_UNKNOWN_KEY'],
  ['VIADUCT__', 'CONFIG_UNKNOWN_KEY'],
  ['VIADUCT__LOG', 'CONFIG_WRONG_TYPE'],
  ['VIADUCT__LOG__LEVEL', 'CONFIG_INVALID_VALUE'],
  ['VIADUCT__CLIENTS', 'CONFIG_WRONG_TYPE'],
  ['VIADUCT__CLIENTS__0__CLIENT_ID', 'CONFIG_UNKNOWN_KEY'],
  ['VIADUCT__AUDIT__HMAC_KEY', 'CONFIG_WRONG_TYPE'],
  ['VIADUCT____PROTO____X', 'CONFIG_UNKNOWN_KEY'],
] as const) {
  it(`Environment: refuses ${variable}`, async () => {
    const problems = await problemsOf(parseChanged(unchanged, { env: { [variable]: 'x' } }));

    assert.deepEqual(
      problems.map((problem) => `${problem.code} ${problem.file}`),
      [`${code} ${variable}`],
    );
  });
}

it('Environment: other variables mean nothing', async () => {
  await assert.doesNotReject(
    parseChanged(unchanged, { env: { VIADUCT_LOG_LEVEL: 'x', viaduct__log: 'y' } }),
  );
});
