// Where we listen and under which name: `issuer`, `listeners`, `trustedProxies`.
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint, Path } from '../problem.ts';
import { isLoopbackHost, isWebUrl, rule, valueRule } from './fields.ts';
import { readTlsIdentity } from './keys/own-certificate.ts';
import { parseCertificate } from './keys/pem.ts';
import { secretReference } from './secret.ts';

/** A host without the brackets of IPv6. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

interface PublicListener extends HostAndPort {
  /** Where the certificates of clients come from. */
  readonly certificateSource: 'handshake' | 'client-cert-header' | 'nowhere';
  /** Absent: plain HTTP, on loopback or behind trusted proxies. */
  readonly tls?: {
    readonly certificatePem: string;
    readonly keyPem: string;
    readonly clientCertificates: 'optional' | 'none';
  };
}

export interface ListenersConfig {
  readonly public: PublicListener;
  readonly management: HostAndPort;
}

function isIssuer(text: string): boolean {
  if (!isWebUrl(text) || text.includes('?') || text.endsWith('/')) return false;
  const { href, hostname, origin, pathname, protocol } = new URL(text);
  if (protocol === 'http:' && !isLoopbackHost(hostname)) return false;
  // The name is compared as text everywhere: only the form that URL parsers leave alone is one name.
  return pathname === '/' ? text === origin : text === href;
}

export const issuerSection = z
  .string()
  .refine(
    isIssuer,
    valueRule({
      what: 'is not an issuer URL',
      why: 'RFC 8414 §2: https (http on loopback only), no query, no fragment; it is compared as text',
      fix: 'write it in lower case without a default port and without a slash at the end, as in https://sts.example.org',
    }),
  )
  .describe('Our own name: the `iss` of our tokens and the base of every published address.');

/** Whether an issuer is for this machine only. */
export const isLoopbackIssuer = (issuer: string): boolean =>
  URL.canParse(issuer) && isLoopbackHost(new URL(issuer).hostname);

/** The host and port of a text. */
export function parseAddress(text: string): HostAndPort | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535) return undefined;
  return bracketed !== undefined && isIP(bracketed) !== 6
    ? undefined
    : { host, port: Number(port) };
}

const address = z.string().refine(
  (text) => parseAddress(text) !== undefined,
  valueRule({
    what: 'is not an address to listen on',
    why: 'a listener needs a host and a port',
    fix: 'write host:port, as in 0.0.0.0:8443 or [::1]:9090',
  }),
);

const publicListenerSection = z
  .strictObject({
    address: address.describe('host:port of the protocol endpoints.'),
    tls: z
      .strictObject({ certificate: secretReference, key: secretReference })
      .describe('The certificate chain and its PKCS8 key, PEM.')
      .optional(),
    clientCertificates: z
      .enum(['optional', 'client-cert-header', 'none'])
      .describe(
        'Whether clients may show a certificate: to us, or to the trusted proxies, which tell of it (RFC 9440).',
      )
      .default('none'),
  })
  .refine(
    ({ tls, clientCertificates }) => tls !== undefined || clientCertificates !== 'optional',
    rule({
      code: 'CONFIG_CONFLICT',
      what: 'clientCertificates needs tls',
      why: 'without TLS there is no handshake in which a client could show a certificate',
      fix: 'add tls, or leave clientCertificates out',
    }),
  );

const managementListener = z.strictObject({
  address: address.describe('host:port of health and metrics.'),
  exposed: z.boolean().describe('Allow an address that other machines reach.').default(false),
});

export const listenersSection = z
  .strictObject({ public: publicListenerSection, management: managementListener })
  .describe('Where we listen. Management is never on the public port.');

function isCidr(text: string): boolean {
  const [host = '', prefix = '', rest] = text.split('/');
  const version = isIP(host);
  if (version === 0 || rest !== undefined || !/^\d{1,3}$/.test(prefix)) return false;
  const isInBounds = Number(prefix) >= 1 && Number(prefix) <= (version === 4 ? 32 : 128);
  return isInBounds && !(version === 6 && holdsAllIpv4(host, Number(prefix)));
}

/** Peers are looked up as IPv4 where they are mapped into IPv6 (RFC 4291 §2.5.5.2), and a block around all that are is one of everyone. */
function holdsAllIpv4(network: string, prefix: number): boolean {
  const block = new BlockList();
  block.addSubnet(network, prefix, 'ipv6');
  return ['0.0.0.0', '255.255.255.255'].every((address) => block.check(address, 'ipv4'));
}

export const trustedProxiesSection = z
  .array(
    z.string().refine(
      isCidr,
      valueRule({
        what: 'is not a CIDR block',
        why: 'whoever connects from these addresses is believed about who the client is; a block of everyone is refused',
        fix: 'write 10.0.0.0/8, or 10.1.2.3/32 for one host',
      }),
    ),
  )
  .describe('Addresses of reverse proxies whose forwarding headers are believed.')
  .default([]);

type ListenersSection = z.output<typeof listenersSection>;

interface ListenerParts {
  readonly listeners: Entry<ListenersSection> | undefined;
  readonly trustedProxies: readonly string[];
  /** Absent where it has a problem of its own. */
  readonly issuer: string | undefined;
}

const isEverywhere = (host: string): boolean => host === '0.0.0.0' || host === '::';

/** Reads the listeners and holds them against each other. */
export async function readListeners(
  { issuer, listeners, trustedProxies }: ListenerParts,
  loading: Loading,
): Promise<ListenersConfig | undefined> {
  if (!listeners) return undefined;
  const { value, path } = listeners;
  const open = parseAddress(value.public.address);
  const management = parseAddress(value.management.address);
  if (!open || !management) throw new Error('an address passed its schema and cannot be parsed');
  if (collides(open, management)) loading.error([...path, 'management', 'address'], COLLISION);
  if (!isLoopbackHost(management.host) && !value.management.exposed) {
    loading.error([...path, 'management', 'address'], EXPOSED);
  }
  if (trustedProxies.length === 0) validateUnproxied({ open, listeners }, loading);
  const publicListener = await readPublic(open, listeners, loading);
  // With a proxy in front clients see its certificate.
  if (issuer !== undefined && trustedProxies.length === 0)
    warnOfOtherName(publicListener, { issuer, path }, loading);
  return { public: publicListener, management };
}

/** Clients connect to the host of the issuer, and hold the certificate against it (RFC 9110 §4.3.4). */
function warnOfOtherName(
  { tls }: PublicListener,
  { issuer, path }: { readonly issuer: string; readonly path: Path },
  loading: Loading,
): void {
  const certificate = tls && parseCertificate(tls.certificatePem);
  if (!certificate) return;
  const host = new URL(issuer).hostname.replaceAll(/[[\]]/g, '');
  const isOfHost = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
  if (isOfHost === undefined)
    loading.warn([...path, 'public', 'tls', 'certificate'], ofAnotherName(host));
}

const ofAnotherName = (host: string): Complaint => ({
  code: 'CONFIG_CONFLICT',
  what: `the certificate does not name ${host}, the host of the issuer`,
  why: 'clients connect to the addresses that we publish, and refuse a certificate of another name',
  fix: 'refer to a certificate of that name; where a proxy shows clients another one, name it in trustedProxies',
});

const SOURCES = {
  optional: 'handshake',
  'client-cert-header': 'client-cert-header',
  none: 'nowhere',
} as const;

function collides(left: HostAndPort, right: HostAndPort): boolean {
  // Port 0 means any free port: two of them never meet.
  if (left.port !== right.port || left.port === 0) return false;
  const areBothLoopback = isLoopbackHost(left.host) && isLoopbackHost(right.host);
  const hosts = [left.host, right.host];
  return left.host === right.host || areBothLoopback || hosts.some(isEverywhere);
}

function validateUnproxied(
  { open, listeners: { value, path } }: { open: HostAndPort; listeners: Entry<ListenersSection> },
  loading: Loading,
): void {
  const { clientCertificates, tls } = value.public;
  if (!tls && !isLoopbackHost(open.host)) loading.error([...path, 'public'], PLAIN);
  if (clientCertificates === 'client-cert-header')
    loading.error([...path, 'public', 'clientCertificates'], NO_PROXIES);
}

async function readPublic(
  open: HostAndPort,
  { value, path }: Entry<ListenersSection>,
  loading: Loading,
): Promise<PublicListener> {
  const { tls, clientCertificates } = value.public;
  const certificateSource = SOURCES[clientCertificates];
  if (!tls) return { ...open, certificateSource };
  const identity = await readTlsIdentity(tls, [...path, 'public', 'tls'], loading);
  const shown = clientCertificates === 'optional' ? 'optional' : 'none';
  const ours = { ...identity, clientCertificates: shown } as const;
  return { ...open, certificateSource, tls: ours };
}

const COLLISION: Complaint = {
  code: 'CONFIG_OVERLAP',
  what: 'the management listener takes the address of the public one',
  why: 'health and metrics must never be reachable through the public port',
  fix: 'give it a port of its own',
};

const EXPOSED: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'the management listener is reachable from other machines',
  why: 'it has no authentication of its own: whoever reaches it can use it',
  fix: 'listen on 127.0.0.1, or set exposed: true when a network policy guards it',
};

const NO_PROXIES: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'client-cert-header needs trustedProxies',
  why: 'the header is believed of the proxies named there alone; from anybody else it is no credential',
  fix: 'name the proxies that end TLS, and make them replace the header that a client sends (RFC 9440 §4)',
};

const PLAIN: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'plain HTTP on an address that other machines reach',
  why: 'tokens and client secrets would cross the network in clear',
  fix: 'add tls, listen on loopback, or name the proxies that end TLS in trustedProxies',
};
