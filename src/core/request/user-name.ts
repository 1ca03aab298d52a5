// What a user name may look like, and which names are counted as one.

const MAX_NAME_LENGTH = 256;
const CONTROL = /\p{Cc}/u;

/** Whether a text can name a user at all. */
export function isPossibleUserName(name: string): boolean {
  return (
    name.length > 0 &&
    name.length <= MAX_NAME_LENGTH &&
    name.isWellFormed() &&
    name === name.trim() &&
    !CONTROL.test(name)
  );
}

/** The name under which failures are counted: other spellings of one name must not give more guesses. */
export function foldUserName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
