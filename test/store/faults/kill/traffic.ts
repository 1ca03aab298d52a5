// What clients do with a server until it dies, and what each of them was told.
import { setTimeout as delay } from 'node:timers/promises';
import {
  GATEWAY_BASIC,
  JWT_BEARER,
  JWT_TYPE,
  TOKEN_EXCHANGE,
} from '#test/support/server/document.ts';
import { ORDERS_CREDENTIALS, type World } from '#test/support/server/world.ts';

const LANES = 8;
const ORDERS = 'https://orders.example/';
const BILLING = 'https://billing.example/';

export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One assertion and all answers to it; undefined stands for none. */
export interface Presentation {
  readonly assertion: string;
  readonly replies: (Reply | undefined)[];
}

export interface Told {
  readonly presentations: Presentation[];
  /** Tokens whose revocation was acknowledged, and tokens made from them. */
  readonly dead: string[];
}

type Form = Readonly<Record<string, string>>;

/** Posts a form; undefined when no answer came. */
export async function post(
  url: string,
  form: Form,
  authorization?: string,
): Promise<Reply | undefined> {
  const headers = { ...(authorization !== undefined && { authorization }) };
  try {
    const response = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(form) });
    const body = (await response.json().catch(() => ({}))) as Reply['body'];
    return { status: response.status, body };
  } catch {
    return undefined;
  }
}

/** Presents an assertion that is good once. */
export const presentAssertion = (url: string, assertion: string): Promise<Reply | undefined> =>
  post(`${url}/token`, { grant_type: JWT_BEARER, assertion, resource: ORDERS }, GATEWAY_BASIC);

const exchange = (url: string, form: Form, authorization?: string): Promise<Reply | undefined> =>
  post(`${url}/token`, { grant_type: TOKEN_EXCHANGE, ...form }, authorization);

/** Exchanges a token for `orders` for one for `billing`, as the server it is addressed to. */
export const exchangeOwn = (url: string, token: string): Promise<Reply | undefined> =>
  exchange(url, {
    subject_token: token,
    subject_token_type: JWT_TYPE,
    resource: BILLING,
    ...ORDERS_CREDENTIALS,
  });

async function usesAssertions(url: string, world: World, told: Told): Promise<boolean> {
  const assertion = await world.partner.sign();
  const reply = await presentAssertion(url, assertion);
  told.presentations.push({ assertion, replies: [reply] });
  return reply !== undefined;
}

async function revokesTokens(url: string, world: World, told: Told): Promise<boolean> {
  const subject = { subject_token: await world.partner.sign(), subject_token_type: JWT_TYPE };
  const first = await exchange(url, { ...subject, resource: ORDERS }, GATEWAY_BASIC);
  const token = String(first?.body['access_token']);
  const second = await exchangeOwn(url, token);
  const revocation = await post(`${url}/revoke`, { token }, GATEWAY_BASIC);
  if (revocation?.status === 200)
    told.dead.push(token, ...(second?.status === 200 ? [String(second.body['access_token'])] : []));
  return revocation !== undefined;
}

/** Sends until nothing answers any more. `told` grows meanwhile. */
export async function sendTraffic(url: string, world: World, told: Told): Promise<void> {
  const lane = async (index: number): Promise<void> => {
    const work = index % 4 === 0 ? revokesTokens : usesAssertions;
    while (await work(url, world, told)) await delay(1);
  };
  await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)));
}
