// What the profiles serve at a path.

import type { Endpoint, EndpointProfile } from './endpoint-profile.ts';

const SEGMENT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?$/;

/** A path of a profile and what stands there. */
export interface ServedPath {
  /** As the profile writes it. */
  readonly pattern: string;
  readonly profile: EndpointProfile;
  /** Absent where only metadata is served. */
  readonly endpoint?: Endpoint;
}

/** What is served at a path, or undefined. */
export function findServedPath(
  profiles: readonly EndpointProfile[],
  path: string,
): ServedPath | undefined {
  for (const profile of profiles) {
    const asWritten = profile.ignoresCase ? path.toLowerCase() : path;
    const endpoint = profile.endpoints.find((candidate) => isPathOf(candidate.path, asWritten));
    if (endpoint) return { pattern: endpoint.path, profile, endpoint };
    if (profile.metadataPaths.includes(asWritten)) return { pattern: asWritten, profile };
  }
  return undefined;
}

function isPathOf(pattern: string, path: string): boolean {
  if (!pattern.endsWith('/*')) return pattern === path;
  const prefix = pattern.slice(0, -1);
  return path.startsWith(prefix) && SEGMENT.test(path.slice(prefix.length));
}
