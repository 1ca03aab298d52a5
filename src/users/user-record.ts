// One record of a user store, as the configuration has read it.

/** The ways a user may log in, by their names in RFC 8176 §2: password, key in software, key in hardware. */
type LoginMethod = 'pwd' | 'swk' | 'hwk';

export interface UserRecord {
  /** The name the user logs in with, and the id of the Subject. */
  readonly id: string;
  /** `scrypt$N$r$p$salt$hash`. */
  readonly password: string;
  readonly disabled?: boolean;
  readonly claims: Readonly<Record<string, string | readonly string[]>>;
  /** The ways this user may log in; absent: by password. */
  readonly authenticationMethods?: readonly LoginMethod[];
  /** Base32. Present: a password alone is not enough. */
  readonly oneTimePasswordSecret?: string;
}
