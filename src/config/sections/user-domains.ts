// `userDomains`: which names of domains make two spellings of a user name one, and that the rest of the file spells users as their file.

import { z } from 'zod';
import { principalName } from '#core/request/requestor.ts';
import { createUserNameKey, foldDomain, type UserDomain } from '#core/request/user-domain.ts';
import { SELF } from '#core/token/security-token.ts';
import type { Entry, Loading } from '../loading.ts';
import type { Complaint, Path } from '../problem.ts';
import { valueRule } from './fields.ts';

const domainName = z.string().refine(
  (text) =>
    text.length > 0 &&
    text.length <= 255 &&
    text.isWellFormed() &&
    text === text.normalize('NFC') &&
    !/[\\@\s\p{Cc}]/u.test(text),
  valueRule({
    what: 'is not usable as the name of a domain',
    why: 'it stands before a backslash or behind an @ in user names',
    fix: 'write the name alone, such as CORP or corp.example',
  }),
);

export const userDomainsSection = z
  .array(
    z.strictObject({
      names: z
        .array(domainName)
        .nonempty()
        .describe('All names of the domain: that before a backslash, those behind an @.'),
      default: z
        .boolean()
        .describe('A user name without a domain is one of this domain.')
        .optional(),
      ignoreCase: z
        .boolean()
        .describe(
          'Its user names are compared without case: CORP\\Alice and corp\\alice are one user.',
        )
        .optional(),
    }),
  )
  .nonempty()
  .describe('Domains of user names: CORP\\alice and alice@corp.example are one user.')
  .optional();

/** Reads the domains. */
export function readUserDomains(
  { value, path }: Entry<z.output<typeof userDomainsSection>>,
  loading: Loading,
): readonly UserDomain[] {
  const domains = value ?? [];
  const seen = new Set<string>();
  for (const [index, { names }] of domains.entries()) {
    for (const [place, name] of names.entries()) {
      if (seen.has(foldDomain(name))) loading.error([...path, index, 'names', place], TWO_DOMAINS);
      seen.add(foldDomain(name));
    }
  }
  const defaults = domains.flatMap((domain, index) => (domain.default === true ? [index] : []));
  for (const index of defaults.slice(1)) loading.error([...path, index, 'default'], TWO_DEFAULTS);
  return domains.map(({ names, default: isDefault, ignoreCase }) => ({
    names,
    ...(isDefault === true && { isDefault }),
    ...(ignoreCase === true && { ignoresCase: true }),
  }));
}

interface NamingParty {
  readonly issuer: string | readonly string[];
  readonly id?: string | readonly string[] | undefined;
}

interface NamingRow {
  readonly requestor: { readonly principal?: NamingParty | undefined };
  readonly subject: NamingParty;
  readonly actor?: NamingParty | undefined;
}

/** Parts of the configuration that may name users. */
interface Naming {
  readonly rows: readonly Entry<NamingRow>[];
  readonly parties: readonly Entry<
    Readonly<
      Partial<Record<'requestors' | 'servers' | 'revokers', 'any' | readonly string[] | undefined>>
    >
  >[];
}

interface Users {
  readonly records: readonly { readonly id: string }[];
  readonly domains?: readonly UserDomain[];
}

const hasOurs = (issuers: readonly string[]): boolean => issuers.includes(SELF);
const hasOursAlone = (issuers: readonly string[]): boolean => issuers.every((one) => one === SELF);

/** The ids of users of ours that policy names, each where it is written. */
function namedUsers({ rows, parties }: Naming, isMeant = hasOurs): readonly Entry<string>[] {
  const ofRows = rows.flatMap(({ value: { requestor, subject, actor }, path }) =>
    [
      { party: requestor.principal, at: ['requestor', 'principal'] },
      { party: subject, at: ['subject'] },
      { party: actor, at: ['actor'] },
    ].flatMap(({ party, at }) =>
      party && isMeant([party.issuer].flat())
        ? [party.id ?? []].flat().map((value) => ({ value, path: [...path, ...at, 'id'] }))
        : [],
    ),
  );
  const own = principalName(SELF, '');
  const ofParties = parties.flatMap(({ value, path }) =>
    (['requestors', 'servers', 'revokers'] as const).flatMap((section) =>
      [value[section] ?? []]
        .flat()
        .map((name, index): Entry<string> => ({ value: name, path: [...path, section, index] }))
        .filter(({ value: name }) => name.startsWith(own))
        .map((entry) => ({ ...entry, value: entry.value.slice(own.length) })),
    ),
  );
  return [...ofRows, ...ofParties];
}

/** The Subject has the spelling of the user file. A row that denies in another one would deny nothing. */
export function validateUserSpellings(
  { records, domains }: Users,
  naming: Naming,
  loading: Loading,
): void {
  if (!domains) return;
  const nameKey = createUserNameKey(domains);
  const ids = new Map(records.map(({ id }) => [nameKey(id), id]));
  const report = (path: Path, id: string) => loading.error(path, otherSpelling(id));
  for (const { value, path } of namedUsers(naming)) {
    const id = ids.get(nameKey(value));
    if (id !== undefined && id !== value) report(path, id);
  }
}

/** Who is no user of ours and yet has a name among tokens of ours: parties of trusted issuers, and clients. */
interface OtherNames {
  readonly prefixes: readonly string[];
  readonly clients: readonly string[];
}

/** A name of nobody is a misspelt one, or one of a user who was removed: what names it does nothing. Where another issuer is named beside
 * `self` it may be one of theirs. */
export function warnOfUnknownUsers(
  { records, domains = [] }: Users,
  naming: Naming & OtherNames,
  loading: Loading,
): void {
  const nameKey = createUserNameKey(domains);
  const keys = new Set([...records.map(({ id }) => id), ...naming.clients].map(nameKey));
  for (const { value, path } of namedUsers(naming, hasOursAlone)) {
    const isOfOthers = naming.prefixes.some((prefix) => value.startsWith(prefix));
    if (!isOfOthers && !keys.has(nameKey(value))) loading.warn(path, unknownUser(value));
  }
}

const unknownUser = (id: string): Complaint => ({
  code: 'CONFIG_NO_EFFECT',
  what: `there is no user ${id}`,
  why: 'it would never match: what grants to nobody grants nothing, and what denies nobody denies nothing',
  fix: 'correct the name, add the user to a user file, or remove it here',
});

const otherSpelling = (id: string): Complaint => ({
  code: 'CONFIG_INVALID_VALUE',
  what: 'spells a user otherwise than the user file',
  why: 'the Subject has the spelling of the user file: this would never match',
  fix: `write ${id}`,
});

const TWO_DOMAINS: Complaint = {
  code: 'CONFIG_DUPLICATE',
  what: 'names a domain twice',
  why: 'it would be open which domain a user name is of',
  fix: 'name each domain once, in one entry; upper and lower case make no difference',
};

const TWO_DEFAULTS: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'is a second default',
  why: 'a user name without a domain can be of one domain only',
  fix: 'keep one default: true',
};
