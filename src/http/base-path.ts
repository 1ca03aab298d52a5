// Every address that we publish and serve is below the issuer, which may have a path.

/** The path of the issuer without the slash at its end; mostly empty. */
export const basePathOf = (issuer: string): string => new URL(issuer).pathname.replace(/\/$/, '');

/** The issuer without a slash at its end: what every published path is put behind. */
export const publicBaseOf = (issuer: string): string =>
  `${new URL(issuer).origin}${basePathOf(issuer)}`;
