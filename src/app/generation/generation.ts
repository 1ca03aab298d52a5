// One generation of handlers: everything that a key or a configuration can change, built anew and swapped in.
import type { Middleware } from 'koa';
import type { WsTrustFront } from '#bridge';
import type { Instant } from '#core/instant.ts';
import { createTokenService, type TokenService } from '#core/token-service.ts';
import type { Config } from '#src/config/config.ts';
import { ASSERTION_ALGORITHMS } from '#src/config/sections/keys/jwks.ts';
import { readForm } from '#src/http/message/body.ts';
import { createTrustedProxies, pinHost, trustProxies } from '#src/http/proxy.ts';
import { requestState } from '#src/http/request-state.ts';
import type { KeyRing } from '#src/keys/key-ring.ts';
import { createOAuthFront } from '#src/oauth/front.ts';
import { parseJwt } from '#src/tokens/jwt/jws/compact-jwt.ts';
import { writeUsableJwks } from '#src/trust/jwks.ts';
import { requireServedAddresses } from '../checks/served-addresses.ts';
import type { Foundation } from '../foundation/foundation.ts';
import { logSeldom } from '../foundation/seldom-log.ts';
import { KeptSources } from '../trust/kept-sources.ts';
import { createFetch } from '../trust/trust.ts';
import { parseTrustedCertificates } from '../trust/trusted-certificates.ts';
import { requireUsableMetadata } from '../trust/usable-metadata.ts';
import { createAdmission, createRequestorAdmission } from './admission.ts';
import { createBridgeFrom, createSoapFront } from './bridge.ts';
import { loadKeyRing, serviceParts } from './service.ts';
import { createStatusListMiddleware } from './status-lists.ts';
import { createWsTrustMiddleware, createWsTrustRefusals } from './ws-trust.ts';

/** How long others may keep our metadata and keys. */
const METADATA_MAX_AGE_SECONDS = 300;

/** How long keys of a client are fresh, whatever their document says: one that was withdrawn goes on until they are fetched again. */
const CLIENT_KEYS_FRESH_SECONDS = 3600;

export interface Generation {
  readonly handlers: readonly Middleware[];
  readonly ring: KeyRing;
  readonly builtAt: Instant;
  /** What was fetched of others, for the next one. */
  readonly sources: KeptSources;
}

/** The use cases, with how long each took. */
function timedService(sts: TokenService, { metrics }: Foundation): TokenService {
  return {
    ...sts,
    async answerFor(request, work) {
      const started = performance.now();
      try {
        return await sts.answerFor(request, work);
      } finally {
        metrics.issueSeconds.observe({}, (performance.now() - started) / 1000);
      }
    },
  };
}

/** Fetches the keys of clients. */
function createClientFetch(config: Config) {
  const fetchText = createFetch(config);
  return async (url: string | URL | Request): Promise<Response> => {
    const { text, maxAgeSeconds = 0 } = await fetchText(
      url instanceof Request ? url.url : url.toString(),
    );
    const freshSeconds = Math.min(maxAgeSeconds, CLIENT_KEYS_FRESH_SECONDS);
    // The library would take an RSA key by which anybody can sign.
    return new Response(writeUsableJwks(text), {
      headers: { 'cache-control': `max-age=${freshSeconds}` },
    });
  };
}

/** Logs that keys of a client cannot be fetched: of each client seldom, for strangers name it as often as they like. */
function tellClientKeysFailure({ clock, logger }: Foundation) {
  const logs = new Map<string, (cause: unknown) => void>();
  return (client: string, cause: unknown): void => {
    const log = (fields: object) =>
      logger.warn('keys of a client cannot be fetched', { client, ...fields });
    const seldom = logs.get(client) ?? logSeldom(clock, log);
    logs.set(client, seldom);
    seldom(cause);
  };
}

/** Builds the handlers; `before`: those in force until these are.
 * @throws {ConfigError} for an address or metadata that cannot be used
 * @throws {Error} when a key cannot be used */
export async function createGeneration(
  config: Config,
  foundation: Foundation,
  before?: Generation,
): Promise<Generation> {
  await requireServedAddresses(config);
  const builtAt = foundation.clock.now();
  for (const { path, what } of await requireUsableMetadata(config, builtAt))
    foundation.logger.error('metadata is no longer valid', { path, what });
  const ring = await loadKeyRing(config, foundation.clock);
  const sources = new KeptSources(before?.sources);
  const bridge = createBridgeFrom(config, { ring, sources }, foundation);
  const certificates = await parseTrustedCertificates(config);
  const parts = serviceParts(config, { bridge, certificates, ring, sources }, foundation);
  const counted = createRequestorAdmission(config, foundation);
  const { keys } = ring.privateJwks(builtAt);
  const sts = timedService(createTokenService(parts), foundation);
  const oauth = createOAuthFront({
    ...parts,
    ...counted,
    issuer: config.issuer,
    sts,
    relyingParties: config.relyingParties,
    clients: new Map(config.clients.map((client) => [client.client_id, client])),
    clockSkewSeconds: config.clockSkewSeconds,
    unknownKeyIntervalSeconds: config.fetch.unknownKeyIntervalSeconds,
    onKeysFailure: tellClientKeysFailure(foundation),
    jwks: keys,
    signingAlgorithms: [...new Set(keys.map(({ alg }) => alg ?? ''))],
    assertionAlgorithms: ASSERTION_ALGORITHMS,
    fetch: createClientFetch(config),
    readForm: (ctx) => readForm(ctx, config.limits.maxBodyBytes),
    validateJwtForm: parseJwt,
    cameInClear: (ctx) => requestState(ctx).wasPlain === true,
    metadataMaxAgeSeconds: METADATA_MAX_AGE_SECONDS,
  });
  const soapParts = { ...parts, ...counted, bridge, certificates, sts };
  const soap = config.wsTrust && createSoapFront(config, soapParts, foundation);
  const lists = createStatusListMiddleware(config, {
    statusLists: parts.statusLists,
    keys: ring,
    clock: foundation.clock,
  });
  const handlers = inOrder({ soap, others: [lists, ...oauth] }, config, foundation);
  return { handlers, ring, builtAt, sources };
}

interface Fronts {
  readonly soap: WsTrustFront | undefined;
  readonly others: readonly Middleware[];
}

/** Names first, then admission. The paths of the SOAP front are its own; the OAuth front, the last, answers all that is left. */
function inOrder(
  { soap, others }: Fronts,
  config: Config,
  foundation: Foundation,
): readonly Middleware[] {
  const names = [trustProxies(createTrustedProxies(config.trustedProxies)), pinHost(config.issuer)];
  const admission = createAdmission(config, foundation);
  if (!soap) return [...names, admission, ...others];
  const messages = createWsTrustMiddleware(soap, config, foundation);
  return [...names, createWsTrustRefusals(soap, config.issuer), admission, messages, ...others];
}
