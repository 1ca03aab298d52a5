// The bridge inside the real server, a process of its own: SOAP over TLS, and an assertion that becomes an access token.
import { rm } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { startImageServer } from '#test/bench/server/image-server.ts';
import type { ServerProcess } from '#test/bench/server/server-process.ts';
import { createTlsAgent, runTlsLoad, sendTls, type TlsLoad } from '#test/bench/tls-load.ts';
import { SAML2_TYPE } from '#test/support/saml/saml-document.ts';
import { GATEWAY_BASIC, TOKEN_EXCHANGE } from '#test/support/server/document.ts';
import {
  aBatchMessage,
  anIssueMessage,
  aTargetMessage,
  SAML2,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { besideSignature } from './bridge-rounds.ts';
import { aCurrentAssertion, type BridgeSetting, createBridgeSetting } from './bridge-setting.ts';
import type { MeasuredWork } from './bridge-works.ts';

const IN_FLIGHT = 16;
const REQUESTS = Number(process.env['BENCH_REQUESTS'] ?? 1000);
/** Before anything is measured: until Node has compiled what is hot. With 12 000 its compiler still took 70 to 150 µs a request. */
const HEATING = 30 * REQUESTS;

/** Requests in one message of the batch. */
const BATCH_SIZE = 10;
const SINGLE = 'WS-Trust Issue, user name over TLS, SAML 2.0';
const SOAP12 = { 'content-type': 'application/soap+xml; charset=utf-8' };
const FOR_BILLING = `<p:AppliesTo xmlns:p="http://www.w3.org/ns/ws-policy"><a:EndpointReference><a:Address>${BILLING}</a:Address></a:EndpointReference></p:AppliesTo>`;

interface Traffic {
  readonly work: string;
  readonly target: number;
  /** How many pieces of work one message asks for; 1 where it is left out. */
  readonly per?: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function exchangeOf({ partner }: BridgeSetting): Traffic {
  const exchange = new URLSearchParams({
    grant_type: TOKEN_EXCHANGE,
    subject_token: Buffer.from(aCurrentAssertion(partner)).toString('base64url'),
    subject_token_type: SAML2_TYPE,
    resource: 'https://orders.example/',
    scope: 'orders.read',
  });
  return {
    work: 'token exchange over TLS, SAML 2.0 to ES256',
    target: 1,
    path: '/token',
    headers: { authorization: GATEWAY_BASIC, 'content-type': 'application/x-www-form-urlencoded' },
    body: exchange.toString(),
  };
}

// `ownToken` is one that this server has just issued.
function soapTraffic(ownToken: string): readonly Traffic[] {
  const base = { path: '/ws-trust', headers: SOAP12 };
  const item = `<t:TokenType>${SAML2}</t:TokenType>${FOR_BILLING}`;
  return [
    { ...base, work: SINGLE, target: 1.5, body: anIssueMessage({ tokenType: SAML2 }) },
    {
      ...base,
      work: `the same, ${BATCH_SIZE} in one message, each`,
      target: Number.NaN,
      per: BATCH_SIZE,
      body: aBatchMessage(
        'Issue',
        Array.from({ length: BATCH_SIZE }, () => item),
      ),
    },
    {
      ...base,
      work: 'WS-Trust Validate of our own SAML 2.0, user name over TLS',
      target: 0.5,
      body: aTargetMessage('Validate', { target: ownToken }),
    },
  ];
}

async function measureTraffic(
  { work, target, path, per = 1, ...message }: Traffic,
  server: ServerProcess,
  agent: TlsLoad['agent'],
): Promise<MeasuredWork> {
  const load = { ...message, url: `${server.url}${path}`, agent, inFlight: IN_FLIGHT };
  await runTlsLoad({ ...load, requests: HEATING / per });
  const requests = REQUESTS / per;
  const beside = await besideSignature(async () => {
    const before = await server.usage();
    const started = performance.now();
    await runTlsLoad({ ...load, requests });
    const wallMicroseconds = ((performance.now() - started) * 1000) / REQUESTS;
    const after = await server.usage();
    return {
      cpuMicroseconds: (after.cpuMicroseconds - before.cpuMicroseconds) / REQUESTS,
      wallMicroseconds,
    };
  });
  return { work, target, measure: 'cost', beside };
}

// A batch is held against as many single requests of the same run.
function withSingleAsTarget(measured: readonly MeasuredWork[]): readonly MeasuredWork[] {
  const single = measured.find(({ work }) => work === SINGLE)?.beside.cpuRatio ?? Number.NaN;
  return measured.map((row) => (Number.isNaN(row.target) ? { ...row, target: single } : row));
}

/** Measures requests to the server. */
export async function measureServer(): Promise<readonly MeasuredWork[]> {
  const setting = await createBridgeSetting();
  const { configPath, directory, tlsCertificate } = setting;
  const server = await startImageServer(configPath, directory);
  const agent = createTlsAgent(tlsCertificate, IN_FLIGHT);
  try {
    const url = `${server.url}/ws-trust`;
    const answer = await sendTls({
      url,
      agent,
      headers: SOAP12,
      body: anIssueMessage({ tokenType: SAML2 }),
    });
    const measured: MeasuredWork[] = [];
    for (const traffic of [
      ...soapTraffic(tokenOf({ status: 200, text: answer })),
      exchangeOf(setting),
    ])
      measured.push(await measureTraffic(traffic, server, agent));
    return withSingleAsTarget(measured);
  } finally {
    agent.destroy();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
