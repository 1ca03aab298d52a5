// The WS-Trust front over the real core: a user store, a validator and issuers that a test can see through.
import { Buffer } from 'node:buffer';
import { contentTypeOf, type SoapVersion } from '#bridge/soap/soap-version.ts';
import type { EndpointProfile } from '#bridge/ws-trust/endpoint/endpoint-profile.ts';
import {
  ADFS_PROFILE,
  GENERIC_PROFILE,
  VCENTER_PROFILE,
  WSO2_PROFILE,
} from '#bridge/ws-trust/endpoint/profiles.ts';
import type { WsTrustFront, WsTrustRequest, WsTrustResponse } from '#bridge/ws-trust/front.ts';
import type { RestOperationParts } from '#bridge/ws-trust/rest/rest-operations.ts';
import { createWsTrustFront, type WsTrustFrontParts } from '#bridge/ws-trust/soap-front.ts';
import { attributeOf } from '#bridge/xml/tree.ts';
import { ExchangeFailure } from '#core/failure.ts';
import { createLedger } from '#core/ledger/ledger.ts';
import type { PolicyRules } from '#core/policy.ts';
import type { ExchangeRequest } from '#core/request/exchange-request.ts';
import { createRequestorValidator } from '#core/request/requestor-validator.ts';
import type { SecurityToken } from '#core/token/security-token.ts';
import type { TokenIssuer } from '#core/token/token-issuer.ts';
import type { TokenSpec } from '#core/token/token-spec.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { createTokenService, type TokenService } from '#core/token-service.ts';
import { createTokenSeal } from '#src/keys/token-seal.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { createContextIssuer } from '#src/tokens/context/context-issuer.ts';
import { createContextValidator } from '#src/tokens/context/context-validator.ts';
import { createUserValidator } from '#src/users/user-validator.ts';
import {
  aClaim,
  aMappingRule,
  aPolicyRow,
  aRelyingParty,
  asIfRecorded,
  aValidatedToken,
  type FakeAuditLog,
  fakeAuditLog,
  LENIENT,
  ledgerSettings,
  NOW,
  OWN_ISSUER,
  rules,
} from '#test/support/core.ts';
import { type FakeClock, fakeClock } from '#test/support/fake-clock.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anRst, BILLING } from './rst.ts';

/** Bounds of messages. */
export const LIMITS = {
  maxBodyBytes: 64 * 1024,
  skewSeconds: 300,
  maxTimestampLifetimeSeconds: 3600,
} as const;

export const USER = { name: 'alice', password: 'correct horse' };

/** The token text that the test issuer writes: it tells what was decided. */
export function tokenText({
  type,
  tokenId,
  actors,
  subjectName,
}: Pick<TokenSpec, 'type' | 'tokenId' | 'actors' | 'subjectName'>): string {
  const who = `${subjectName}${actors.map(({ id }) => ` by ${id}`).join('')}`;
  if (type === 'saml1')
    return `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_${tokenId}">${who}&#xE9;</saml:Assertion>`;
  if (type === 'saml2')
    return `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_${tokenId}">${who}&#xE9;</saml:Assertion>`;
  return `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${Buffer.from(who).toString('base64url')}.c2ln`;
}

const issuer: TokenIssuer = {
  canIssue: ({ type }) => type === 'saml1' || type === 'saml2' || type === 'jwt',
  issue: async (spec) => ({ spec, text: tokenText(spec) }),
};

const usersWith = (right = USER.password) => ({
  async authenticate({ name, password }: { name: string; password: string }) {
    if (name !== USER.name || password !== right)
      throw new ExchangeFailure('requestor-unauthenticated', 'wrong password');
    return { id: name, claims: { department: 'sales' }, methods: ['pwd'] as const };
  },
});

/** Takes a JWT `good.<subject>.x`, and an assertion of the version it says whose ID begins with `_good`. */
const foreignTokens: TokenValidator = {
  canHandle: ({ type }) => type === 'jwt' || type === 'saml1' || type === 'saml2',
  async validate({ type, use, content }: SecurityToken) {
    const id = idOf(content);
    if (!id.includes('good')) throw new ExchangeFailure('signature-invalid', 'no good token');
    return aValidatedToken({ type, use, id, claims: [aClaim()] });
  },
};

function idOf(content: SecurityToken['content']): string {
  if (typeof content === 'string') return content;
  const { element } = content as { element: Parameters<typeof attributeOf>[0] };
  return attributeOf(element, 'ID') ?? attributeOf(element, 'AssertionID') ?? '';
}

/** Alice may get SAML and JWT for `billing`, for herself, as others and on behalf of others. */
export function billingRules(over: Partial<PolicyRules> = {}): PolicyRules {
  return rules({
    relyingParties: [
      aRelyingParty({
        id: 'billing',
        appliesTo: [BILLING],
        claims: [aMappingRule()],
        token: {
          type: 'saml2',
          algorithms: { jwt: 'ES256', saml: 'RS256' },
          lifetimeSeconds: 600,
          keyEncryption: {
            certificate: 'PEM',
            content: 'aes256-gcm',
            keyTransport: 'rsa-oaep-sha256',
          },
        },
      }),
    ],
    rows: [
      aPolicyRow({
        id: 'users-to-billing',
        requestors: [],
        principals: { issuers: ['self'] },
        subject: { issuers: ['self', 'partner'] },
        targets: ['billing'],
        grant: { types: ['saml1', 'saml2', 'jwt'] },
      }),
    ],
    ...over,
  });
}

/** Whoever has a certificate of `corp` may ask for an assertion to billing. */
export function corpRules(): PolicyRules {
  const row = aPolicyRow({
    id: 'corp-to-billing',
    requestors: [],
    principals: { issuers: ['corp'] },
    subject: { issuers: ['corp'] },
    targets: ['billing'],
    grant: { types: ['saml2'] },
  });
  return billingRules({ rows: [row] });
}

export interface WsTrustSetting {
  readonly front: WsTrustFront;
  /** What the REST form asks. */
  readonly core: RestOperationParts;
  readonly audit: FakeAuditLog;
  readonly clock: FakeClock;
  readonly store: MemoryStore;
  /** What core was asked, in order. */
  readonly asked: readonly ExchangeRequest[];
  /** What our own mistakes were. */
  readonly errors: readonly unknown[];
}

interface SettingChanges {
  /** When it is; else NOW. */
  readonly now?: number;
  /** The password of Alice. */
  readonly password?: string;
  readonly rules?: PolicyRules;
  readonly parts?: Partial<WsTrustFrontParts>;
  readonly issuers?: readonly TokenIssuer[];
  /** Asked before the ones that are always there. */
  readonly validators?: readonly TokenValidator[];
  readonly profiles?: readonly EndpointProfile[];
  /** Whether secrets are kept: off, as without the section. */
  readonly keepsSecrets?: boolean;
}

/** A front with all profiles. Ids count from one. */
export function aWsTrustSetting(changes: SettingChanges = {}): WsTrustSetting {
  const clock = fakeClock(changes.now ?? NOW);
  const store = new MemoryStore(clock);
  const audit = fakeAuditLog();
  const keepsSecrets = changes.keepsSecrets === true;
  const policy = { ...(changes.rules ?? billingRules()), keepsSecrets };
  let ids = 0;
  const newId = () => `id-${(ids += 1)}`;
  const secret = { secret: Buffer.alloc(32, 1), activeFrom: 0 };
  const seal = keepsSecrets ? createTokenSeal([secret], OWN_ISSUER, clock) : undefined;
  const ledger = asIfRecorded(
    createLedger(store, clock, ledgerSettings({ ...(seal && { seal }) })),
  );
  const service = createTokenService({
    ...LENIENT,
    validators: [
      ...(changes.validators ?? []),
      createRequestorValidator(OWN_ISSUER),
      createUserValidator({ issuer: OWN_ISSUER, users: usersWith(changes.password), clock }),
      createContextValidator({ issuer: OWN_ISSUER, ledger, clock }),
      foreignTokens,
    ],
    issuers: [...(changes.issuers ?? [issuer]), createContextIssuer()],
    rules: policy,
    ledger,
    store,
    audit,
    clock,
    userStanding: (id) => (id === USER.name ? 'enabled' : 'unknown'),
    newId,
    marginSeconds: 60,
  });
  const asked: ExchangeRequest[] = [];
  const errors: unknown[] = [];
  const sts: TokenService = {
    ...service,
    answerFor(request, work) {
      asked.push(request);
      return service.answerFor(request, work);
    },
  };
  const front = createWsTrustFront({
    sts,
    store,
    audit,
    ledger,
    clock,
    newId,
    profiles: changes.profiles ?? [GENERIC_PROFILE, ADFS_PROFILE, VCENTER_PROFILE, WSO2_PROFILE],
    relyingParties: policy.relyingParties,
    assertionIdOf: ({ tokenId }) => `_${tokenId}`,
    tokenOfAssertion: (id) => ({ issuer: OWN_ISSUER, id: id.slice(1) }),
    limits: LIMITS,
    onError: (cause) => errors.push(cause),
    fence: LENIENT.fence,
    admitRequestor: () => undefined,
    challengeKey: new Uint8Array(32),
    marginSeconds: 600,
    ...changes.parts,
  });
  const core = { sts, ledger, audit, relyingParties: policy.relyingParties };
  return { front, core, audit, clock, asked, errors, store };
}

/** The user's name and password. */
export const aUserNameToken = ({ name, password } = USER): string =>
  `<wsse:UsernameToken><wsse:Username>${name}</wsse:Username><wsse:Password>${password}</wsse:Password></wsse:UsernameToken>`;

/** A Security header with the user's name and password, and more. */
export const aSecurityHeader = (more = '', user = USER): string =>
  `<wsse:Security>${aUserNameToken(user)}${more}</wsse:Security>`;

/** A message of the user in SOAP 1.2, with the password. */
export const aUserMessage = (body: string): string =>
  anEnvelope({ header: aSecurityHeader(), body });

export const TIMESTAMP =
  '<wsu:Timestamp><wsu:Created>2027-01-15T08:00:00Z</wsu:Created><wsu:Expires>2027-01-15T08:05:00Z</wsu:Expires></wsu:Timestamp>';

interface MessageContent {
  readonly soap?: SoapVersion;
  readonly header?: string;
  readonly body?: string;
}

/** A POST of a message as bytes or text. */
export function aPost(
  message: string | Uint8Array,
  over: Partial<WsTrustRequest> & { readonly soap?: SoapVersion } = {},
): WsTrustRequest {
  const { soap = '1.2', ...rest } = over;
  return {
    method: 'POST',
    path: '/ws-trust',
    query: '',
    headers: { 'content-type': contentTypeOf(soap) },
    body: Buffer.from(message),
    correlationId: 'correlation-1',
    publicBase: OWN_ISSUER,
    isSecure: true,
    ...rest,
  };
}

/** A POST of an Issue request by Alice for `billing`, unless the test says otherwise. */
export function anIssueRequest(
  { soap = '1.2', header = aSecurityHeader(), body = anRst() }: MessageContent = {},
  over: Partial<WsTrustRequest> = {},
): WsTrustRequest {
  return aPost(anEnvelope({ version: soap, header, body }), { soap, ...over });
}

/** The code of a fault: `trust:InvalidRequest`, `wsse:InvalidSecurity`; throws when it is none. */
export function faultCodeOf({ status, body }: WsTrustResponse): string {
  const code =
    /<faultcode>([^<]+)<\/faultcode>/.exec(body)?.[1] ??
    /<s:Subcode><s:Value>([^<]+)<\/s:Value>/.exec(body)?.[1];
  if (status !== 500 || code === undefined) throw new Error(`no fault: ${String(status)} ${body}`);
  return code;
}
