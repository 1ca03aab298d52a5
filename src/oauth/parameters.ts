// The parameters of a token request as the library hands them on. None is empty: the form leaves such out (RFC 6749 §3.2).
import { ExchangeFailure } from '#core/failure.ts';
import type { TargetName } from '#core/request/relying-party.ts';

export type Parameters = Readonly<Record<string, unknown>>;

/** A parameter that may stand once.
 * @throws {ExchangeFailure} `request-malformed` when it is repeated */
export function optionalParameter(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new ExchangeFailure('request-malformed', `${name} stands more than once`);
}

/** A parameter that must stand exactly once.
 * @throws {ExchangeFailure} `request-malformed` */
export function requiredParameter(parameters: Parameters, name: string): string {
  const value = optionalParameter(parameters, name);
  if (value === undefined) throw new ExchangeFailure('request-malformed', `${name} is missing`);
  return value;
}

function repeatableParameter(parameters: Parameters, name: string): readonly string[] {
  return [parameters[name]].flat().filter((value) => typeof value === 'string');
}

/** RFC 8707 §2: an absolute URI without a fragment. */
function resourceName(value: string): TargetName {
  if (!URL.canParse(value) || value.includes('#')) {
    throw new ExchangeFailure('target-unknown', 'resource is not an absolute URI without fragment');
  }
  return { kind: 'resource', value };
}

/** All targets a request names, by `resource` (RFC 8707 §2) and `audience` (RFC 8693 §2.1), each repeatable.
 * @throws {ExchangeFailure} `target-unknown` */
export function targetNames(parameters: Parameters): readonly TargetName[] {
  const resources = repeatableParameter(parameters, 'resource').map(resourceName);
  const audiences = repeatableParameter(parameters, 'audience');
  return [...resources, ...audiences.map((value) => ({ kind: 'audience', value }) as const)];
}

/** The requested scopes, each once; absent when none are named. The library has refused what is no list of names (RFC 6749 §3.3). */
export function scopeNames(parameters: Parameters): readonly string[] | undefined {
  const scope = optionalParameter(parameters, 'scope');
  return scope === undefined ? undefined : [...new Set(scope.split(' '))];
}
