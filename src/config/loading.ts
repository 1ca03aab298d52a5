// What the sections need while a configuration is loaded: a place for complaints, and the files and variables it refers to.
import { dirname, resolve } from 'node:path';
import type { Instant } from '#core/instant.ts';
import { codeOf, FileRefused } from './document/text-file.ts';
import type { CompileExpression } from './expressions/expression.ts';
import { type Complaint, formatPath, type Path, type Problem } from './problem.ts';
import type { SecretReference } from './sections/secret.ts';

/** The world of a configuration; injected, so that tests own it. */
export interface ConfigSources {
  /** Names the file in problems; references are relative to its folder. */
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a text file by its absolute path. */
  readonly readFile: (path: string) => Promise<string>;
  /** Rejects when no file of ours can be kept at an absolute path; absent: nobody looks. */
  readonly requireRoom?: (path: string) => Promise<void>;
  /** What certificates and exceptions are held against; absent: the clock of the machine. */
  readonly now?: Instant;
}

/** An entry that its schema accepts, and where it stands. */
export interface Entry<T> {
  readonly value: T;
  readonly path: Path;
}

/** Ids as written, of broken entries too: a reference to a broken entry is not a second problem. */
interface KnownIds {
  readonly clients: ReadonlySet<string>;
  readonly relyingParties: ReadonlySet<string>;
  readonly trustedIssuers: ReadonlySet<string>;
}

/** A place in a file that the configuration refers to. */
interface OtherFile {
  readonly name: string;
  readonly place: Pick<Problem, 'line' | 'column'>;
}

export interface Loading {
  readonly issuer: string;
  /** What stands as issuer in our own tokens, of any form. */
  readonly ownNames: readonly string[];
  readonly now: Instant;
  readonly known: KnownIds;
  /** Hosts that may be on internal addresses and may speak plain http. */
  readonly allowedHosts: readonly string[];
  readonly compile: CompileExpression;
  error(path: Path, complaint: Complaint): void;
  warn(path: Path, complaint: Complaint): void;
  /** A problem in another file that the configuration refers to. */
  errorIn(file: OtherFile, path: Path, complaint: Complaint): void;
  /** An absolute path, from one relative to the folder of the file. */
  absolute(path: string): string;
  /** The absolute path of a file that the server keeps; a complaint when it cannot be kept there. */
  keep(path: string, at: Path): Promise<string>;
  /** The text behind a reference; empty, and a complaint, when there is none. */
  read(reference: SecretReference, path: Path): Promise<string>;
}

type Report = (path: Path, complaint: Complaint) => void;

/** Creates what deals with the files that a configuration names. What is read never shows in a complaint. What is kept must be named
 * after all that is read. */
export function createFiles(
  sources: ConfigSources,
  report: Report,
): Pick<Loading, 'absolute' | 'read' | 'keep'> {
  const absolute = (path: string): string => resolve(dirname(sources.path), path);
  const wasRead = new Set([absolute(sources.path)]);
  const kept = new Map<string, Path>();
  return {
    absolute,
    async read({ file, env }, path) {
      if (env !== undefined) {
        const value = variableOf(sources, env);
        if (value === '') report(path, unset(env));
        return value;
      }
      try {
        wasRead.add(absolute(file ?? ''));
        const text = await sources.readFile(absolute(file ?? ''));
        if (text.trim() === '') report(path, unreadable(file ?? '', 'is empty'));
        return text;
      } catch (cause) {
        report(path, unreadable(file ?? '', whyUnread(cause)));
        return '';
      }
    },
    async keep(path, at) {
      const file = absolute(path);
      const other = kept.get(file);
      try {
        await sources.requireRoom?.(file);
        if (wasRead.has(file)) throw new FileRefused('is a file that the configuration is made of');
        if (other) throw new FileRefused(`is where ${formatPath(other)} is kept`);
      } catch (cause) {
        report(at, unkept(whyUnread(cause)));
      }
      kept.set(file, at);
      return file;
    },
  };
}

// Not what every object inherits: `__proto__` is no variable.
const variableOf = ({ env }: ConfigSources, name: string): string =>
  (Object.hasOwn(env, name) ? env[name] : undefined) ?? '';

/** Why a file was not read, to be said of it. */
export function whyUnread(cause: unknown): string {
  if (cause instanceof FileRefused) return cause.message;
  return `cannot be read (${codeOf(cause) ?? 'unknown reason'})`;
}

const unset = (name: string): Complaint => ({
  code: 'CONFIG_SECRET',
  what: `the environment variable ${name} is not set`,
  why: 'the value behind this reference is needed at start',
  fix: `set ${name}, or refer to a file`,
});

const unkept = (what: string): Complaint => ({
  code: 'CONFIG_INVALID_VALUE',
  what,
  why: 'the server keeps a file of its own here, and must neither wait for somebody else nor write over what is theirs',
  fix: 'name a file that is not there yet, or that was made here by an earlier start, in a folder on a local disk which whoever serves may read and write',
});

const unreadable = (file: string, what: string): Complaint => ({
  code: 'CONFIG_SECRET',
  what: `the file ${file} ${what}`,
  why: 'the text behind this reference is needed at start; paths are relative to the configuration file',
  fix: 'correct the path, or the permissions of the file; it is a regular file, no pipe',
});
