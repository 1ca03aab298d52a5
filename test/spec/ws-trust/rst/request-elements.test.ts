// WS-Trust 1.3 §3.1, §4, §9 and 1.4: every element of a request is honoured or refused in each version; none is passed over. So
// says docs/ws-trust.md, row by row.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Encryption } from '#core/token/token-spec.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { aValidatedToken } from '#test/support/core.ts';
import { anAppliesTo, anRst, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aWsTrustSetting,
  billingRules,
  faultCodeOf,
} from '#test/support/ws-trust/ws-trust.ts';
import { PARTY, type RequestElement, type Seen, VERSIONS, type Version } from './element-shape.ts';
import { REQUEST_ELEMENTS } from './request-elements.ts';

const PAGE = readFileSync(new URL('../../../../docs/ws-trust.md', import.meta.url), 'utf8');

const toParty: Encryption = {
  certificate: PARTY.pem,
  content: 'aes256-gcm',
  keyTransport: 'rsa-oaep-mgf1p',
};

/** Takes every certificate that is named for the one it says. */
const anyCertificate: TokenValidator = {
  canHandle: ({ type }) => type === 'x509',
  validate: async ({ type, use }) => aValidatedToken({ type, use }),
};

/** A relying party that everything can be asked for. */
const rules = billingRules({
  relyingParties: billingRules().relyingParties.map(({ token, ...party }) => ({
    ...party,
    token: {
      ...token,
      encryption: toParty,
      keyEncryption: toParty,
      useKeyProof: 'trusted-certificate' as const,
    },
  })),
});

const isTarget = (xml: string): boolean => xml.includes('AppliesTo');

async function ask(trust: string, children: string) {
  const setting = aWsTrustSetting({ rules, validators: [anyCertificate] });
  const target = isTarget(children) ? '' : anAppliesTo();
  const body = anRst({ trust, children: target + children });
  const answer = await setting.front.handle(anIssueRequest({ body }));
  return { answer, setting };
}

async function seen(trust: string, children: string): Promise<Seen> {
  const { answer, setting } = await ask(trust, children);
  const [asked] = setting.asked;
  assert.ok(answer.status === 200 && asked, JSON.stringify(setting.audit.records));
  return { asked, body: answer.body };
}

async function faultOf(trust: string, children: string): Promise<string> {
  const { answer } = await ask(trust, children);
  return faultCodeOf(answer).replace(/^t(rust)?:/, 'wst:');
}

const secondary = (xml: string): string => `<t:SecondaryParameters>${xml}</t:SecondaryParameters>`;
/** What stands for an element that is refused whatever it says. */
const anyOf = ({ wish, refused }: RequestElement, trust: string): string =>
  wish?.(trust).xml || (refused(trust)[0]?.[0] ?? '');
const isKnownIn = ({ only }: RequestElement, version: Version): boolean =>
  only === undefined || only === version;

for (const [version, trust] of Object.entries(VERSIONS) as [Version, string][])
  for (const element of REQUEST_ELEMENTS) {
    const { name, wish, outcome } = element;

    if (!isKnownIn(element, version)) {
      test(`WS-Trust ${version}: ${name} is not of this version, and refused`, async () => {
        assert.equal(await faultOf(trust, anyOf(element, trust)), 'wst:BadRequest');
      });
      continue;
    }

    if (wish)
      test(`WS-Trust ${version}: ${name} is ${outcome}`, async () => {
        const { beside = '', sees, xml } = wish(trust);

        assert.ok(sees(await seen(trust, beside + xml)));
      });

    for (const [index, [xml, code]] of element.refused(trust).entries())
      test(`WS-Trust ${version}: ${name} that cannot be honoured is ${code} (${String(index + 1)})`, async () => {
        assert.equal(await faultOf(trust, xml), code);
      });
  }

for (const element of REQUEST_ELEMENTS.filter(({ name }) => name !== 'SecondaryParameters'))
  test(`WS-Trust 1.3 §4.1: in SecondaryParameters ${element.name} is ${element.secondary ?? 'refused'}`, async () => {
    const { beside = '', sees = () => true } = element.wish?.(TRUST_13) ?? {};
    const xml = anyOf(element, TRUST_13) || anAppliesTo();

    if (element.secondary) assert.ok(sees(await seen(TRUST_13, beside + secondary(xml))));
    else assert.equal(await faultOf(TRUST_13, anAppliesTo() + secondary(xml)), 'wst:BadRequest');
  });

test('docs/ws-trust.md: tells of every element of a request what comes of it', () => {
  const [, section = ''] = PAGE.split('### Every element\n');
  const rows = (section.split('\n### ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').slice(1, 6))
    .map((cells) => cells.map((cell) => cell.trim()));

  const expected = REQUEST_ELEMENTS.map(({ name, only, outcome, refused, secondary: within }) => {
    const codes = new Set(refused(TRUST_13).map(([, code]) => `\`${code}\``));
    const inTemplate = name === 'SecondaryParameters' ? '–' : (within ?? 'refused');
    return [`\`${name}\``, only ?? 'all', outcome, [...codes].join(', ') || '–', inTemplate];
  });
  assert.deepEqual(rows, expected);
});
