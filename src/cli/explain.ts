// `viaduct explain`: every row considered, the one that decided, and each claim with its source and rule.
import type { Evidence } from '#core/decision/evidence.ts';
import { explain } from '#core/decision/explain.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import type { Requestor } from '#core/request/requestor.ts';
import { requestorToken } from '#core/request/requestor-validator.ts';
import type { SecurityToken, TokenUse, ValidatedToken } from '#core/token/security-token.ts';
import { formOf, TOKEN_TYPES, type TokenType, tokenTypeOfUri } from '#core/token/token-type.ts';
import { createExplainer, type Explainer } from '#src/app/explainer.ts';
import type { Config } from '#src/config/config.ts';
import { type Command, type ExitCode, type Terminal, UsageError } from './command/command.ts';
import { DEFAULT_CONFIG, type Options, parseOptions } from './command/options.ts';
import { readInput, readToken } from './command/read-token.ts';
import { withConfig } from './command/with-config.ts';
import { writeExplanation, writeRefusal } from './explain/explanation.ts';
import { describeUnverifiedJwt } from './explain/unverified-jwt.ts';

const OPTIONS = {
  config: { type: 'string', default: DEFAULT_CONFIG },
  client: { type: 'string' },
  'subject-token': { type: 'string' },
  'subject-token-type': { type: 'string' },
  'actor-token': { type: 'string' },
  'actor-token-type': { type: 'string' },
  'requested-token-type': { type: 'string' },
  resource: { type: 'string', multiple: true },
  audience: { type: 'string', multiple: true },
  scope: { type: 'string' },
  rst: { type: 'string' },
  path: { type: 'string' },
} as const satisfies Options;

const parseValues = (words: readonly string[]) => parseOptions(words, OPTIONS).values;
type Values = ReturnType<typeof parseValues>;

function typeOf(name: string): TokenType {
  // Those alone that a client can name: what else there is comes in another way, and would be no evidence here.
  const { uri = name } = Object.hasOwn(TOKEN_TYPES, name) ? TOKEN_TYPES[name as TokenType] : {};
  const type = tokenTypeOfUri(uri);
  if (!type) throw new UsageError(`unknown token type ${name}`);
  return type;
}

async function evidence(
  word: string | undefined,
  type: string | undefined,
  use: TokenUse,
): Promise<SecurityToken | undefined> {
  if (word !== undefined) {
    const content = await readToken(word);
    // Clients send an assertion in base64 (RFC 8693 §2.1, RFC 7522 §2.1); in a trace it stands as XML.
    const sent = content.startsWith('<') ? Buffer.from(content).toString('base64url') : content;
    return { type: typeOf(type ?? 'jwt'), use, content: sent };
  }
  if (type !== undefined) throw new UsageError(`--${use}-token-type is for --${use}-token`);
  return undefined;
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
  if (values.rst !== undefined)
    return explainer.readRst(await readInput(values.rst), values.path ?? '/ws-trust');
  const client = config.clients.find(({ client_id }) => client_id === values.client);
  if (!client) throw new UsageError(`no client ${values.client ?? ''} in the configuration`);
  const request = await requestOf(values, explainer.requestorOf(client));
  explainer.requireGrant(client, request);
  const subject = await validated(request.subject, explainer);
  const actor = request.actor && (await validated(request.actor, explainer));
  return { request, subject, actor };
}

/** A token that was refused, and what it says of itself. */
class RefusedToken extends Error {
  readonly refusal: ExchangeFailure;
  readonly sayings: readonly string[];

  constructor(refusal: ExchangeFailure, sayings: readonly string[]) {
    super(refusal.message, { cause: refusal });
    this.refusal = refusal;
    this.sayings = sayings;
  }
}

/** @throws {RefusedToken} as the validator refuses */
async function validated(token: SecurityToken, explainer: Explainer): Promise<ValidatedToken> {
  try {
    return await explainer.validate(token);
  } catch (cause) {
    if (!(cause instanceof ExchangeFailure)) throw cause;
    const isJwt = typeof token.content === 'string' && formOf(token.type) === 'jwt';
    const { now } = explainer.moment();
    throw new RefusedToken(cause, isJwt ? describeUnverifiedJwt(token.content, now) : []);
  }
}

async function run(config: Config, values: Values, terminal: Terminal): Promise<ExitCode> {
  const explainer = await createExplainer(config);
  try {
    const evidence = await evidenceOf(values, config, explainer);
    const { issuers, rules } = explainer;
    const explanation = explain(evidence, rules, { ...explainer.moment(), issuers });
    terminal.out(writeExplanation(evidence, explanation, config.relyingParties));
    return 'granted' in explanation.outcome ? 0 : 1;
  } catch (cause) {
    const refusal = cause instanceof RefusedToken ? cause.refusal : cause;
    if (!(refusal instanceof ExchangeFailure)) throw cause;
    const { message: detail, reason } = refusal;
    const sayings = cause instanceof RefusedToken ? cause.sayings : [];
    terminal.out(writeRefusal('refused before policy', { reason, detail }, sayings));
    return 1;
  } finally {
    await explainer.close();
  }
}

/** A message says all of its request itself: what stands beside it would be without effect. */
function requireOneRequest(values: Values): void {
  const { client, path, rst } = values;
  const other = Object.keys(values).find((name) => !['config', 'path', 'rst'].includes(name));
  if (rst === undefined && client === undefined)
    throw new UsageError('say who asks with --client ID, or which message with --rst FILE');
  if (rst !== undefined && other !== undefined)
    throw new UsageError(`--${other} does not go with --rst: the message says it`);
  if (rst === undefined && path !== undefined) throw new UsageError('--path is for --rst');
  if (values['subject-token'] === '-' && values['actor-token'] === '-')
    throw new UsageError('the standard input holds one token');
}

export const explainCommand: Command = async (words, terminal) => {
  const values = parseValues(words);
  requireOneRequest(values);
  return withConfig(values.config, terminal, (config) => run(config, values, terminal));
};
