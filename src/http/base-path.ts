// Every address that we publish and serve is below the issuer, which may have a path.

/** The path of the issuer without the slash at its end; mostly empty. */
export const basePathOf = (issuer: string): string => new URL(issuer).pathname.replace(/\/$/, '');
