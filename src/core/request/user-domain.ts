// The spellings of a user name in a domain: `CORP\alice` and `alice@corp.example` are one user where both name one domain.

export interface UserDomain {
  /** As it stands before a backslash or behind an `@`; compared without case. */
  readonly names: readonly string[];
  /** A name without a domain is one of this. */
  readonly isDefault?: boolean;
  /** Its users are compared without case as well, as those of a Windows domain are. */
  readonly ignoresCase?: boolean;
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

/** The name of a user in a domain, as all spellings of it are. */
const keyIn = ({ names: [first = ''], ignoresCase }: UserDomain, user: string): string =>
  `${ignoresCase === true ? user.toLowerCase() : user}@${foldDomain(first)}`;

/** Creates the function. It knows of domains alone, never of users: were two spellings one name only where there is such a user, a
 * lock-out of both by failures under one would tell that there is. */
export function createUserNameKey(domains: readonly UserDomain[] = []): UserNameKey {
  const byName = new Map(
    domains.flatMap((domain) => domain.names.map((name) => [foldDomain(name), domain])),
  );
  const fallback = domains.find(({ isDefault }) => isDefault);
  return (text) => {
    const name = text.normalize('NFC');
    for (const form of WITH_DOMAIN) {
      const { domain: spelled = '', user } = form.exec(name)?.groups ?? {};
      const domain = byName.get(foldDomain(spelled));
      if (user !== undefined && domain !== undefined) return keyIn(domain, user);
    }
    return fallback !== undefined && WITHOUT_DOMAIN.test(name) ? keyIn(fallback, name) : name;
  };
}
