// `viaduct demo`: the demo exchange as a curl command with a freshly minted subject token.
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Command } from './command.ts';
import { demoSubjectToken } from './demo-issuer.ts';
import { exists } from './exists.ts';
import { DEFAULT_CONFIG, parseOptions } from './options.ts';
import { withConfig } from './with-config.ts';

interface DemoKey {
  readonly kid: string;
}

/** A curl command that exchanges a fresh demo token, or undefined where the configuration is not the demo's. */
export async function demoCurl(configPath: string, issuer: string): Promise<string | undefined> {
  const directory = dirname(configPath);
  const keyPath = join(directory, 'demo/partner.key');
  if (!(await exists(keyPath))) return undefined;
  const [keyPem, jwks] = await Promise.all([
    readFile(keyPath, 'utf8'),
    readFile(join(directory, 'demo/partner.jwks.json'), 'utf8'),
  ]);
  const { keys } = JSON.parse(jwks) as { readonly keys: readonly [DemoKey] };
  const path = (name: string): string => relative(process.cwd(), join(directory, name));
  return [
    `curl --cacert ${path('tls/localhost.pem')} -u "gateway:$(cat ${path('demo/gateway.secret')})" ${issuer}/token`,
    '-d grant_type=urn:ietf:params:oauth:grant-type:token-exchange',
    '-d resource=https://orders.example/',
    '-d subject_token_type=urn:ietf:params:oauth:token-type:jwt',
    `-d subject_token=${demoSubjectToken(keyPem, keys[0].kid, issuer)}`,
  ].join(' \\\n  ');
}

export const demoCommand: Command = async (words, terminal) => {
  const { values } = parseOptions(words, { config: { type: 'string', default: DEFAULT_CONFIG } });
  return withConfig(values.config, terminal, async ({ issuer }) => {
    const curl = await demoCurl(values.config, issuer);
    if (curl === undefined) {
      terminal.error('there is no demo/ beside this configuration: `viaduct init` makes one');
      return 1;
    }
    terminal.out(curl);
    return 0;
  });
};
