// What an operator changes of the addresses of the profiles.

import type { Endpoint, EndpointProfile } from './endpoint-profile.ts';
import { MESSAGE_CREDENTIALS } from './profiles.ts';

/** What an operator says of one address. */
export type EndpointChange = Pick<Endpoint, 'path'> & Partial<Endpoint>;

/** The profiles with the changes of the operator.
 * @throws {Error} for an address that no profile has, for one of two that clients call alike, and for what says nothing there */
export function changeEndpoints(
  profiles: readonly EndpointProfile[],
  changes: readonly EndpointChange[],
): readonly EndpointProfile[] {
  const served = profiles.map((profile) => withOptional(profile, changes));
  const paths = served.flatMap(({ endpoints }) => endpoints.map(({ path }) => path));
  const unknown = changes.find(({ path }) => !paths.includes(path));
  // Left alone, what was meant to be closed would stay open.
  if (unknown) throw new Error(`wsTrust.endpoints: no profile serves ${unknown.path}`);
  requireBelow(paths, changes);
  const changed = withChanges(served, changes);
  const idle = changed
    .flatMap(({ endpoints }) => endpoints)
    .find(
      ({ signedParts, takesRepeatedTimestamps }) =>
        takesRepeatedTimestamps && signedParts !== 'timestamp',
    );
  if (idle)
    throw new Error(`wsTrust.endpoints: the Body is signed at ${idle.path}: no repeatedTimestamps`);
  return changed;
}

// Clients may call either address. What is closed at only one of them would be open to whoever adds or leaves out the last segment.
function requireBelow(paths: readonly string[], changes: readonly EndpointChange[]): void {
  const isChanged = (path: string): boolean => changes.some((each) => each.path === path);
  for (const below of paths.filter((path) => path.endsWith('/*'))) {
    const path = below.slice(0, -2);
    if (isChanged(path) !== isChanged(below))
      throw new Error(
        `wsTrust.endpoints: ${path} and ${below} are both in the list, or neither is`,
      );
  }
}

function withChanges(
  profiles: readonly EndpointProfile[],
  changes: readonly EndpointChange[],
): readonly EndpointProfile[] {
  return profiles.map((profile) => ({
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
  const { endpoints, optional, ports } = profile;
  const wanted = optional.filter(({ endpoint: { messageSecurity, path } }) =>
    changes.some((each) => each.path === path && each.messageSecurity === messageSecurity),
  );
  return {
    ...profile,
    endpoints: [...endpoints, ...wanted.map(({ endpoint }) => endpoint)],
    ports: [...ports, ...wanted.map(({ port }) => port)],
  };
}
