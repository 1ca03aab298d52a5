// A file that `viaduct init` writes.

/** Its path below the directory, and its text. Secrets are readable by the owner only. */
export interface InitFile {
  readonly path: string;
  readonly text: string;
  readonly isSecret: boolean;
}

export const secret = (path: string, text: string): InitFile => ({ path, text, isSecret: true });
export const open = (path: string, text: string): InitFile => ({ path, text, isSecret: false });
