// What an operator changes of the addresses of the profiles.

import {
  type Endpoint,
  type EndpointProfile,
  type MessageSecurity,
  metadataPathOf,
} from './endpoint-profile.ts';
import { MESSAGE_CREDENTIALS } from './profiles.ts';

/** What an operator says of one address. */
export type EndpointChange = Pick<Endpoint, 'path'> & Partial<Endpoint>;

/** A change that cannot be made. */
export interface RefusedChange {
  /** Its place in the list. */
  readonly index: number;
  /** What of it is wrong. */
  readonly key: 'path' | 'messageSecurity' | 'repeatedTimestamps';
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  /** The addresses that there are, where it names none of them. */
  readonly known?: readonly string[];
}

type Refusal = Omit<RefusedChange, 'index'>;

/** The changes that cannot be made: of an address that no profile has, of one of two that clients call alike, and what says nothing there. */
export function refusedChanges(
  profiles: readonly EndpointProfile[],
  changes: readonly EndpointChange[],
): readonly RefusedChange[] {
  const endpoints = changed(profiles, changes).flatMap((profile) => profile.endpoints);
  return changes.flatMap((change, index) => {
    const endpoint = endpoints.find(({ path }) => path === change.path);
    const refusal = endpoint
      ? (refuseAlone(change, { endpoints, changes }) ?? refuseIdle(endpoint))
      : refuseUnserved(change, { profiles, endpoints });
    return refusal ? [{ index, ...refusal }] : [];
  });
}

/** The profiles with the changes of the operator.
 * @throws {Error} for a change that cannot be made */
export function changeEndpoints(
  profiles: readonly EndpointProfile[],
  changes: readonly EndpointChange[],
): readonly EndpointProfile[] {
  const [refused] = refusedChanges(profiles, changes);
  if (refused) {
    const { index, key, what } = refused;
    throw new Error(`wsTrust.endpoints[${index}].${key}: ${changes[index]?.path} ${what}`);
  }
  return changed(profiles, changes);
}

interface Served {
  readonly endpoints: readonly Endpoint[];
}

function refuseUnserved(
  { path }: EndpointChange,
  { endpoints, profiles }: Served & { readonly profiles: readonly EndpointProfile[] },
): Refusal {
  const unnamed = profiles.flatMap(({ optional }) => optional);
  const meant = unnamed.find(({ endpoint }) => endpoint.path === path)?.endpoint;
  if (!meant) {
    const known = [...endpoints, ...unnamed.map(({ endpoint }) => endpoint)];
    return { ...NO_ADDRESS, known: known.map((endpoint) => endpoint.path) };
  }
  const { messageSecurity } = meant;
  return messageSecurity === undefined ? NO_PROTECTION : fixedProtection(messageSecurity);
}

// Clients may call either address. What is closed at only one of them would be open to whoever adds or leaves out the last segment.
function refuseAlone(
  { path }: EndpointChange,
  { changes, endpoints }: Served & { readonly changes: readonly EndpointChange[] },
): Refusal | undefined {
  const other = path.endsWith('/*') ? path.slice(0, -2) : `${path}/*`;
  const isServed = endpoints.some((endpoint) => endpoint.path === other);
  if (!isServed || changes.some((each) => each.path === other)) return undefined;
  return {
    key: 'path',
    what: `and ${other} are both in the list, or neither is`,
    why: 'clients may call either: what is closed at one of them would be open at the other',
    fix: `add ${other} with the same settings`,
  };
}

const refuseIdle = ({ signedParts, takesRepeatedTimestamps }: Endpoint): Refusal | undefined =>
  takesRepeatedTimestamps && signedParts !== 'timestamp' ? BODY_IS_SIGNED : undefined;

const NO_ADDRESS: Refusal = {
  key: 'path',
  what: 'is no address of a profile that is on',
  why: 'left alone, what was meant to be closed would stay open',
  fix: 'correct it, or add its profile to wsTrust.profiles',
};

const NO_PROTECTION: Refusal = {
  key: 'messageSecurity',
  what: 'is an address over TLS',
  why: 'messages that protect themselves have addresses of their own',
  fix: 'remove messageSecurity',
};

const fixedProtection = (messageSecurity: MessageSecurity): Refusal => ({
  key: 'messageSecurity',
  what: `is an address for messages that protect themselves by ${messageSecurity}`,
  why: 'it is not served in another way: it would be opened for messages that are not protected',
  fix: `write messageSecurity: ${messageSecurity}`,
});

const BODY_IS_SIGNED: Refusal = {
  key: 'repeatedTimestamps',
  what: 'is an address where the Body is signed: no repeatedTimestamps',
  why: 'no two messages have the same signature there',
  fix: 'remove it, or set signedParts: timestamp where that is enough',
};

function changed(
  profiles: readonly EndpointProfile[],
  changes: readonly EndpointChange[],
): readonly EndpointProfile[] {
  const served = profiles.map((profile) => withOptional(profile, changes));
  return served.map((profile) => ({
    ...profile,
    endpoints: profile.endpoints.map((endpoint) => {
      const change = changes.find(({ path }) => path === endpoint.path);
      const { messageSecurity } = change ?? {};
      const usual = messageSecurity ? { credentials: MESSAGE_CREDENTIALS[messageSecurity] } : {};
      return { ...endpoint, ...usual, ...change };
    }),
  }));
}

// An address for messages without TLS must be named together with its messageSecurity: else it would be opened for unprotected ones.
function withOptional(
  profile: EndpointProfile,
  changes: readonly EndpointChange[],
): EndpointProfile {
  const { endpoints, metadataPaths, optional, ports } = profile;
  const wanted = optional.filter(({ endpoint: { messageSecurity, path } }) =>
    changes.some((each) => each.path === path && each.messageSecurity === messageSecurity),
  );
  return {
    ...profile,
    endpoints: [...endpoints, ...wanted.map(({ endpoint }) => endpoint)],
    metadataPaths: [...metadataPaths, ...wanted.map(({ endpoint }) => metadataPathOf(endpoint))],
    ports: [...ports, ...wanted.map(({ port }) => port)],
  };
}
