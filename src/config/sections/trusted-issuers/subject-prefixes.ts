// Names of subjects in our tokens: `alice` of two trusted issuers, a user and a client must never be one subject.
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint, Path } from '../../problem.ts';
import type { TrustedIssuerEntry } from './trusted-issuers.ts';

export interface SubjectPrefix {
  readonly issuer: string;
  readonly prefix: string;
}

/** The prefixes in force, each where it is or would be written. */
export function subjectPrefixes(
  issuers: readonly Entry<TrustedIssuerEntry>[],
): readonly Entry<SubjectPrefix>[] {
  return issuers.flatMap(({ value, path }) =>
    (['jwt', 'saml', 'x509'] as const)
      .filter((form) => value[form] !== undefined && !(form === 'x509' && value.x509?.users))
      .map((form) => ({
        value: { issuer: value.id, prefix: value[form]?.subjectPrefix ?? `${value.id}:` },
        path: [...path, form, 'subjectPrefix'],
      })),
  );
}

/** Two prefixes of which one begins with the other give one name to subjects of both. */
export function validatePrefixes(
  prefixes: readonly Entry<SubjectPrefix>[],
  loading: Loading,
): void {
  for (const [index, { value, path }] of prefixes.entries()) {
    const rival = prefixes.slice(0, index).find((other) => overlaps(other.value, value));
    if (rival) loading.error(path, overlap(rival.value.issuer));
  }
}

// An empty prefix is the operator's word that the ids collide with nothing.
const overlaps = (left: SubjectPrefix, right: SubjectPrefix): boolean =>
  left.issuer !== right.issuer &&
  left.prefix !== '' &&
  right.prefix !== '' &&
  (left.prefix.startsWith(right.prefix) || right.prefix.startsWith(left.prefix));

/** Our own clients and users have no prefix: none may be called as a subject of a trusted issuer would be. */
export function validateOwnNames(
  names: readonly Entry<string>[],
  prefixes: readonly Entry<SubjectPrefix>[],
  report: (path: Path, complaint: Complaint) => void,
): void {
  for (const { value, path } of names) {
    const taken = prefixes.find(
      ({ value: { prefix } }) => prefix !== '' && value.startsWith(prefix),
    );
    if (taken) report(path, foreignName(taken.value));
  }
}

const overlap = (issuer: string): Complaint => ({
  code: 'CONFIG_OVERLAP',
  what: `the subject prefix overlaps with that of ${issuer}`,
  why: 'subjects of both could have one name in our tokens, and one could pass for the other',
  fix: 'give each issuer a prefix that no other one begins with, such as its id and a colon',
});

const foreignName = ({ issuer, prefix }: SubjectPrefix): Complaint => ({
  code: 'CONFIG_OVERLAP',
  what: `begins with ${prefix}, as the subjects of ${issuer} do in our tokens`,
  why: 'it could pass for a subject of that issuer',
  fix: 'choose another name, or another subjectPrefix for the issuer',
});
