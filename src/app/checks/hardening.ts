// What a configuration that is valid could still do better, by the ids of OWASP ASVS 5.0. Advice for an operator: nothing of it
// keeps a server from starting.
import type { PolicyRow } from '#core/policy.ts';
import type { Config } from '#src/config/config.ts';
import { isLoopbackHost } from '#src/config/sections/fields.ts';

export interface HardeningFinding {
  /** The requirement of ASVS 5.0. */
  readonly id: string;
  /** 1 is for everybody, 3 for the highest assurance. */
  readonly level: 1 | 2 | 3;
  /** Where in the configuration, or which file. */
  readonly where: string;
  readonly what: string;
  readonly fix: string;
}

type Rule = (config: Config) => readonly HardeningFinding[];

const when = (isSo: boolean, finding: HardeningFinding): readonly HardeningFinding[] =>
  isSo ? [finding] : [];

const transport: Rule = ({ listeners, trustedProxies }) =>
  when(!listeners.public.tls, {
    id: '12.3.1',
    level: 2,
    where: 'listeners.public',
    what:
      trustedProxies.length > 0
        ? 'TLS ends at the proxy: the way from there to here is in the clear'
        : 'the listener has no TLS',
    fix: 'add tls: { certificate, key }; the proxy can speak TLS to us as well',
  });

const management: Rule = ({ listeners }) =>
  when(!isLoopbackHost(listeners.management.host), {
    id: '13.4.5',
    level: 2,
    where: 'listeners.management',
    what: 'health and metrics are reachable from other machines, without authentication',
    fix: 'listen on 127.0.0.1, or let a network policy admit the monitoring alone',
  });

const store: Rule = ({ store: where }) => {
  if (where.kind !== 'redis') return [];
  const { credentials, tls } = where.redis;
  return [
    ...when(!tls, {
      id: '12.3.1',
      level: 2,
      where: 'store.redis',
      what: 'state goes to Redis in the clear',
      fix: 'add tls: { ca }',
    }),
    ...when(!credentials, {
      id: '13.2.1',
      level: 2,
      where: 'store.redis',
      what: 'Redis takes commands from whoever reaches it',
      fix: 'add user and password',
    }),
    ...when(credentials !== undefined && credentials.username === undefined, {
      id: '13.2.2',
      level: 2,
      where: 'store.redis.user',
      what: 'the default user of Redis may do everything',
      fix: 'make a user whose access list has our commands and keys alone',
    }),
  ];
};

const rates: Rule = ({ limits: { perAddress, perClient } }) =>
  [
    { rate: perAddress, name: 'perAddress', one: 'address' },
    { rate: perClient, name: 'perClient', one: 'client' },
  ].flatMap(({ name, one, rate }) =>
    when(!rate, {
      id: '2.4.1',
      level: 2,
      where: 'limits',
      what: `one ${one} may ask as much as it likes`,
      fix: `set limits.${name}`,
    }),
  );

const clients: Rule = ({ clients: all }) =>
  all.flatMap((client) => [
    ...when(client.token_endpoint_auth_method === 'none', {
      id: '10.4.10',
      level: 2,
      where: `clients ${client.client_id}`,
      what: 'it does not authenticate: whoever knows its name is it',
      fix: 'give it private_key_jwt, or a secret',
    }),
    ...when(client.client_secret !== undefined, {
      id: '10.4.16',
      level: 3,
      where: `clients ${client.client_id}`,
      what: 'it authenticates with a secret that it sends',
      fix: 'use private_key_jwt',
    }),
  ]);

const bearerRow = ({ effect, grant, id }: PolicyRow): readonly HardeningFinding[] =>
  when(effect === 'allow' && !grant.senderConstraint, {
    id: '10.4.14',
    level: 3,
    where: `policy ${id}`,
    what: 'it grants tokens that are good for whoever holds them',
    fix: 'set allow.senderConstraint: true where the parties can prove a key',
  });

const policy: Rule = ({ policy: rows }) => rows.flatMap(bearerRow);

const sha1At = (where: string): HardeningFinding => ({
  id: '11.4.1',
  level: 1,
  where,
  what: 'signatures with SHA-1 are taken there',
  fix: 'have them made with SHA-256, and remove legacySha1Until',
});

const algorithms: Rule = ({ trustedIssuers, wsTrust }) => [
  ...trustedIssuers
    .filter(({ saml }) => saml?.legacySha1Until !== undefined)
    .map(({ id }) => sha1At(`trustedIssuers ${id}`)),
  ...(wsTrust?.endpoints ?? [])
    .filter(({ legacySha1Until }) => legacySha1Until !== undefined)
    .map(({ path }) => sha1At(`wsTrust.endpoints ${path}`)),
];

const audiences: Rule = ({ relyingParties }) =>
  relyingParties.flatMap(({ id, token }) =>
    when(token.omitsAudience === true, {
      id: '9.2.4',
      level: 2,
      where: `relyingParties ${id}`,
      what: 'its assertions with a key do not say for whom they are: good at all who believe our key and do not ask',
      fix: 'remove token.audienceRestriction where no client needs it',
    }),
  );

const plainFetch: Rule = ({ clients: all, trustedIssuers }) => {
  const addresses = [
    ...trustedIssuers.flatMap(({ id, jwt, saml }) => {
      const urls = [
        ...(jwt?.keySource.kind === 'url' ? [jwt.keySource.url] : []),
        ...(saml?.keySource.kind === 'metadata-url' ? [saml.keySource.url] : []),
      ];
      return urls.map((url) => ({ where: `trustedIssuers ${id}`, url }));
    }),
    ...all.flatMap(({ client_id: id, jwks_uri: url }) =>
      url === undefined ? [] : [{ where: `clients ${id}`, url }],
    ),
  ];
  return addresses
    .filter(({ url }) => url.startsWith('http:'))
    .map(({ where }) => ({
      id: '12.3.1',
      level: 2,
      where,
      what: 'its keys are fetched in the clear: who stands between chooses them',
      fix: 'use an https address',
    }));
};

const RULES: readonly Rule[] = [
  transport,
  management,
  store,
  rates,
  clients,
  policy,
  algorithms,
  audiences,
  plainFetch,
];

/** What could be hardened, without a look at files. */
export function hardeningFindings(config: Config): readonly HardeningFinding[] {
  return RULES.flatMap((rule) => rule(config));
}
