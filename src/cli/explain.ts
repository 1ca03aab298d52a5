// `viaduct explain`: every row considered, the one that decided, and each claim with its source and rule.
import { readFile } from 'node:fs/promises';
import type { Evidence } from '#core/evidence.ts';
import type { ExchangeRequest } from '#core/exchange-request.ts';
import { explain } from '#core/explain.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Requestor } from '#core/requestor.ts';
import { requestorToken } from '#core/requestor-validator.ts';
import type { SecurityToken, TokenUse } from '#core/security-token.ts';
import { TOKEN_TYPES, type TokenType, tokenTypeOfUri } from '#core/token-type.ts';
import { createExplainer, type Explainer } from '#src/app/explainer.ts';
import type { Config } from '#src/config/config.ts';
import { type Command, type ExitCode, type Terminal, UsageError } from './command.ts';
import { writeExplanation } from './explanation.ts';
import { DEFAULT_CONFIG, type Options, parseOptions } from './options.ts';
import { printableLine } from './printable.ts';
import { withConfig } from './with-config.ts';

const OPTIONS = {
  config: { type: 'string', default: DEFAULT_CONFIG },
  client: { type: 'string' },
  'subject-token': { type: 'string' },
  'subject-token-type': { type: 'string', default: 'jwt' },
  'actor-token': { type: 'string' },
  'actor-token-type': { type: 'string', default: 'jwt' },
  'requested-token-type': { type: 'string' },
  resource: { type: 'string', multiple: true },
  audience: { type: 'string', multiple: true },
  scope: { type: 'string' },
  rst: { type: 'string' },
  path: { type: 'string', default: '/ws-trust' },
} as const satisfies Options;

const USAGE = `explain --client ID [--subject-token TOKEN | @FILE | -] [--subject-token-type jwt|id_token|access_token]
        [--actor-token …] [--resource URI …] [--audience NAME …] [--scope "A B"] [--requested-token-type TYPE]
        without a subject token the client asks for itself; token types: jwt, id_token, access_token, saml1, saml2
        explain --rst FILE [--path /ws-trust]  a SOAP message with its RequestSecurityToken, authenticated as the server would,
        at the address that it was sent to`;

const parseValues = (words: readonly string[]) => parseOptions(words, OPTIONS).values;
type Values = ReturnType<typeof parseValues>;

/** A token from the command line, a file or the standard input: a shell history is no place for one. */
async function readToken(word: string): Promise<string> {
  if (word === '-') return (await readFile('/dev/stdin', 'utf8')).trim();
  return word.startsWith('@') ? (await readFile(word.slice(1), 'utf8')).trim() : word;
}

function typeOf(name: string): TokenType {
  const type =
    tokenTypeOfUri(name) ?? (Object.hasOwn(TOKEN_TYPES, name) ? (name as TokenType) : undefined);
  if (!type) throw new UsageError(`unknown token type ${name}`);
  return type;
}

async function evidence(
  word: string | undefined,
  type: string,
  use: TokenUse,
): Promise<SecurityToken | undefined> {
  return word === undefined
    ? undefined
    : { type: typeOf(type), use, content: await readToken(word) };
}

async function requestOf(values: Values, requestor: Requestor): Promise<ExchangeRequest> {
  const actor = await evidence(values['actor-token'], values['actor-token-type'], 'actor');
  const subject = await evidence(values['subject-token'], values['subject-token-type'], 'subject');
  const scopes = values.scope?.split(' ').filter(Boolean);
  return {
    operation: 'explain',
    correlationId: 'explain',
    requestor,
    subject: subject ?? requestorToken(requestor, 'subject'),
    ...(actor && { actor }),
    targets: [
      ...(values.resource ?? []).map((value) => ({ kind: 'resource', value }) as const),
      ...(values.audience ?? []).map((value) => ({ kind: 'audience', value }) as const),
    ],
    ...(values['requested-token-type'] !== undefined && {
      requestedType: typeOf(values['requested-token-type']),
    }),
    ...(scopes && { scopes }),
  };
}

async function evidenceOf(values: Values, config: Config, explainer: Explainer): Promise<Evidence> {
  if (values.rst !== undefined) return explainer.readRst(await readFile(values.rst), values.path);
  const client = config.clients.find(({ client_id }) => client_id === values.client);
  if (!client) throw new UsageError(`no client ${values.client ?? ''} in the configuration`);
  const request = await requestOf(values, explainer.requestorOf(client));
  const subject = await explainer.validate(request.subject);
  const actor = request.actor && (await explainer.validate(request.actor));
  return { request, subject, actor };
}

async function run(config: Config, values: Values, terminal: Terminal): Promise<ExitCode> {
  const explainer = await createExplainer(config);
  try {
    const evidence = await evidenceOf(values, config, explainer);
    const explanation = explain(evidence, explainer.rules, explainer.moment());
    terminal.out(writeExplanation(evidence, explanation));
    return 'granted' in explanation.outcome ? 0 : 1;
  } catch (cause) {
    if (!(cause instanceof ExchangeFailure)) throw cause;
    terminal.out(printableLine(`refused before policy: ${cause.reason}: ${cause.message}`));
    return 1;
  } finally {
    await explainer.close();
  }
}

export const explainCommand: Command = async (words, terminal) => {
  const values = parseValues(words);
  if ((values.client === undefined) === (values.rst === undefined)) throw new UsageError(USAGE);
  return withConfig(values.config, terminal, (config) => run(config, values, terminal));
};
