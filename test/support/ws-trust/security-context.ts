// Security contexts as a client has them: asked for, read from an answer, and used to sign with.

import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import type { SoapVersion } from '#bridge/soap/soap-version.ts';
import { computePSha1 } from '#bridge/ws-security/encryption/p-sha1.ts';
import { changeEndpoints } from '#bridge/ws-trust/endpoint/endpoint-changes.ts';
import { GENERIC_PROFILE } from '#bridge/ws-trust/endpoint/profiles.ts';
import { aPolicyRow } from '#test/support/core.ts';
import {
  aDerivedKey,
  aDerivedKeyToken,
  aReferenceTo,
  WSC_13,
  WSC_2005,
} from '#test/support/soap/derived-key.ts';
import {
  SIGNATURE,
  type SignatureWishes,
  signMessage,
  TIMESTAMP,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { anAppliesTo, anRst, TRUST_13, TRUST_2005 } from '#test/support/ws-trust/rst.ts';
import {
  aPost,
  aUserMessage,
  aUserNameToken,
  aWsTrustSetting,
  billingRules,
  type WsTrustSetting,
} from '#test/support/ws-trust/ws-trust.ts';

export const WSA = 'http://www.w3.org/2005/08/addressing';

interface Changes {
  readonly keepsSecrets?: boolean;
  /** Whether contexts are credentials; else user names alone. */
  readonly takesContexts?: boolean;
  readonly signedParts?: 'timestamp';
  /** Which address one of the two relying parties stands for, besides its own. */
  readonly standsFor?: string;
  readonly defaultTarget?: string;
  readonly path?: string;
  readonly takesRepeatedTimestamps?: boolean;
  readonly maxCount?: number;
}

export function aSetting({
  keepsSecrets = true,
  takesContexts = true,
  signedParts,
  standsFor,
  defaultTarget,
  path = '/ws-trust',
  takesRepeatedTimestamps = false,
  maxCount = 9,
}: Changes = {}): WsTrustSetting {
  const row = aPolicyRow({
    requestors: [],
    principals: { issuers: ['self'] },
    targets: ['billing'],
    grant: {
      types: ['sct', 'saml2'],
      renewal: { lifetimeSeconds: 3600, maxCount, afterExpiry: true },
    },
  });
  const credentials = takesContexts
    ? (['username', 'security-context'] as const)
    : (['username'] as const);
  const rules = billingRules({ rows: [row] });
  const relyingParties = rules.relyingParties.flatMap((party) => [
    standsFor === undefined ? party : { ...party, appliesTo: [...party.appliesTo, standsFor] },
    { ...party, id: 'orders', appliesTo: ['https://orders.example/soap'] },
  ]);
  const profile = { ...GENERIC_PROFILE, ...(defaultTarget !== undefined && { defaultTarget }) };
  const endpoint = {
    path,
    credentials,
    takesRepeatedTimestamps,
    ...(signedParts && { signedParts }),
  };
  return aWsTrustSetting({
    rules: { ...rules, relyingParties },
    keepsSecrets,
    profiles: changeEndpoints([profile], [endpoint]),
  });
}

interface Version {
  readonly trust: string;
  readonly wsc: string;
}
export const V13: Version = { trust: TRUST_13, wsc: WSC_13 };
export const V2005: Version = { trust: TRUST_2005, wsc: WSC_2005 };

export interface Context {
  readonly version: Version;
  /** The token as it came. */
  readonly token: string;
  readonly id: string;
  readonly identifier: string;
  readonly instance: string | undefined;
  readonly secret: Buffer;
}

export const one = (pattern: RegExp, text: string): string =>
  pattern.exec(text)?.[1] ?? assert.fail(`${pattern.source}: ${text}`);

/** What an answer with a context says. */
export function contextIn(body: string, version: Version, entropy?: Buffer): Context {
  const token = one(/(<wsc:SecurityContextToken.*<\/wsc:SecurityContextToken>)/, body);
  const secret = one(/BinarySecret[^>]*>([^<]+)</, body);
  const told = Buffer.from(secret, 'base64');
  return {
    version,
    token,
    id: one(/wsu:Id="([^"]+)"/, token),
    identifier: one(/Identifier>([^<]+)</, token),
    instance: /Instance>([^<]+)</.exec(token)?.[1],
    secret: entropy ? computePSha1(createSecretKey(entropy), told, 32) : told,
  };
}

/** The action of a message, for its headers. */
export const anAction = (suffix: string, { trust }: Version = V13): string =>
  `<a:Action xmlns:a="${WSA}">${trust}/RST${suffix}</a:Action>`;

/** The secret of a request, to be mixed with ours. */
export const anEntropy = (entropy: Uint8Array, { trust }: Version = V13): string =>
  `<t:Entropy><t:BinarySecret Type="${trust}/Nonce">${Buffer.from(entropy).toString('base64')}</t:BinarySecret></t:Entropy>`;

export const anIssue = ({ trust, wsc }: Version, more = ''): string =>
  anRst({ trust, children: `${anAppliesTo()}<t:TokenType>${wsc}/sct</t:TokenType>${more}` });

export async function issued(setting: WsTrustSetting, version = V13, more = ''): Promise<Context> {
  const message = aUserMessage(anIssue(version, more));
  const { body, status } = await setting.front.handle(aPost(message));
  assert.equal(status, 200, JSON.stringify(setting.audit.records));
  return contextIn(body, version);
}

export const toIdentifier = ({ identifier, version: { wsc } }: Context, more = ''): string =>
  `<wsse:SecurityTokenReference><wsse:Reference URI="${identifier}" ValueType="${wsc}/sct"${more}></wsse:Reference></wsse:SecurityTokenReference>`;

export interface Wishes extends Partial<SignatureWishes> {
  /** Beside the context. */
  readonly header?: string;
  /** The tokens of the header. */
  readonly tokens?: string;
  readonly timestamp?: string;
  readonly edit?: (message: string) => string;
  readonly soap?: SoapVersion;
}

/** A message signed with a key derived of the context, unless the test says otherwise. */
export function signed(context: Context, body: string, wishes: Wishes = {}): string {
  const { edit, header = '', soap = '1.2', timestamp = TIMESTAMP, tokens, ...signature } = wishes;
  const { wsc } = context.version;
  const usual = `${context.token}${aDerivedKeyToken(aReferenceTo(context.id, `${wsc}/sct`), { wsc })}`;
  const message = anEnvelope({
    version: soap,
    header: `<wsse:Security>${header}${tokens ?? usual}${timestamp}${SIGNATURE}</wsse:Security>`,
    body,
    bodyId: 'body',
  });
  const text = signMessage(message, {
    key: aDerivedKey(context.secret),
    keyInfo: aReferenceTo('dkt', `${wsc}/dk`),
    ...signature,
  });
  return edit ? edit(text) : text;
}

export const USER = aUserNameToken();

export function about(
  context: Context,
  operation: 'Renew' | 'Cancel' | 'Validate',
  target?: string,
  more = '',
) {
  const { trust, wsc } = context.version;
  const about = target ?? toIdentifier(context);
  const type = operation === 'Renew' ? `<t:TokenType>${wsc}/sct</t:TokenType>` : '';
  return anRst({
    trust,
    requestType: `${trust}/${operation}`,
    children: `${type}${more}<t:${operation}Target>${about}</t:${operation}Target>`,
  });
}

export const aWish = () =>
  anRst({ children: `${anAppliesTo()}<t:KeyType>${TRUST_13}/SymmetricKey</t:KeyType>` });
