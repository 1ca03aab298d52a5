// What a stranger can make us work: hostile messages of 64 KB, refused by the whole front before authentication.

import { Buffer } from 'node:buffer';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anRst } from '#test/support/ws-trust/rst.ts';
import {
  anIssueRequest,
  aPost,
  aSecurityHeader,
  aUserMessage,
  aWsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';
import { hostileDocuments } from '#test/support/xml/hostile.ts';
import { anRsaKey } from '#test/support/xml/keys.ts';
import { aSignedRequest } from '#test/support/xml/signed.ts';
import { cut, edited } from '#test/support/xml/tamper.ts';
import { costOf, median } from './bridge-rounds.ts';
import { type HostileMessage, signedMessages } from './hostile-signed.ts';

export interface HostileCost {
  readonly message: string;
  readonly kilobytes: number;
  /** Of CPU, all threads. */
  readonly milliseconds: number;
}

const SIZE = 64 * 1024;
const TIMES = 15;

const filling = (unit: string, length: number): string =>
  unit.repeat(Math.max(0, Math.floor(length / unit.length)));

/** A message with a header and a body, and in one of them as many copies of `unit` as fit. */
function filled(place: 'header' | 'body' | 'rst', unit: string): string {
  const write = (content: string): string =>
    anEnvelope({
      header: aSecurityHeader(place === 'header' ? content : ''),
      body: place === 'body' ? content : anRst({ children: place === 'rst' ? content : '' }),
    });
  return write(filling(unit, SIZE - write('').length));
}

async function bareMessages(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const signed = await aSignedRequest(anRsaKey());
  const reference = cut(signed, 'ds:Reference');
  const { body } = anIssueRequest();
  const request = Buffer.from(body).toString('utf8');
  // The Body once more, as often as it fits.
  const soap = request.slice(request.indexOf('<s:Body>'), request.indexOf('</s:Envelope>'));
  const bodies = request.replace(
    '</s:Envelope>',
    `${filling(soap, SIZE - request.length - 20)}</s:Envelope>`,
  );
  const elements = aUserMessage('<x/>'.repeat(4990));
  const depth = aUserMessage(filling('<x>', 60_000));
  const bomb = `<!DOCTYPE s [<!ENTITY a "${'a'.repeat(1000)}">${filling('<!ENTITY b "&a;&a;&a;">', SIZE - request.length - 1100)}]>${request}`;
  return new Map<string, string | Uint8Array>([
    ...hostileDocuments(signed),
    [
      'references that fill it',
      edited(
        signed,
        '</ds:SignedInfo>',
        `${filling(reference, SIZE - signed.length)}</ds:SignedInfo>`,
      ),
    ],
    ['DTD bomb before a request', bomb],
    ['depth in the Body', depth],
    ['5,000 elements in the Body', elements],
    ['elements in the request', filled('rst', '<t:KeySize>256</t:KeySize>')],
    ['unknown elements in the request', filled('rst', '<x/>')],
    ['many Bodies', bodies],
    [
      'attributes in the Body',
      filled('body', `<x${Array.from({ length: 60 }, (_, i) => ` a${i}=""`).join('')}/>`),
    ],
    [
      'many signatures in the header',
      filled('header', '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'),
    ],
    ['many Security headers', filled('header', '</wsse:Security><wsse:Security>')],
    ['many tokens', filled('header', '<wsse:BinarySecurityToken>AA==</wsse:BinarySecurityToken>')],
    [
      'many Timestamps',
      filled(
        'header',
        '<wsu:Timestamp><wsu:Created>2027-01-15T08:00:00Z</wsu:Created></wsu:Timestamp>',
      ),
    ],
    ['many Contexts in the request', filled('rst', '<t:Context>x</t:Context>')],
    ['white space before an unknown element', filled('rst', ' ').replace('    </t:', '<x/></t:')],
  ]);
}

async function messages(): Promise<readonly (readonly [string, HostileMessage])[]> {
  const bare = [...(await bareMessages())].map(([name, content]) => [name, { content }] as const);
  return [...bare, ...(await signedMessages())];
}

/** Measures each; the dearest first. Refused or not is for the tests; here all of them are. In a process of its own: its CPU time has no
 * share of what collecting the garbage of other work costs, nor of compiling for it. */
export async function measureHostile(): Promise<readonly HostileCost[]> {
  const child = fork(import.meta.filename);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the hostile messages ended with ${String(code)}`);
  });
  const [costs] = (await Promise.race([once(child, 'message'), ended])) as [readonly HostileCost[]];
  ended.catch(() => undefined);
  return costs;
}

async function measureHere(): Promise<readonly HostileCost[]> {
  const costs: HostileCost[] = [];
  for (const [message, hostile] of await messages()) {
    const bytes = Buffer.byteLength(hostile.content);
    // A larger one would be refused unread.
    if (bytes > SIZE) throw new Error(`${message} is too large`);
    const milliseconds = await costOfRefusal(message, hostile);
    costs.push({ message, kilobytes: Math.round(bytes / 1024), milliseconds });
  }
  return costs.toSorted((left, right) => right.milliseconds - left.milliseconds);
}

async function costOfRefusal(
  message: string,
  { content, over, setting = aWsTrustSetting }: HostileMessage,
): Promise<number> {
  const { asked, audit, front } = setting();
  const refuse = async (): Promise<void> => {
    const { status } = await front.handle(aPost(content, over));
    if (status === 200 || asked.length > 0) throw new Error(`${message} was not refused`);
  };
  const costs: number[] = [];
  for (let done = 0; done < TIMES; done += 1) costs.push((await costOf(refuse, 1)).cpuMicroseconds);
  // A refusal after authentication names its requestor.
  if (audit.records.some(({ requestor }) => requestor !== undefined))
    throw new Error(`${message} was refused too late`);
  return median(costs) / 1000;
}

if (import.meta.main) process.send?.(await measureHere());
