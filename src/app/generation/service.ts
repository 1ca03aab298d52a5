// The steps of the use cases over everything the configuration names.
import { hash } from 'node:crypto';
import type { Bridge } from '#bridge';
import { hasLostTrust } from '#core/decision/known-issuer.ts';
import type { Clock } from '#core/instant.ts';
import { createLedger, type Ledger, type LedgerSettings } from '#core/ledger/ledger.ts';
import type { PolicyRules } from '#core/policy.ts';
import type { Store } from '#core/ports.ts';
import {
  createRefreshFamilies,
  type RefreshFamilies,
  type RefreshFamiliesParts,
} from '#core/refresh/refresh-family.ts';
import { isPrincipalName } from '#core/request/requestor.ts';
import { createRequestorValidator } from '#core/request/requestor-validator.ts';
import { createStatusLists } from '#core/status-list/status-list.ts';
import type { TokenIssuer } from '#core/token/token-issuer.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import type { TokenServiceParts } from '#core/token-service.ts';
import type { Config } from '#src/config/config.ts';
import { createIdSource } from '#src/http/id-source.ts';
import { createKeyRing, type KeyRing } from '#src/keys/key-ring.ts';
import { createTokenSeal } from '#src/keys/token-seal.ts';
import { createRefreshTokenCodec } from '#src/oauth/own-tokens/refresh-token-codec.ts';
import { createRefreshTokenIssuer } from '#src/oauth/own-tokens/refresh-token-issuer.ts';
import { createContextIssuer } from '#src/tokens/context/context-issuer.ts';
import { createContextValidator } from '#src/tokens/context/context-validator.ts';
import { createJwtIssuer } from '#src/tokens/jwt/jwt-issuer.ts';
import { createJwtValidator } from '#src/tokens/jwt/jwt-validator.ts';
import type { Foundation } from '../foundation/foundation.ts';
import type { Observers } from '../foundation/observers.ts';
import { certificateRevalidation, x509Validators } from '../trust/certificates.ts';
import type { KeptSources } from '../trust/kept-sources.ts';
import { trustedJwtIssuers } from '../trust/trust.ts';
import type { CertificatesOfIssuers } from '../trust/trusted-certificates.ts';
import { createTokenAdmission } from './admission.ts';
import { marginSeconds } from './clock-margin.ts';
import { shuffled } from './status-lists.ts';
import { loginMarks, userStandings, userValidators } from './users.ts';

const longestLifetimeSeconds = (config: Config): number =>
  Math.max(...config.relyingParties.map(({ token }) => token.lifetimeSeconds), 0);

/** How long after now the last token can end that descends from one of now. */
const longestDescentSeconds = (config: Config): number =>
  Math.max(
    longestLifetimeSeconds(config),
    ...config.policy.map(({ grant }) => grant.renewal?.lifetimeSeconds ?? 0),
  );

const longestAcceptanceSeconds = (config: Config): number => {
  const terms = config.trustedIssuers.flatMap(({ jwt, saml }) => [jwt, saml]);
  const seconds = terms.map((term) =>
    term ? term.assertionMaxAgeSeconds + 2 * term.skewSeconds : 0,
  );
  return Math.max(...seconds, 0);
};

/** The longest life of what is signed with a key of ours: of a token, and where a relying party wants lists of a copy of one. */
const longestSignedSeconds = (config: Config): number => {
  const hasLists = config.relyingParties.some(({ token }) => token.statusList);
  return Math.max(
    longestLifetimeSeconds(config),
    hasLists ? config.statusLists.lifetimeSeconds : 0,
  );
};

/** The ring of our own keys. A superseded key stays published as long as a token signed with it can live. For us it verifies longer: as
 * long as something that was made from such a token can live. */
export function loadKeyRing(config: Config, clock: Clock): Promise<KeyRing> {
  const overlapSeconds = longestSignedSeconds(config) + config.clockSkewSeconds;
  const verifySeconds = longestDescentSeconds(config) + config.clockSkewSeconds;
  return createKeyRing(config.keys, { clock, overlapSeconds, verifySeconds });
}

interface ValidatorSurroundings {
  readonly bridge: Bridge;
  readonly ledger: Ledger;
  readonly observers: Observers;
  readonly certificates: CertificatesOfIssuers;
  readonly sources: KeptSources;
}

/** The validators in force: whose evidence is taken, and on what terms. Shared with `explain`. */
export function createValidators(
  config: Config,
  ring: KeyRing,
  { bridge, certificates, ledger, observers, sources }: ValidatorSurroundings,
): readonly TokenValidator[] {
  const own = {
    issuer: config.issuer,
    algorithms: [
      ...new Set(config.keys.filter(({ use }) => use === 'jwt').map(({ algorithm }) => algorithm)),
    ],
    skewSeconds: config.clockSkewSeconds,
    assertionMaxAgeSeconds: longestLifetimeSeconds(config),
    verificationKey: (wanted: Parameters<KeyRing['verificationKey']>[0]) =>
      ring.verificationKey(wanted),
    signedBefore: (kid: string | undefined) => ring.signedBefore(kid),
  };
  return [
    createRequestorValidator(config.issuer),
    createJwtValidator({
      own,
      otherOwnNames: [config.saml.entityId],
      trusted: trustedJwtIssuers(config, sources, observers),
      clock: observers.clock,
    }),
    createContextValidator({ issuer: config.issuer, ledger, clock: observers.clock }),
    ...bridge.validators,
    ...x509Validators(config, certificates, { observers, sources }),
  ];
}

/** The same issuer, its signatures timed. */
function timed(issuer: TokenIssuer, { metrics }: Foundation): TokenIssuer {
  return {
    ...issuer,
    async issue(spec) {
      const started = performance.now();
      const token = await issuer.issue(spec);
      metrics.signSeconds.observe({ key: spec.algorithm }, (performance.now() - started) / 1000);
      return token;
    },
  };
}

function sealOf({ issuer, keptSecrets }: Config, clock: Clock): Pick<LedgerSettings, 'seal'> {
  if (!keptSecrets) return {};
  const keys = keptSecrets.keys.map(({ activeFrom = 0, keyBase64 }) => ({
    secret: Buffer.from(keyBase64, 'base64'),
    activeFrom,
  }));
  return { seal: createTokenSeal(keys, issuer, clock) };
}

/** Whether what a token rests on has ended: its client, the login of a user, or the trust in who vouched for it. */
function groundsOf(config: Config, clock: Clock): LedgerSettings['isGroundless'] {
  const isPresent = loginMarks(config);
  const clients = new Set(config.clients.map(({ client_id }) => client_id));
  const { issuers } = policyRules(config);
  return (entry) =>
    !(isPrincipalName(entry.clientId) || clients.has(entry.clientId)) ||
    (entry.loginMark !== undefined && !isPresent(entry.loginMark)) ||
    hasLostTrust(entry, issuers, clock.now());
}

/** The ledger over a store. */
export function openLedger(config: Config, store: Store, clock: Clock): Ledger {
  return createLedger(store, clock, {
    marginSeconds: marginSeconds(config),
    ownIssuers: new Set([config.issuer]),
    longestDescentSeconds: longestDescentSeconds(config),
    isGroundless: groundsOf(config, clock),
    digest: (text) => hash('sha256', text, 'base64url'),
    ...sealOf(config, clock),
  });
}

/** The families of refresh tokens, where the configuration has any. */
export function refreshFamilies(
  config: Config,
  parts: Pick<RefreshFamiliesParts, 'clock' | 'ledger' | 'store'>,
): RefreshFamilies | undefined {
  const { issuer, refreshTokens } = config;
  if (!refreshTokens) return undefined;
  const key = Buffer.from(refreshTokens.keyBase64, 'base64');
  const codec = createRefreshTokenCodec(key, issuer);
  return createRefreshFamilies({ ...parts, issuer, codec, marginSeconds: marginSeconds(config) });
}

/** The policy in force. */
export function policyRules(config: Config): PolicyRules {
  const { delegation, issuer, keptSecrets, policy, relyingParties, trustedIssuers } = config;
  const issuers = trustedIssuers.map(
    ({ id, actorIssuers, aliases, enabledUntil, issuer: name, jwt, saml, x509 }) => ({
      id,
      names: [name, ...aliases],
      actorIssuers,
      // Subjects of certificates that are users of ours have their names.
      subjectPrefixes: [jwt, saml, x509?.areUsers ? undefined : x509].flatMap((terms) =>
        terms ? [terms.subjectPrefix ?? `${id}:`] : [],
      ),
      ...(enabledUntil !== undefined && { enabledUntil }),
    }),
  );
  const keepsSecrets = keptSecrets !== undefined;
  return { issuer, rows: policy, relyingParties, ...delegation, issuers, keepsSecrets };
}

const fenceOf =
  (config: Config, { storeBegan }: Foundation): TokenServiceParts['fence'] =>
  () => ({
    issuedBefore: storeBegan(),
    acceptanceSeconds: longestAcceptanceSeconds(config),
    longestLifetimeSeconds: longestLifetimeSeconds(config),
  });

/** Keys of ours and of others, and what is built over them. */
interface KeyMaterial {
  readonly bridge: Bridge;
  readonly certificates: CertificatesOfIssuers;
  readonly ring: KeyRing;
  readonly sources: KeptSources;
}

/** What issues our tokens. `signing`: what becomes of an issuer that signs. */
export const createIssuers = (
  { bridge, ring }: Pick<KeyMaterial, 'bridge' | 'ring'>,
  families: RefreshFamilies | undefined,
  signing = (issuer: TokenIssuer): TokenIssuer => issuer,
): readonly TokenIssuer[] => [
  ...[createJwtIssuer(ring), ...bridge.issuers].map(signing),
  createContextIssuer(),
  ...(families ? [createRefreshTokenIssuer(families)] : []),
];

/** The parts of the token service for one configuration and its keys. */
export function serviceParts(
  config: Config,
  { ring, ...material }: KeyMaterial,
  foundation: Foundation,
): TokenServiceParts {
  const { clock, store } = foundation;
  const ledger = openLedger(config, store, clock);
  const fence = fenceOf(config, foundation);
  const statusLists = createStatusLists({
    fence,
    issuer: config.issuer,
    store,
    ledger,
    clock,
    newId: createIdSource(),
    shuffled,
    longestLifetimeSeconds: longestLifetimeSeconds(config),
    marginSeconds: marginSeconds(config),
  });
  const families = refreshFamilies(config, { clock, ledger, store });
  const validators = [
    ...createValidators(config, ring, { ...material, ledger, observers: foundation }),
    ...userValidators(config, store, foundation),
  ];
  return {
    validators,
    revalidateCertificates: certificateRevalidation(validators),
    issuers: createIssuers({ bridge: material.bridge, ring }, families, (issuer) =>
      timed(issuer, foundation),
    ),
    rules: policyRules(config),
    ledger,
    ...(families && { families }),
    statusLists,
    store,
    audit: foundation.audit,
    clock,
    userStanding: userStandings(config),
    admitToken: createTokenAdmission(config, foundation),
    newId: createIdSource(),
    marginSeconds: marginSeconds(config),
    fence,
  };
}
