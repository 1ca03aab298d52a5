// Whatever assertion of another issuer is taken, OpenSAML takes too: conditions, confirmation and statements by the rules of somebody
// else. The other way round it need not be: we are stricter on purpose (docs/saml.md).
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { ExchangeFailure } from '#core/failure.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { aFolder, isBuilt } from '#test/interop/foreign-client.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import {
  type AssertionChanges,
  aCertifiedKey,
  aSamlIssuer,
  aValidator,
  confirmation2,
  ENTRANCES,
  iso,
  STS,
  TOKEN_ENDPOINT,
  unsignedAssertion,
} from '#test/support/saml/saml.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('run', import.meta.url));
const RUNS = 400;

const now = Math.floor(Date.now() / 1000);
const issuer = await aSamlIssuer();
const holder = await aCertifiedKey();

/** Mostly what is usual: else nothing would ever be taken. */
const usually = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));
/** Minutes, so that nothing changes while the other side looks. */
const at = (name: string, minutes: number): string => `${name}="${iso(now + minutes * 60)}"`;

const KEY = `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${holder.certificateDer.toString('base64')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const data = fc
  .tuple(
    usually(at('NotOnOrAfter', 20), '', at('NotOnOrAfter', -20), at('NotOnOrAfter', 40)),
    usually('', at('NotBefore', -20), at('NotBefore', 20)),
    usually(`Recipient="${TOKEN_ENDPOINT}"`, '', 'Recipient="https://x.example/"', 'Recipient=""'),
    usually('', 'InResponseTo="_r"', 'Address="192.0.2.1"'),
  )
  .map((attributes) => attributes.join(' '));
const confirmation = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant('bearer' as const) },
      fc.constantFrom('holder-of-key' as const, 'sender-vouches' as const, 'other' as const),
    ),
    data,
    usually('', '<saml2:NameID>bob</saml2:NameID>'),
    usually(true, false),
  )
  .map(([method, attributes, name, hasData]) => {
    const isBound = method === 'holder-of-key';
    // It takes a key in data of this type only.
    const type = isBound ? `${XSI} xsi:type="saml2:KeyInfoConfirmationDataType"` : '';
    const key = isBound ? KEY : '';
    const content = `<saml2:SubjectConfirmationData ${type} ${attributes}>${key}</saml2:SubjectConfirmationData>`;
    return confirmation2(method, `${name}${hasData ? content : ''}`);
  });

const delegation = (...delegates: readonly string[]): string =>
  `<saml2:Condition ${XSI} xmlns:del="urn:oasis:names:tc:SAML:2.0:conditions:delegation" xsi:type="del:DelegationRestrictionType">${delegates.join('')}</saml2:Condition>`;
const delegate = (name: string, minutes: number): string =>
  `<del:Delegate ${at('DelegationInstant', minutes)}><saml2:NameID>${name}</saml2:NameID></del:Delegate>`;

const login = fc
  .tuple(
    usually(-1, 20, -2000),
    usually('', at('SessionNotOnOrAfter', 10), at('SessionNotOnOrAfter', -10)),
  )
  .map(
    ([minutes, session]) =>
      `<saml2:AuthnStatement ${at('AuthnInstant', minutes)} ${session}><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>`,
  );

const changes: fc.Arbitrary<AssertionChanges> = fc.record({
  issueInstant: usually(iso(now - 60), iso(now + 1200)),
  version: usually('Version="2.0"', 'Version="2.1"'),
  window: fc
    .tuple(
      usually(at('NotBefore', -5), '', at('NotBefore', 20)),
      usually(at('NotOnOrAfter', 30), '', at('NotOnOrAfter', -20)),
    )
    .map((window) => window.join(' ')),
  audiences: usually<readonly (readonly string[])[]>(
    [[STS]],
    [],
    [['urn:x', STS]],
    [[STS], ['urn:x', STS]],
    [[STS], ['urn:x']],
    [['urn:x']],
    [[`${STS}/`]],
    [[STS.toUpperCase()]],
  ),
  conditions: usually(
    '',
    '<saml2:OneTimeUse/>',
    '<saml2:ProxyRestriction Count="2"/>',
    '<saml2:ProxyRestriction Count="0"/>',
    `<saml2:Condition ${XSI} xmlns:q="urn:q" xsi:type="q:Unknown"/>`,
    delegation(delegate('a', -9), delegate('b', -8)),
    delegation(delegate('a', -8), delegate('b', -9)),
    delegation(),
  ),
  confirmation: fc.array(confirmation, { minLength: 1, maxLength: 3 }).map((all) => all.join('')),
  authentication: login,
  name: usually('<saml2:NameID>alice</saml2:NameID>', '', '<saml2:NameID> alice</saml2:NameID>'),
});

async function isTaken(validator: TokenValidator, xml: string): Promise<boolean> {
  for (const [, as] of ENTRANCES)
    try {
      await validator.validate(as('saml2', xml));
      return true;
    } catch (cause) {
      assert.ok(cause instanceof ExchangeFailure, String(cause));
    }
  return false;
}

test('SAML Core 2.0 §2.4, §2.5: what is taken, OpenSAML takes too', async (t) => {
  if (!(await isBuilt(t, 'cxf/build'))) return;
  const { folder, write } = await aFolder(t);
  const certificate = await write('holder.crt', holder.certificatePem);
  const seed = now;
  const samples = fc.sample(changes, { numRuns: RUNS, seed });
  // It is asked about what the signature covers: signatures are held against others elsewhere.
  for (const [index, sample] of samples.entries())
    await write(`${String(index).padStart(4, '0')}.xml`, unsignedAssertion('saml2', sample));
  const validator = aValidator([issuer.trust()], { clock: fakeClock(now) });

  const { stdout } = await run(PROGRAM, [
    'AssertionVerdicts',
    folder,
    STS,
    TOKEN_ENDPOINT,
    certificate,
  ]);

  const verdicts = stdout.trim().split('\n');
  assert.equal(verdicts.length, RUNS);
  const taken = { by: 0, them: 0 };
  for (const [index, sample] of samples.entries()) {
    const isValid = verdicts[index]?.includes('.xml VALID') === true;
    if (isValid) taken.them += 1;
    if (!(await isTaken(validator, issuer.assertion('saml2', sample)))) continue;
    taken.by += 1;
    assert.ok(
      isValid,
      `seed ${seed}, ${verdicts[index]}: ${sample.confirmation?.replaceAll(KEY, '')}`,
    );
  }
  assert.ok(taken.by > RUNS / 20 && taken.them >= taken.by, JSON.stringify(taken));
  t.diagnostic(`of ${RUNS} assertions ${taken.by} are taken, ${taken.them} by OpenSAML`);
});
