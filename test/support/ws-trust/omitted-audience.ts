// A server with a relying party whose assertions with a key leave their audience out (docs/profiles/vcenter.md), and what is said to it.
import { PASSWORD, withSaml } from '#test/support/saml/saml-document.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import {
  aBinaryToken,
  aDirectReference,
  SIGNATURE,
  signMessage,
} from '#test/support/soap/signed-message.ts';
import { anEnvelope } from '#test/support/soap/soap.ts';
import { SAML2, SOAP_11, type SoapAnswer, tokenOf } from '#test/support/ws-trust/messages.ts';
import { anAppliesTo, BILLING, TRUST_13 } from '#test/support/ws-trust/rst.ts';
import { aSecurityHeader } from '#test/support/ws-trust/ws-trust.ts';
import type { TestCertificate } from '#test/support/x509/pki.ts';
import { aTimestamp } from './context-message.ts';

/** The address that writes assertions as clients of vCenter read them. */
export const VCENTER = '/sts/STSService';
/** An address that does not. */
export const GENERAL = '/ws-trust';
/** A relying party whose assertions always say that they are for it. */
export const ARCHIVE = 'https://archive.example/soap';

/** Users may get all for `orders`, also in the name of others, and renew it. Bob is its server, Carol and Dave are nobody. */
export async function withOmittedAudience(
  document: ConfigDocument,
  directory: string,
): Promise<void> {
  await withSaml(document, directory);
  document['wsTrust'] = { profiles: [{ profile: 'vcenter', defaultTarget: 'orders' }] };
  const [orders] = document.relyingParties;
  const token = { type: 'saml2', lifetimeSeconds: 600 };
  Object.assign(orders ?? {}, { token: { ...token, audienceRestriction: 'omitted-with-key' } });
  const archive = { ...orders, id: 'archive', resources: [], audiences: [], token };
  document.relyingParties.push({ ...archive, appliesTo: [ARCHIVE], servers: [] });
  const renewal = { lifetimeSeconds: 3600, maxCount: 9 };
  for (const row of document.policy) {
    row['target'] = ['orders', 'archive'];
    row['allow'] = { ...(row['allow'] as object), lifetimeSeconds: 600, renewal };
  }
}

export const startOmitting = (
  t: Ending,
  change: (document: ConfigDocument) => void = () => {},
): Promise<TestServer> =>
  startServer(t, async (document, directory) => {
    await withOmittedAudience(document, directory);
    change(document);
  });

interface Wishes {
  readonly operation?: 'Issue' | 'Renew' | 'Validate' | 'Cancel';
  readonly user?: string;
  /** Signs the message; absent: nobody does. */
  readonly key?: TestCertificate;
  readonly path?: string;
  readonly appliesTo?: string;
  readonly tokenType?: string;
  /** More children of the request. */
  readonly children?: string;
  /** In place of the user name. */
  readonly credential?: string;
  /** The content of KeyInfo. */
  readonly keyInfo?: string;
}

function headerOf(server: TestServer, wishes: Wishes): string {
  const { credential, key, keyInfo, user = 'carol' } = wishes;
  // No two signatures are alike.
  server.clock.advance(1);
  const shown = key && keyInfo === undefined ? aBinaryToken(key) : '';
  const proof = key ? `${shown}${aTimestamp(server.clock.now())}${SIGNATURE}` : '';
  return credential === undefined
    ? aSecurityHeader(proof, { name: user, password: PASSWORD })
    : `<wsse:Security>${credential}${proof}</wsse:Security>`;
}

function bodyOf(wishes: Wishes): string {
  const { appliesTo = BILLING, children = '', key, tokenType = SAML2 } = wishes;
  const { operation = 'Issue' } = wishes;
  const keyType = key ? 'PublicKey' : 'Bearer';
  const useKey = key ? '<t:UseKey Sig="SIG-1"/>' : '';
  const asked = {
    Issue: `<t:TokenType>${tokenType}</t:TokenType>${anAppliesTo(appliesTo)}<t:KeyType>${TRUST_13}/${keyType}</t:KeyType>${useKey}`,
    Renew: useKey,
    Validate: '',
    Cancel: '',
  };
  return `<t:RequestSecurityToken xmlns:t="${TRUST_13}"><t:RequestType>${TRUST_13}/${operation}</t:RequestType>${asked[operation]}${children}</t:RequestSecurityToken>`;
}

/** The request, signed where there is a key. */
function messageOf(server: TestServer, wishes: Wishes): string {
  const { key, keyInfo = aDirectReference() } = wishes;
  const header = headerOf(server, wishes);
  const message = anEnvelope({ version: '1.1', header, body: bodyOf(wishes), bodyId: 'body' });
  return key ? signMessage(message, { key: key.privateKey, keyInfo }) : message;
}

/** Asks at the address of vCenter unless the wishes name another. */
export async function ask(server: TestServer, wishes: Wishes): Promise<SoapAnswer> {
  const response = await fetch(`${server.url}${wishes.path ?? VCENTER}`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: messageOf(server, wishes),
  });
  const { headers, status } = response;
  const text = await response.text();
  if (!text.includes(SOAP_11)) throw new Error(`no message: ${status} ${text}`);
  return { status, headers, text };
}

/** The token that somebody gets. */
export const issued = async (server: TestServer, wishes: Wishes): Promise<string> =>
  tokenOf(await ask(server, wishes));

/** The audiences that an assertion names. */
export const audiencesIn = (assertion: string): readonly string[] =>
  [...assertion.matchAll(/<saml2?:Audience>([^<]*)</g)].map(([, name = '']) => name);

export const idOf = (assertion: string): string => /ID="_([^"]+)"/.exec(assertion)?.[1] ?? '';

const PROFILE = 'http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1';

/** KeyInfo that names an assertion in the message. */
export const aReferenceTo = (assertion: string): string =>
  `<wsse:SecurityTokenReference xmlns:k="http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd" k:TokenType="${PROFILE}#SAMLV2.0"><wsse:KeyIdentifier ValueType="${PROFILE}#SAMLID">_${idOf(assertion)}</wsse:KeyIdentifier></wsse:SecurityTokenReference>`;

/** A token as somebody to act for, or in the name of whom to ask. */
export const inElement = (name: 'ActAs' | 'OnBehalfOf', token: string): string =>
  name === 'ActAs'
    ? `<w:ActAs xmlns:w="http://docs.oasis-open.org/ws-sx/ws-trust/200802">${token}</w:ActAs>`
    : `<t:OnBehalfOf>${token}</t:OnBehalfOf>`;

/** A token that something is done to. */
export const asTarget = (operation: 'Renew' | 'Validate' | 'Cancel', token: string): string =>
  `<t:${operation}Target>${token}</t:${operation}Target>`;
