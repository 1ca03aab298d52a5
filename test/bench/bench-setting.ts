// One configuration for the server under the bench, and the same keys for the baseline.
import { createPrivateKey } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { aConfigDocument, type ConfigDocument, ISSUER } from '#test/support/server/document.ts';
import { createPartner, type Partner, writeConfiguration } from '#test/support/server/server.ts';
import type { BaselineSetting } from './server/baseline-server.ts';

export interface BenchSetting {
  readonly directory: string;
  readonly configPath: string;
  readonly partner: Partner;
  readonly baseline: BaselineSetting;
}

/** On a busy machine the server would answer 503 where it should be measured. */
export const PATIENT = { maxLoopDelayMilliseconds: 10_000 };
export const PATIENT_AUDIT = { waitMilliseconds: 10_000 };

function aBenchDocument(): ConfigDocument {
  const document = aConfigDocument();
  document['limits'] = PATIENT;
  Object.assign(document['audit'] as object, PATIENT_AUDIT);
  const [orders] = document.relyingParties;
  const [row, self] = document.policy;
  document.relyingParties.push({
    ...orders,
    id: 'rs256',
    resources: ['https://rs256.example/'],
    audiences: ['rs256'],
    token: { type: 'access_token', algorithm: 'RS256', lifetimeSeconds: 600 },
  });
  Object.assign(row ?? {}, { target: ['orders', 'rs256'] });
  Object.assign(self ?? {}, { target: ['orders', 'rs256'] });
  return document;
}

async function privateJwk(path: string): Promise<JWK> {
  return createPrivateKey(await readFile(path, 'utf8')).export({ format: 'jwk' }) as JWK;
}

/** Writes everything both servers need into a fresh directory. */
export async function createBenchSetting(sections: object = {}): Promise<BenchSetting> {
  const directory = await mkdtemp(join(tmpdir(), 'viaduct-bench-'));
  const { partner, jwks } = await createPartner({ now: () => Math.floor(Date.now() / 1000) });
  const configPath = await writeConfiguration(
    directory,
    { ...aBenchDocument(), ...sections },
    jwks,
  );
  const [publicJwk] = jwks.keys;
  if (!publicJwk) throw new Error('the partner has no key');
  const baseline = {
    issuer: ISSUER,
    partner: publicJwk,
    signing: {
      ES256: await privateJwk(join(directory, 'keys/es256.pem')),
      RS256: await privateJwk(join(directory, 'keys/rs256.pem')),
    },
  };
  return { directory, configPath, partner, baseline };
}
