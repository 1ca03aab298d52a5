// `viaduct demo`: the demo exchange as a curl command with a freshly minted subject token.
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type Command, UsageError } from './command/command.ts';
import { exists } from './command/exists.ts';
import { DEFAULT_CONFIG, parseOptions } from './command/options.ts';
import { shellWord } from './command/shell-word.ts';
import { withConfig } from './command/with-config.ts';
import { demoSubjectToken } from './init/demo-issuer.ts';

interface DemoKey {
  readonly kid: string;
}

/** A path as a shell takes it, from where we are. */
const shellPath = (path: string): string => shellWord(relative(process.cwd(), path));

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
  const path = (name: string): string => shellPath(join(directory, name));
  return [
    `curl --cacert ${path('tls/localhost.pem')} -u "gateway:$(cat ${path('demo/gateway.secret')})" ${issuer}/token`,
    '-d grant_type=urn:ietf:params:oauth:grant-type:token-exchange',
    '-d resource=https://orders.example/',
    '-d subject_token_type=urn:ietf:params:oauth:token-type:jwt',
    `-d subject_token=${demoSubjectToken(keyPem, keys[0].kid, issuer)}`,
  ].join(' \\\n  ');
}

const TRUST = 'http://docs.oasis-open.org/ws-sx/ws-trust/200512';
const SAML_20 = 'urn:oasis:names:tc:SAML:2.0:assertion';
const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';

/** A request as a SOAP client writes it, for the demo user. */
function demoRst(password: string): string {
  return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">
  <s:Header>
    <a:Action>${TRUST}/RST/Issue</a:Action>
    <o:Security xmlns:o="${WSSE}">
      <o:UsernameToken><o:Username>bob</o:Username><o:Password>${password}</o:Password></o:UsernameToken>
    </o:Security>
  </s:Header>
  <s:Body>
    <t:RequestSecurityToken xmlns:t="${TRUST}">
      <t:RequestType>${TRUST}/Issue</t:RequestType>
      <t:TokenType>${SAML_20}</t:TokenType>
      <t:KeyType>${TRUST}/Bearer</t:KeyType>
      <p:AppliesTo xmlns:p="http://schemas.xmlsoap.org/ws/2004/09/policy">
        <a:EndpointReference><a:Address>https://orders.example/soap</a:Address></a:EndpointReference>
      </p:AppliesTo>
    </t:RequestSecurityToken>
  </s:Body>
</s:Envelope>
`;
}

/** Writes the request beside the configuration and returns the curl command that sends it. */
async function soapCurl(configPath: string, issuer: string): Promise<string> {
  const directory = dirname(configPath);
  const password = await readFile(join(directory, 'demo/bob.password'), 'utf8');
  const path = join(directory, 'demo/rst.xml');
  await writeFile(path, demoRst(password.trim()), { mode: 0o600 });
  const certificate = shellPath(join(directory, 'tls/localhost.pem'));
  return `curl --cacert ${certificate} -H 'Content-Type: application/soap+xml; charset=utf-8' --data-binary @${shellPath(path)} ${issuer}/ws-trust`;
}

/** The demo as a curl command, or undefined where the configuration is not the demo's. */
async function curlFor(
  kind: string,
  configPath: string,
  issuer: string,
): Promise<string | undefined> {
  const exchange = await demoCurl(configPath, issuer);
  if (exchange === undefined || kind === 'exchange') return exchange;
  if (kind === 'soap') return soapCurl(configPath, issuer);
  return `${exchange} \\\n  -d requested_token_type=urn:ietf:params:oauth:token-type:saml2`;
}

export const demoCommand: Command = async (words, terminal) => {
  const { positionals, values } = parseOptions(
    words,
    { config: { type: 'string', default: DEFAULT_CONFIG } },
    true,
  );
  const [kind = 'exchange', ...others] = positionals;
  if (!['exchange', 'saml', 'soap'].includes(kind) || others.length > 0) {
    throw new UsageError('say exchange, saml or soap');
  }
  return withConfig(values.config, terminal, async ({ issuer }) => {
    const curl = await curlFor(kind, values.config, issuer);
    if (curl === undefined) {
      terminal.error('there is no demo/ beside this configuration: `viaduct init` makes one');
      return 1;
    }
    terminal.out(curl);
    return 0;
  });
};
