// The bridge inside the real server, a process of its own: SOAP over TLS, and an assertion that becomes an access token.
import { rm } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { GATEWAY_SECRET, TOKEN_EXCHANGE } from '#test/support/document.ts';
import { anRst } from '#test/support/rst.ts';
import { SAML2_TYPE } from '#test/support/saml-document.ts';
import { besideSignature } from './bridge-rounds.ts';
import { aCurrentAssertion, type BridgeSetting, createBridgeSetting } from './bridge-setting.ts';
import type { MeasuredWork } from './bridge-works.ts';
import { startImageServer } from './image-server.ts';
import type { ServerProcess } from './server-process.ts';
import { createTlsAgent, runTlsLoad, type TlsLoad } from './tls-load.ts';

const IN_FLIGHT = 16;
const REQUESTS = Number(process.env['BENCH_REQUESTS'] ?? 1000);
/** Before anything is measured: until Node has compiled what is hot. */
const HEATING = 12 * REQUESTS;

interface Traffic {
  readonly work: string;
  readonly target: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function trafficOf({ partner }: BridgeSetting): readonly Traffic[] {
  const exchange = new URLSearchParams({
    grant_type: TOKEN_EXCHANGE,
    subject_token: Buffer.from(aCurrentAssertion(partner)).toString('base64url'),
    subject_token_type: SAML2_TYPE,
    resource: 'https://orders.example/',
    scope: 'orders.read',
  });
  const authorization = `Basic ${Buffer.from(`gateway:${GATEWAY_SECRET}`).toString('base64')}`;
  return [
    {
      work: 'WS-Trust Issue, user name over TLS, SAML 2.0',
      target: 1.5,
      path: '/ws-trust',
      headers: { 'content-type': 'application/soap+xml; charset=utf-8' },
      body: anRst({ tokenType: 'urn:oasis:names:tc:SAML:2.0:assertion' }),
    },
    {
      work: 'token exchange over TLS, SAML 2.0 to ES256',
      target: 1,
      path: '/token',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: exchange.toString(),
    },
  ];
}

async function measureTraffic(
  { work, target, path, ...message }: Traffic,
  server: ServerProcess,
  agent: TlsLoad['agent'],
): Promise<MeasuredWork> {
  const load = { ...message, url: `${server.url}${path}`, agent, inFlight: IN_FLIGHT };
  await runTlsLoad({ ...load, requests: HEATING });
  const beside = await besideSignature(async () => {
    const before = await server.usage();
    const started = performance.now();
    await runTlsLoad({ ...load, requests: REQUESTS });
    const wallMicroseconds = ((performance.now() - started) * 1000) / REQUESTS;
    const after = await server.usage();
    return {
      cpuMicroseconds: (after.cpuMicroseconds - before.cpuMicroseconds) / REQUESTS,
      wallMicroseconds,
    };
  });
  return { work, target, measure: 'cost', beside };
}

/** Measures requests to the server. */
export async function measureServer(): Promise<readonly MeasuredWork[]> {
  const setting = await createBridgeSetting();
  const { configPath, directory, tlsCertificate } = setting;
  const server = await startImageServer(configPath, directory);
  const agent = createTlsAgent(tlsCertificate, IN_FLIGHT);
  try {
    const measured: MeasuredWork[] = [];
    for (const traffic of trafficOf(setting))
      measured.push(await measureTraffic(traffic, server, agent));
    return measured;
  } finally {
    agent.destroy();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
