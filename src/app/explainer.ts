// What `explain` needs of the product: the same validators and rules, with no store, no audit and no signature.
import type { WsTrustFront } from '#bridge';
import type { Evidence } from '#core/decision/evidence.ts';
import { validateOwnCredential } from '#core/decision/own-credential.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Clock, Instant } from '#core/instant.ts';
import type { Ledger } from '#core/ledger/ledger.ts';
import { validateLoginCertificates } from '#core/ledger/login-certificates.ts';
import { findKeptSecret, validateRevocable, validateStanding } from '#core/ledger/standing.ts';
import type { PolicyRules } from '#core/policy.ts';
import type { AuditLog } from '#core/ports.ts';
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import type { Requestor } from '#core/request/requestor.ts';
import type { SecurityToken, ValidatedToken } from '#core/token/security-token.ts';
import type { TokenIssuer } from '#core/token/token-issuer.ts';
import { type TokenValidator, validatorFor } from '#core/token/token-validator.ts';
import type { TokenService } from '#core/token-service.ts';
import type { Config } from '#src/config/config.ts';
import { publicBaseOf } from '#src/http/base-path.ts';
import { type OAuthClient, requestorOf } from '#src/oauth/clients/oauth-client.ts';
import { grantsFor } from '#src/oauth/grants/grants.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { createVerifiedCache } from '#src/users/password/verified-cache.ts';
import { type Observers, quietObservers } from './foundation/observers.ts';
import { existingStore } from './foundation/store.ts';
import { createBridgeFrom, createSoapFront, type SoapParts } from './generation/bridge.ts';
import {
  createIssuers,
  createValidators,
  loadKeyRing,
  openLedger,
  policyRules,
  refreshFamilies,
} from './generation/service.ts';
import { userStandings, userValidators } from './generation/users.ts';
import { certificateRevalidation } from './trust/certificates.ts';
import { KeptSources } from './trust/kept-sources.ts';
import { parseTrustedCertificates } from './trust/trusted-certificates.ts';

export interface Explainer {
  readonly rules: PolicyRules;
  requestorOf(client: OAuthClient): Requestor;
  /** Refuses what the client may use no grant for.
   * @throws {ExchangeFailure} `requestor-not-allowed` */
  requireGrant(client: OAuthClient, request: ExchangeRequest): void;
  /** Validates as the server would, held against the ledger where the configured store exists; whether a one-time token
   * was used before is not looked at.
   * @throws {ExchangeFailure} as the validator */
  validate(token: SecurityToken): Promise<ValidatedToken>;
  moment(): { readonly now: Instant; readonly tokenId: string };
  readonly issuers: readonly TokenIssuer[];
  /** What a SOAP message to this path asks for, read and authenticated as the server does it. Whether the server has seen the message
   * makes no difference, and nothing of it is used up.
   * @throws {ExchangeFailure} where the server would answer with a fault before policy, with what the audit would say of it
   * @throws {Error} where nothing is there to explain: no such address, or an answer without a question of policy */
  readRst(message: Uint8Array, path: string): Promise<Evidence>;
  close(): Promise<void>;
}

type Validation = Pick<TokenService, 'validate' | 'validateRevocable'>;

function createValidation(validators: readonly TokenValidator[], ledger: Ledger): Validation {
  const validateFacts = async (token: SecurityToken) =>
    validatorFor(validators, token).validate(token);
  return {
    async validate(token) {
      const held = await validateStanding(await validateFacts(token), ledger);
      return validateLoginCertificates(held, {
        revalidateCertificates: certificateRevalidation(validators),
      });
    },
    validateRevocable: async (token) =>
      validateRevocable(await validateFacts({ ...token, use: 'lifecycle' }), ledger),
  };
}

interface Explaining {
  readonly config: Config;
  readonly rules: PolicyRules;
  readonly clock: Clock;
}

const stop = (): never => {
  throw new ExchangeFailure('operation-unsupported', 'explained, not issued');
};

/** A token service that stops where policy begins, and keeps what it was asked, and why a token was refused before. */
function capturingService(
  validation: Validation,
  { clock, config, rules }: Explaining,
  ledger: Ledger,
) {
  const known = { ...rules, userStanding: userStandings(config) };
  let captured: Evidence | undefined;
  let refusal: ExchangeFailure | undefined;
  const noting = async <Found>(found: Promise<Found>): Promise<Found> => {
    try {
      return await found;
    } catch (cause) {
      if (cause instanceof ExchangeFailure) refusal = cause;
      throw cause;
    }
  };
  const validateNoting = (token: SecurityToken) => noting(validation.validate(token));
  const sts: TokenService = {
    answerFor: (_request, work) => work(),
    validate: validateNoting,
    validateCredential: async (token) => validateOwnCredential(await validateNoting(token), known),
    validateRevocable: (token) => noting(validation.validateRevocable(token)),
    // Whether it was used before is not looked at, and whose actors it names policy sees.
    validateUsable: async () => {},
    useCredentials: async () => {},
    findSecret: (token) => findKeptSecret(token, ledger),
    async validateEvidence(request) {
      const subject = await validateNoting(request.subject);
      const actor = request.actor && (await validateNoting(request.actor));
      return { request, subject, actor };
    },
    decide(evidence) {
      captured = evidence;
      return stop();
    },
    rules,
    clock,
    findFamily: async () => stop(),
    advance: async () => stop(),
    decideRenewed: async () => stop(),
    admit: async () => stop(),
    admitRenewed: async () => stop(),
    issue: async () => stop(),
    record: async () => stop(),
  };
  return { sts, captured: () => captured, refusal: () => refusal };
}

/** Explaining a Cancel must cancel nothing. */
const readOnly = (ledger: Ledger): Ledger => ({
  ...ledger,
  async record() {
    throw new Error('explained, not recorded');
  },
  async revoke() {
    throw new ExchangeFailure('operation-unsupported', 'explained, not revoked');
  },
});

/** Why there is nothing to explain: an answer that no policy was asked for. */
function unexplained(status: number, path: string, addresses: readonly string[]): string {
  if (status === 404)
    return `the configuration has no such address as ${path}; messages are taken at ${addresses.join(', ')}`;
  return status === 200
    ? 'the message is answered without asking policy: there is nothing to explain'
    : 'the server would answer with an error of its own';
}

/** Where a SOAP 1.1 message says so itself, by its namespace. */
const SOAP_11 = 'http://schemas.xmlsoap.org/soap/envelope/';

function soapRequest(
  message: Uint8Array,
  path: string,
  issuer: string,
): Parameters<WsTrustFront['handle']>[0] {
  const isSoap11 = Buffer.from(message).includes(SOAP_11);
  return {
    method: 'POST',
    path,
    query: '',
    headers: { 'content-type': isSoap11 ? 'text/xml' : 'application/soap+xml' },
    body: message,
    correlationId: 'explain',
    publicBase: publicBaseOf(issuer),
    isSecure: true,
  };
}

/** The question is what policy says, whenever the message was sent and however many there were. */
const UNBOUNDED = {
  admitRequestor: () => undefined,
  fence: () => ({ issuedBefore: 0 }),
} as const satisfies Partial<SoapParts>;

type ReadingParts = Pick<SoapParts, 'bridge' | 'certificates' | 'ledger' | 'store'> & {
  readonly observers: Observers;
};

/** Reads messages as the server would, with an answer instead of a token. */
function messageReader(
  explaining: Explaining,
  validation: Validation,
  { observers, ...parts }: ReadingParts,
): Explainer['readRst'] {
  const { config } = explaining;
  return async (message, path) => {
    if (!config.wsTrust) throw new Error('the configuration has no wsTrust section');
    const { captured, refusal, sts } = capturingService(validation, explaining, parts.ledger);
    let detail: string | undefined;
    const audit: AuditLog = {
      async append(record) {
        detail = record.detail ?? detail;
      },
    };
    const newId = () => 'explained';
    const soapParts = { ...UNBOUNDED, ...parts, audit, newId, sts };
    const front = createSoapFront(config, soapParts, observers);
    const { reason, status } = await front.handle(soapRequest(message, path, config.issuer));
    const evidence = captured();
    if (evidence) return evidence;
    if (reason === undefined || reason === 'server-error')
      throw new Error(unexplained(status, path, front.addresses));
    const why = detail ?? refusal()?.message ?? 'the message is answered with a fault';
    throw new ExchangeFailure(reason, why);
  };
}

function requireGrant({ grant_types }: OAuthClient, request: ExchangeRequest): void {
  if (!grantsFor(request).some((name) => grant_types.includes(name)))
    throw new ExchangeFailure('requestor-not-allowed', 'the client may not use this grant');
}

/** Builds it for a configuration.
 * @throws {Error} when a key cannot be used */
export async function createExplainer(config: Config): Promise<Explainer> {
  const observers = quietObservers();
  const { clock } = observers;
  const ring = await loadKeyRing(config, clock);
  const sources = new KeptSources();
  const bridge = createBridgeFrom(config, { ring, sources }, observers);
  const certificates = await parseTrustedCertificates(config);
  // A store is not made for a question: where there is none, nothing was issued yet.
  const { store = new MemoryStore(clock) } = await existingStore(config, observers);
  // A question changes nothing: what was issued is read from the store, and what is written is gone with the answer. A one-time
  // mark in the store would refuse the very message that is asked about.
  const scratch = new MemoryStore(clock);
  const ledger = readOnly(openLedger(config, store, clock));
  const validators = [
    ...createValidators(config, ring, { bridge, certificates, ledger, observers, sources }),
    ...userValidators(config, scratch, { ...observers, goodLogins: createVerifiedCache(clock) }),
  ];
  const rules = policyRules(config);
  const families = refreshFamilies(config, { clock, ledger, store: scratch });
  const validation = createValidation(validators, ledger);
  const parts = { bridge, certificates, ledger, observers, store: scratch };
  return {
    rules,
    issuers: createIssuers({ bridge, ring }, families),
    requestorOf,
    requireGrant,
    validate: validation.validate,
    moment: () => ({ now: clock.now(), tokenId: 'explained' }),
    readRst: messageReader({ clock, config, rules }, validation, parts),
    close: () => store.close(),
  };
}
