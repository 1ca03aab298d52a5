// The parameters of a token request as the library hands them on: empty is absent (RFC 6749 §3.2).
import { ExchangeFailure } from '#core/failure.ts';
import type { TargetName } from '#core/relying-party.ts';

export type Parameters = Readonly<Record<string, unknown>>;

/** A parameter that may stand once.
 * @throws {ExchangeFailure} `request-malformed` when it is repeated */
export function optionalParameter(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string')
    throw new ExchangeFailure('request-malformed', `${name} stands more than once`);
  return value;
}

/** A parameter that must stand exactly once.
 * @throws {ExchangeFailure} `request-malformed` */
export function requiredParameter(parameters: Parameters, name: string): string {
  const value = optionalParameter(parameters, name);
  if (value === undefined) throw new ExchangeFailure('request-malformed', `${name} is missing`);
  return value;
}

function repeatableParameter(parameters: Parameters, name: string): readonly string[] {
  const value = parameters[name] ?? [];
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((entry): entry is string => typeof entry === 'string' && entry !== '');
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

/** The requested scopes, each once; absent when none are named. */
export function scopeNames(parameters: Parameters): readonly string[] | undefined {
  const scope = optionalParameter(parameters, 'scope');
  const names = scope?.split(' ').filter(Boolean) ?? [];
  return names.length > 0 ? [...new Set(names)] : undefined;
}
