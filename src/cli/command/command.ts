// What a command is: words in, text out, an exit code.

/** Exit codes: 0 done, 1 the answer is no, 2 the call or the configuration is wrong. */
export type ExitCode = 0 | 1 | 2;

export interface Terminal {
  out(text: string): void;
  error(text: string): void;
}

export type Command = (words: readonly string[], terminal: Terminal) => Promise<ExitCode>;

/** A call that cannot be understood. Its message is shown, and where the usage is. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
