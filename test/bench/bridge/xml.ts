// Ratios of XML work to one raw RSA-2048 signature in the same run (xml-security §10). Rounds alternate between the work
// and the floor, and the median round counts, so that other load on the machine weighs on both.

import { Buffer } from 'node:buffer';
import { sign } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { toWireBytes } from '#bridge/xml/canonical/writer.ts';
import { XmlFailure } from '#bridge/xml/failure.ts';
import { parseXml } from '#bridge/xml/parser/parser.ts';
import { signEnveloped } from '#bridge/xml/signature/sign.ts';
import { verifyAssertion } from '#bridge/xml/signature/verify-enveloped.ts';
import { verifyMessageSignature } from '#bridge/xml/signature/verify-message.ts';
import { hostileDocuments } from '#test/support/xml/hostile.ts';
import { anRsaKey } from '#test/support/xml/keys.ts';
import { soapMessage } from '#test/support/xml/samples.ts';
import {
  anAssertionMarkup,
  aSignedAssertion,
  aSignedRequest,
  openRequest,
} from '#test/support/xml/signed.ts';

/** One measurement. `ratio` is explained by its target. */
export interface Measurement {
  readonly work: string;
  readonly ratio: number;
  readonly target: string;
}

type Work = () => unknown;

const ROUNDS = 15;
const IN_FLIGHT = 4;

/** Measures parsing, issuing, verifying and refusing. */
export async function benchXml(): Promise<readonly Measurement[]> {
  const key = anRsaKey();
  const message = Buffer.from(soapMessage(1750));
  const floor: Work = () => sign('sha256', message, key.privateKey);
  const assertion = Buffer.from(await aSignedAssertion(key));
  const request = await aSignedRequest(key);
  const selectKey = () => key.trusted;
  const verifyOne = async () => {
    const document = parseXml(assertion);
    await verifyAssertion(document, document.root, { selectKey });
  };
  const verifyThree = async () => {
    const { document, signature } = openRequest(request);
    await verifyMessageSignature(document, signature, { selectKey });
  };
  const parse = await ratioOf(() => parseXml(message), floor, 200);
  const issue = await ratioOf(() => issueInFlight(key), floor, 20);
  const one = await ratioOf(verifyOne, floor, 100);
  const three = await ratioOf(verifyThree, floor, 100);
  const hostile = await worstHostile(request, floor);
  return [
    { work: 'parse 6 KB', ratio: parse, target: '<= 0.2 of one signature' },
    {
      work: 'issue with RSA-2048, 4 in flight',
      ratio: IN_FLIGHT / issue,
      target: '>= 0.85 of the raw rate',
    },
    { work: 'parse and verify a signed assertion', ratio: 1 / one, target: '>= 3 of the raw rate' },
    {
      work: 'parse and verify a request of 3 references',
      ratio: 1 / three,
      target: '>= 3 of the raw rate',
    },
    { work: 'worst hostile 64 KB, in signatures', ratio: hostile, target: '<= 10 ms' },
  ];
}

async function issueInFlight({ signer }: ReturnType<typeof anRsaKey>): Promise<void> {
  const issue = async () =>
    toWireBytes(await signEnveloped(anAssertionMarkup(), { signer, id: '_a1' }));
  await Promise.all(Array.from({ length: IN_FLIGHT }, issue));
}

/** Time of the work in units of the floor: the median over alternating rounds. */
async function ratioOf(work: Work, floor: Work, count: number): Promise<number> {
  const ratios: number[] = [];
  await timeOf(work, count * 3);
  for (let round = 0; round < ROUNDS; round += 1) {
    const floorTime = await timeOf(floor, 30);
    ratios.push((await timeOf(work, count)) / floorTime);
  }
  return ratios.toSorted((left, right) => left - right)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

async function timeOf(work: Work, count: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i += 1) await work();
  return (performance.now() - start) / count;
}

async function worstHostile(request: string, floor: Work): Promise<number> {
  let worst = 0;
  for (const bytes of hostileDocuments(request).values()) {
    const refuse = () => {
      try {
        parseXml(bytes);
      } catch (error) {
        if (!(error instanceof XmlFailure)) throw error;
      }
    };
    await timeOf(refuse, 3);
    worst = Math.max(worst, await timeOf(refuse, 5));
  }
  return worst / (await timeOf(floor, 30));
}
