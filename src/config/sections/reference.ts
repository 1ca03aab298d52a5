// Names of other entries of the file.
import type { Entry, Loading } from '../loading.ts';
import { nearest } from '../spelling.ts';

const KINDS = {
  clients: 'client',
  relyingParties: 'relying party',
  trustedIssuers: 'trusted issuer',
} as const;

/** Complains of a name that no entry of the section has. */
export function validateReference(
  { value, path }: Entry<string>,
  section: keyof typeof KINDS,
  loading: Loading,
): void {
  const known = loading.known[section];
  if (known.has(value)) return;
  const kind = KINDS[section];
  const meant = nearest(value, [...known]);
  const what = `there is no ${kind} ${value}`;
  loading.error(path, {
    code: 'CONFIG_UNKNOWN_REFERENCE',
    what: meant === undefined ? what : `${what}; did you mean ${meant}?`,
    why: 'a rule about something that does not exist does nothing, or not what was meant',
    fix: `${meant === undefined ? 'correct the name' : `write ${meant}`}, or add the ${kind}`,
  });
}
