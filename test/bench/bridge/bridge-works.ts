// The work of the bridge inside one process: issuing, validating, parsing.
import { Buffer } from 'node:buffer';
import { createPrivateKey } from 'node:crypto';
import type { SamlSigningKeys } from '#bridge/saml/issuer/assertion-signer.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import { createSamlSigner } from '#src/keys/saml-signer.ts';
import { aClaim } from '#test/support/core.ts';
import {
  aCertifiedKey,
  anOwnIssuer,
  aSamlIssuer,
  aSamlSpec,
  asElement,
  asText,
  aValidator,
  type CertifiedKey,
  VERSIONS,
} from '#test/support/saml/saml.ts';
import { soapMessage } from '#test/support/xml/samples.ts';
import { type Beside, besideSignature, costInFlight, costOf } from './bridge-rounds.ts';
import { signedIssue } from './signed-issue.ts';

/** A row before it is judged. */
interface Work {
  readonly work: string;
  readonly target: number;
  /** `rate`: at least that many times the rate of signatures. `cost`: at most that many signatures. */
  readonly measure: 'rate' | 'cost';
  readonly turn: () => unknown;
  readonly turns: number;
  /** How many are always under way, beside as many signatures on the thread pool; without it one after another. */
  readonly inFlight?: number;
}

export interface MeasuredWork extends Pick<Work, 'work' | 'target' | 'measure'> {
  readonly beside: Beside;
}

/** Rounds before anything is measured: until Node has compiled what is hot. */
const HEATING = 20;
/** As many requests as the bench of the whole server keeps under way. */
const IN_FLIGHT = 16;

// As the key ring signs: on the thread pool.
function signingKeysOf({ certificatePem, privatePem }: CertifiedKey): SamlSigningKeys {
  const keyObject = createPrivateKey(privatePem);
  const signer = createSamlSigner({ algorithm: 'RS256', certificatePem, keyObject });
  return { samlSigner: () => signer };
}

function aSpec(type: 'saml1' | 'saml2'): TokenSpec {
  const claims = ['email', 'department', 'role'].map((name) => aClaim({ name }));
  return aSamlSpec({ type, claims });
}

async function issueWorks(): Promise<readonly Work[]> {
  const issuer = anOwnIssuer(signingKeysOf(await aCertifiedKey()));
  return VERSIONS.flatMap((type) => {
    const spec = aSpec(type);
    const base = { target: 0.85, measure: 'rate' as const };
    const turn = () => issuer.issue(spec);
    return [
      { ...base, work: `issue ${type}`, turn, turns: 150 },
      {
        ...base,
        work: `issue ${type}, ${IN_FLIGHT} in flight`,
        turn,
        turns: 300,
        inFlight: IN_FLIGHT,
      },
    ];
  });
}

async function validateWorks(): Promise<readonly Work[]> {
  const issuer = await aSamlIssuer();
  const validator = aValidator([issuer.trust()]);
  return VERSIONS.flatMap((type) => {
    const xml = issuer.assertion(type);
    const text = asText(type, xml);
    const element = asElement(type, xml);
    const base = { target: 3, measure: 'rate' as const, turns: 300 };
    return [
      {
        ...base,
        work: `parse, verify and validate ${type}`,
        turn: () => validator.validate(text),
      },
      {
        ...base,
        work: `verify and validate ${type} of a parsed message`,
        turn: () => validator.validate(element),
      },
    ];
  });
}

function parseWork(): Work {
  const message = Buffer.from(soapMessage(1750));
  return {
    work: `parse a message of ${(message.byteLength / 1000).toFixed(1)} KB`,
    target: 0.2,
    measure: 'cost',
    turn: () => parseXml(message),
    turns: 1000,
  };
}

async function signedIssueWork(): Promise<Work> {
  return {
    work: 'a request signed with a certificate, to a holder-of-key saml2',
    target: 1.6,
    measure: 'cost',
    turn: await signedIssue(signingKeysOf(await aCertifiedKey())),
    turns: 100,
  };
}

async function measureWork({ turn, turns, inFlight, ...named }: Work): Promise<MeasuredWork> {
  const round =
    inFlight === undefined
      ? () => costOf(turn, turns)
      : () => costInFlight(async () => turn(), turns, inFlight);
  for (let done = 0; done < HEATING; done += 1) await round();
  return { ...named, beside: await besideSignature(round, inFlight) };
}

/** Measures issuing, validating and parsing. */
export async function measureWorks(): Promise<readonly MeasuredWork[]> {
  const measured: MeasuredWork[] = [];
  for (const work of [
    ...(await issueWorks()),
    ...(await validateWorks()),
    parseWork(),
    await signedIssueWork(),
  ])
    measured.push(await measureWork(work));
  return measured;
}
