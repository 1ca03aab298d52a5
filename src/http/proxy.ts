// Who the client is behind proxies, and under which name we are spoken to. Headers that say so are believed of no one but the
// proxies named in the configuration, and of them only the source address and that a message came in the clear.
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import type Koa from 'koa';
import { requestState } from './request-state.ts';

/** A chain longer than this is not one of ours. */
const MAX_HOPS = 32;

export interface TrustedProxies {
  has(address: string): boolean;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** The trusted proxies of a list of CIDR blocks, IPv4 and IPv6. An IPv4-mapped IPv6 address is in its IPv4 block.
 * @throws {Error} for what is not a CIDR block */
export function createTrustedProxies(blocks: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const block of blocks) {
    const [network = '', prefix = '', ...rest] = block.split('/');
    if (!/^\d{1,3}$/.test(prefix) || rest.length > 0) {
      throw new Error(`not a CIDR block: ${block}`);
    }
    list.addSubnet(network, Number(prefix), familyOf(network));
  }
  return { has: (address) => isIP(address) !== 0 && list.check(address, familyOf(address)) };
}

/** The address in one element of X-Forwarded-For, which may carry a port; undefined when there is none. */
function parseHop(text: string): string | undefined {
  const hop = text.trim();
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(hop)?.[1];
  const withPort = /^([\d.]+):\d{1,5}$/.exec(hop)?.[1];
  const address = bracketed ?? withPort ?? hop;
  return isIP(address) === 0 ? undefined : address;
}

/** The address of the client: the rightmost one that is no trusted proxy. What stands left of it was written by the client
 * itself, and so could be anything (to evade a rate limit, or to blame another). */
export function sourceAddress(
  peer: string,
  forwardedFor: string | undefined,
  proxies: TrustedProxies,
): string {
  const hops = (forwardedFor ?? '').split(',').slice(-MAX_HOPS);
  let source = peer;
  while (proxies.has(source)) {
    const hop = parseHop(hops.pop() ?? '');
    if (hop === undefined) break;
    source = hop;
  }
  return source;
}

function isForwardingHeader(name: string): boolean {
  return (
    name.startsWith('x-forwarded-') ||
    name === 'forwarded' ||
    name === 'x-real-ip' ||
    /^client-cert(?:-chain)?$/.test(name)
  );
}

/** Whether a proxy says that the message came to it, or to one before it, without TLS. */
function saysPlain(headers: IncomingHttpHeaders): boolean {
  const { forwarded = '', 'x-forwarded-proto': protocols = '' } = headers;
  return (
    [protocols].flat().some((list) => /(?:^|,)\s*http\s*(?:,|$)/i.test(list)) ||
    /(?:^|[;,])\s*proto\s*=\s*"?http"?\s*(?:[;,]|$)/i.test(forwarded)
  );
}

/** The addresses of this host: what stays on it is in nobody's hands. */
export const THIS_HOST = createTrustedProxies(['127.0.0.0/8', '::1/128']);

/** Tells the source address, and whether the message came in the clear on its way. Of a peer that is no trusted proxy the forwarding
 * headers are removed: it could write anything there. */
export function trustProxies(proxies: TrustedProxies): Koa.Middleware {
  return (ctx, next) => {
    const { headers, socket } = ctx.req;
    const peer = socket.remoteAddress ?? '';
    const forwardedFor = headers['x-forwarded-for'];
    requestState(ctx).sourceAddress = sourceAddress(
      peer,
      Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor,
      proxies,
    );
    if (proxies.has(peer)) {
      requestState(ctx).wasPlain = saysPlain(headers);
    } else {
      requestState(ctx).wasPlain = !(socket instanceof TLSSocket) && !THIS_HOST.has(peer);
      for (const name of Object.keys(headers).filter(isForwardingHeader)) delete headers[name];
    }
    return next();
  };
}

/** The path and query of a request target. The absolute form names a host of its own (RFC 9112 §3.2.2). No target has a
 * fragment: with one, or with space in it, Koa's parser takes what follows `//` for a host, and throws when it is none. */
function pathOf(target: string): string {
  const path = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').replace(/[#\s].*/s, '');
  return path.startsWith('/') ? path : `/${path}`;
}

/** Sets Host to the issuer's own before anything reads it. Host decides which audiences an assertion may have: whoever could choose
 * it would have an assertion taken that was made for another server. It is overwritten and not refused, since health checks and
 * proxies change it and mean no harm. Goes behind `trustProxies`; the Koa application has `proxy` set, or the scheme would be that
 * of the socket. */
export function pinHost(issuer: string): Koa.Middleware {
  const { host, protocol } = new URL(issuer);
  return (ctx, next) => {
    const { headers } = ctx.req;
    headers.host = host;
    headers['x-forwarded-host'] = host;
    headers['x-forwarded-proto'] = protocol.slice(0, -1);
    // Koa takes the leftmost element for the client's address.
    headers['x-forwarded-for'] = requestState(ctx).sourceAddress ?? '';
    ctx.req.url = pathOf(ctx.req.url ?? '/');
    ctx.originalUrl = ctx.req.url;
    ctx.request.originalUrl = ctx.req.url;
    return next();
  };
}
