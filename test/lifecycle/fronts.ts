// How each party asks for what it wants: users over SOAP or in the REST form, clients over OAuth.
import assert from 'node:assert/strict';
import { TOKEN_TYPES } from '#core/token/token-type.ts';
import { GATEWAY_SECRET, ORDERS_SECRET, TOKEN_EXCHANGE } from '#test/support/server/document.ts';
import { REFRESH_TOKEN_TYPE } from '#test/support/server/refresh-tokens.ts';
import { type Answer, answerOf, checked } from '#test/support/server/server.ts';
import {
  AFTER_EXPIRY,
  aBatchMessage,
  anIssueMessage,
  aTargetMessage,
  faultOf,
  JWT,
  jwtAsXml,
  SAML1,
  SAML2,
  type TargetOperation,
  tokenOf,
} from '#test/support/ws-trust/messages.ts';
import { basicOf } from '#test/support/ws-trust/rest.ts';
import { anAppliesTo } from '#test/support/ws-trust/rst.ts';
import { type Context, contextIn, V13 } from '#test/support/ws-trust/security-context.ts';
import {
  type Audience,
  CLIENTS,
  type Client,
  type Party,
  type TextType,
  type User,
} from './model.ts';
import { APPLIES_TO, RESOURCES, type Servers } from './world.ts';

/** How a request is sent. */
export interface Way {
  /** Which server. */
  readonly server: 0 | 1;
  /** Of users. */
  readonly front: 'soap' | 'rest';
  readonly login: 'certificate' | 'password';
}

export interface Presented {
  readonly text: string;
  readonly type: TextType;
}

/** What was asked for, done: a token, its text and when it ends; else empty and never. */
export interface Handed {
  readonly text: string;
  readonly expiry: number;
}

export type Outcome = Handed | { readonly refusal: string };

export interface ContextOutcome {
  readonly outcome: Outcome;
  /** The whole answer. */
  readonly told: string;
  readonly context?: Context;
}

export interface IssueWishes {
  readonly type: TextType;
  readonly audience: Audience;
  readonly onBehalfOf?: Presented;
  readonly actAs?: Presented;
  /** Over SOAP alone. */
  readonly afterExpiry?: boolean;
}

export interface NewTokenWishes {
  readonly type: TextType;
  readonly audience: Audience;
  readonly target: Presented;
}

export interface ExchangeWishes {
  readonly type: TextType | 'refresh_token';
  readonly audience: Audience;
  readonly subject: Presented;
  readonly actor?: Presented;
}

export const isClient = (party: Party): party is Client =>
  CLIENTS.some((client) => client === party);

const SECRETS: Readonly<Record<Client, string>> = {
  gateway: GATEWAY_SECRET,
  'orders-api': ORDERS_SECRET,
};
const WS_TRUST_TYPES: Readonly<Partial<Record<TextType, string>>> = {
  saml1: SAML1,
  saml2: SAML2,
  jwt: JWT,
};
// To SOAP a JWT is a JWT, whatever it is for.
const wsTrustType = (type: TextType): string => WS_TRUST_TYPES[type] ?? JWT;

const isAssertion = (type: TextType): boolean => type === 'saml1' || type === 'saml2';
export const asXml = ({ text, type }: Presented): string =>
  isAssertion(type) ? text : jwtAsXml(text);
const asForm = ({ text, type }: Presented): string =>
  isAssertion(type) ? Buffer.from(text).toString('base64url') : text;
const fromForm = (text: string, type: TextType | 'refresh_token'): string =>
  type === 'saml1' || type === 'saml2' ? Buffer.from(text, 'base64url').toString() : text;
const fromXml = (xml: string): string => {
  const jwt = /BinarySecurityToken[^>]*>([^<]+)</.exec(xml)?.[1];
  return jwt === undefined ? xml : Buffer.from(jwt, 'base64').toString();
};

/** The fronts of two servers. */
export class Fronts {
  readonly #servers: Servers;

  constructor(servers: Servers) {
    this.#servers = servers;
  }

  readonly #now = (): number => this.#servers.clock.now();

  async #send(
    path: string,
    { server }: Pick<Way, 'server'>,
    init: { readonly headers: Record<string, string>; readonly body: string },
  ): Promise<Answer> {
    const url = `${this.#servers.urls[server]}${path}`;
    return checked('POST', path, await answerOf(await fetch(url, { method: 'POST', ...init })));
  }

  #credential(user: User, { login }: Way): Record<string, string> {
    if (login === 'password') return basicOf(user);
    const { der } = this.#servers.certificates[user];
    return { 'client-cert': `:${der.toString('base64')}:` };
  }

  async #soap(user: User, way: Way, message: string): Promise<Answer> {
    const byPassword = way.login === 'password';
    const body = byPassword ? message : message.replace(/<o:Security.*<\/o:Security>/, '');
    const headers = {
      'content-type': 'application/soap+xml; charset=utf-8',
      ...(!byPassword && this.#credential(user, way)),
    };
    return this.#send('/ws-trust', way, { headers, body });
  }

  #rest(user: User, way: Way, path: string, body: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...this.#credential(user, way) };
    return this.#send(path, way, { headers, body: JSON.stringify(body) });
  }

  #oauth(
    client: Client,
    { server }: Way,
    path: string,
    form: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const secret = SECRETS[client];
    const isPosted = client === 'orders-api';
    const values = isPosted ? { ...form, client_id: client, client_secret: secret } : form;
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      ...(!isPosted && basicOf(client, secret)),
    };
    return this.#send(path, { server }, { headers, body: new URLSearchParams(values).toString() });
  }

  async issue(user: User, way: Way, wishes: IssueWishes): Promise<Outcome> {
    const { actAs, afterExpiry = false, audience, onBehalfOf, type } = wishes;
    if (way.front === 'rest') {
      const member = (token: Presented) => ({
        token: token.text,
        tokenType: wsTrustType(token.type),
      });
      return restOutcome(
        await this.#rest(user, way, `/ws-trust/token/${type}`, {
          appliesTo: APPLIES_TO[audience],
          ...(onBehalfOf && { onBehalfOf: member(onBehalfOf) }),
          ...(actAs && { actAs: member(actAs) }),
        }),
      );
    }
    const message = anIssueMessage({
      user,
      tokenType: wsTrustType(type),
      appliesTo: APPLIES_TO[audience],
      ...(onBehalfOf && { onBehalfOf: asXml(onBehalfOf) }),
      ...(actAs && { actAs: asXml(actAs) }),
      ...(afterExpiry && { children: AFTER_EXPIRY }),
    });
    return soapOutcome(await this.#soap(user, way, message));
  }

  #target(operation: TargetOperation, user: User, way: Way, token: Presented): Promise<Answer> {
    if (way.front === 'rest') {
      const body = { token: token.text, tokenType: wsTrustType(token.type) };
      return this.#rest(user, way, `/ws-trust/${operation.toLowerCase()}`, body);
    }
    return this.#soap(user, way, aTargetMessage(operation, { user, target: asXml(token) }));
  }

  async renew(user: User, way: Way, token: Presented): Promise<Outcome> {
    const answer = await this.#target('Renew', user, way, token);
    return way.front === 'rest' ? restOutcome(answer) : soapOutcome(answer);
  }

  /** A new token of what is valid (WS-Trust 1.3 §7), over SOAP. */
  async validateToNew(user: User, way: Way, wishes: NewTokenWishes): Promise<Outcome> {
    const { audience, target, type } = wishes;
    const message = aTargetMessage('Validate', {
      user,
      target: asXml(target),
      tokenType: wsTrustType(type),
      children: anAppliesTo(APPLIES_TO[audience]),
    });
    return tokenOutcome(await this.#soap(user, way, message));
  }

  /** Tokens on behalf of others, for each of these, in one message: what came of each. */
  async issueAll(user: User, way: Way, wishes: readonly NewTokenWishes[]) {
    const requests = wishes.map(
      ({ audience, target, type }) =>
        `<t:TokenType>${wsTrustType(type)}</t:TokenType>${anAppliesTo(APPLIES_TO[audience])}<t:OnBehalfOf>${asXml(target)}</t:OnBehalfOf>`,
    );
    const answer = await this.#soap(user, way, aBatchMessage('Issue', requests));
    assert.equal(answer.status, 200, answer.text);
    const responses = answer.text.split('<trust:RequestSecurityTokenResponse ').slice(1);
    const ofContext = new Map(
      responses.map((text) => [/Context="urn:(\d+)"/.exec(text)?.[1], { ...answer, text }]),
    );
    return wishes.map((_, index): Outcome => {
      const found = ofContext.get(String(index + 1));
      return found ? tokenOutcome(found) : { refusal: 'no response' };
    });
  }

  async cancel(by: Party, way: Way, token: Presented): Promise<Outcome> {
    if (isClient(by)) return this.revoke(by, way, asForm(token));
    const answer = await this.#target('Cancel', by, way, token);
    if (way.front === 'rest') return restOutcome(answer);
    if (answer.status === 200) assert.match(answer.text, /RequestedTokenCancelled/);
    return soapOutcome(answer);
  }

  /** RFC 7009, of whatever text. */
  async revoke(client: Client, way: Way, token: string): Promise<Outcome> {
    return oauthOutcome(await this.#oauth(client, way, '/revoke', { token }), this.#now());
  }

  /** Whether the token is good, as far as this party is told. */
  async isActive(by: Party, way: Way, token: Presented): Promise<boolean> {
    if (isClient(by)) return this.introspect(by, way, asForm(token));
    const { body, status, text } = await this.#target('Validate', by, way, token);
    assert.equal(status, 200, text);
    const told =
      way.front === 'rest' ? body['status'] : /\/status\/((?:in)?valid)</.exec(text)?.[1];
    assert.ok(told === 'valid' || told === 'invalid', text);
    return told === 'valid';
  }

  /** RFC 7662, of whatever text. */
  async introspect(client: Client, way: Way, token: string): Promise<boolean> {
    const { body, status, text } = await this.#oauth(client, way, '/introspect', { token });
    assert.equal(status, 200, text);
    assert.equal(typeof body['active'], 'boolean', text);
    return body['active'] === true;
  }

  async exchange(client: Client, way: Way, wishes: ExchangeWishes): Promise<Outcome> {
    const { actor, audience, subject, type } = wishes;
    const requested = type === 'refresh_token' ? REFRESH_TOKEN_TYPE : TOKEN_TYPES[type].uri;
    const answer = await this.#oauth(client, way, '/token', {
      grant_type: TOKEN_EXCHANGE,
      resource: RESOURCES[audience],
      requested_token_type: requested,
      subject_token: asForm(subject),
      subject_token_type: TOKEN_TYPES[subject.type].uri,
      ...(actor && {
        actor_token: asForm(actor),
        actor_token_type: TOKEN_TYPES[actor.type].uri,
      }),
    });
    const outcome = oauthOutcome(answer, this.#now());
    return 'text' in outcome ? { ...outcome, text: fromForm(outcome.text, type) } : outcome;
  }

  /** A message about security contexts: of a user, or signed with the secret of one. */
  async context(way: Pick<Way, 'server'>, message: string, user?: User): Promise<ContextOutcome> {
    const headers = {
      'content-type': 'application/soap+xml; charset=utf-8',
      ...(user && this.#credential(user, { ...way, front: 'soap', login: 'certificate' })),
    };
    const answer = await this.#send('/ws-trust', way, { headers, body: message });
    const outcome = soapOutcome(answer);
    if (!('text' in outcome) || outcome === NOTHING) return { outcome, told: answer.text };
    return { outcome, told: answer.text, context: contextIn(answer.text, V13) };
  }

  /** An access token, and the next refresh token. */
  async refresh(
    client: Client,
    way: Way,
    refresh_token: string,
  ): Promise<{ readonly outcome: Outcome; readonly successor: string }> {
    const form = { grant_type: 'refresh_token', refresh_token };
    const answer = await this.#oauth(client, way, '/token', form);
    const { refresh_token: successor = '' } = answer.body as { refresh_token?: string };
    return { outcome: oauthOutcome(answer, this.#now()), successor };
  }
}

const NOTHING: Handed = { text: '', expiry: Number.POSITIVE_INFINITY };
const secondsOf = (dateTime: string): number => Date.parse(dateTime) / 1000;

// What is refused is refused as such: a mistake of ours would be no answer.
function soapOutcome(answer: Answer): Outcome {
  const { status, text } = answer;
  if (status !== 200) {
    assert.match(text, /<s:Value>s:Sender</);
    return { refusal: faultOf(answer) };
  }
  if (!text.includes('RequestedSecurityToken>')) return NOTHING;
  const [, expires = ''] = /:Lifetime>.*<wsu:Expires[^>]*>([^<]+)<.*:Lifetime>/.exec(text) ?? [];
  return { text: fromXml(tokenOf(answer)), expiry: secondsOf(expires) };
}

// What asks for several things at once is answered in any case: without a token it was refused that.
function tokenOutcome(answer: Answer): Outcome {
  const outcome = soapOutcome(answer);
  return outcome === NOTHING ? { refusal: 'no token' } : outcome;
}

function restOutcome({ body, status, text }: Answer): Outcome {
  if (status !== 200) {
    assert.ok(status === 400 || status === 403, text);
    return { refusal: String(body['error']) };
  }
  const { lifetime, token } = body as { lifetime?: { expires: string }; token?: string };
  if (token === undefined) return NOTHING;
  return { text: token, expiry: secondsOf(lifetime?.expires ?? '') };
}

function oauthOutcome({ body, status, text }: Answer, now: number): Outcome {
  if (status !== 200) {
    assert.ok(status === 400 || status === 403, text);
    return { refusal: String(body['error']) };
  }
  const { access_token, expires_in = 0 } = body as { access_token?: string; expires_in?: number };
  return access_token === undefined ? NOTHING : { text: access_token, expiry: now + expires_in };
}
