// The spellings of a user name in a domain: `CORP\alice` and `alice@corp.example` are one user where both name one domain.

export interface UserDomain {
  /** As it stands before a backslash or behind an `@`; compared without case. */
  readonly names: readonly string[];
  /** A name without a domain is one of this. */
  readonly isDefault?: boolean;
}

/** Gives all spellings of one name one text, and each other name its own. */
export type UserNameKey = (name: string) => string;

const WITH_DOMAIN = [
  /^(?<domain>[^\\@]+)\\(?<user>[^\\@]+)$/,
  /^(?<user>[^\\@]+)@(?<domain>[^\\@]+)$/,
];
const WITHOUT_DOMAIN = /^[^\\@]+$/;

/** How the name of a domain is compared. */
export const foldDomain = (name: string): string => name.normalize('NFC').toLowerCase();

/** Creates the function. It knows of domains alone, never of users: were two spellings one name only where there is such a user, a
 * lock-out of both by failures under one would tell that there is. */
export function createUserNameKey(domains: readonly UserDomain[] = []): UserNameKey {
  const keys = new Map(
    domains.flatMap(({ names }) =>
      names.map((name) => [foldDomain(name), foldDomain(names[0] ?? '')]),
    ),
  );
  const fallback = domains.find(({ isDefault }) => isDefault)?.names[0];
  return (text) => {
    const name = text.normalize('NFC');
    for (const form of WITH_DOMAIN) {
      const { domain = '', user } = form.exec(name)?.groups ?? {};
      const key = keys.get(foldDomain(domain));
      if (user !== undefined && key !== undefined) return `${user}@${key}`;
    }
    const isBare = fallback !== undefined && WITHOUT_DOMAIN.test(name);
    return isBare ? `${name}@${foldDomain(fallback)}` : name;
  };
}
