// The text of a refresh token: opaque to all but its codec, which is an adapter since it needs a secret.

/** Which token of which family. */
export interface RefreshTokenName {
  readonly family: string;
  /** The first token of a family is number 1; each renewal brings the next. */
  readonly number: number;
}

export interface RefreshTokenCodec {
  write(name: RefreshTokenName): string;
  /** @throws {ExchangeFailure} `token-malformed` for every text that `write` did not make */
  parse(text: string): RefreshTokenName;
}
