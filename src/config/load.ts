// From the file to a frozen Config: YAML, environment, schema, rules between sections, secrets. All problems in one report.
import { z } from 'zod';
import type { Config } from './config.ts';
import { readTextFile } from './document/text-file.ts';
import { parseYaml, type YamlDocument } from './document/yaml-document.ts';
import { applyEnvironment, type Overridden } from './environment.ts';
import { createExpressionCompiler } from './expressions/expression.ts';
import { requireRegularOrNone } from './kept-file.ts';
import { type ConfigSources, createFiles, type Loading, whyUnread } from './loading.ts';
import { type Complaint, ConfigError, formatPath, type Path, type Problem } from './problem.ts';
import { readConfig } from './read-config.ts';
import { configSchema } from './schema.ts';
import { schemaComplaints } from './schema-issues.ts';

/** The texts a configuration was made of, by path: whoever has them and the same environment makes the same one. */
export type ConfigFiles = Readonly<Record<string, string>>;

/** A configuration with what it was made of. */
export interface LoadedConfig {
  readonly config: Config;
  readonly files: ConfigFiles;
}

/** Loads the configuration file at `path`, with the environment of the process, and keeps what was read.
 * @throws {ConfigError} with every problem found */
export async function loadConfigFiles(path: string): Promise<LoadedConfig> {
  const files: Record<string, string> = {};
  const read = async (file: string): Promise<string> => {
    const text = await readTextFile(file);
    files[file] = text;
    return text;
  };
  const world = { readFile: read, requireRoom: requireRegularOrNone };
  return { config: await loadWith(path, world), files };
}

/** Makes a configuration of texts that were read before: processes that serve together must have one and the same.
 * @throws {ConfigError} with every problem found */
export function parseConfigFiles(path: string, files: ConfigFiles): Promise<Config> {
  return loadWith(path, {
    async readFile(file) {
      const text = Object.hasOwn(files, file) ? files[file] : undefined;
      if (text === undefined) throw new Error('the file was not read');
      return text;
    },
  });
}

/** A problem with a value that shows when it is used. */
export async function problemAt(
  file: string,
  path: Path,
  said: Complaint & Pick<Problem, 'severity'>,
): Promise<Problem> {
  return { ...said, file, ...(await placeInFile(file, path)), path: formatPath(path) };
}

/** Where a value stands. The file is read anew: what it was parsed into is not kept. */
async function placeInFile(file: string, path: Path): Promise<Pick<Problem, 'line' | 'column'>> {
  try {
    return parseYaml(await readTextFile(file)).placeOf(path);
  } catch {
    return { line: 1, column: 1 };
  }
}

type Files = Pick<ConfigSources, 'readFile' | 'requireRoom'>;

async function loadWith(path: string, files: Files): Promise<Config> {
  let text: string;
  try {
    text = await files.readFile(path);
  } catch (cause) {
    throw new ConfigError([unreadable(path, whyUnread(cause))]);
  }
  return parseConfig(text, { path, env: process.env, ...files });
}

/** Parses the text of a configuration; what it refers to comes from `sources`.
 * @throws {ConfigError} with every problem found */
export async function parseConfig(text: string, sources: ConfigSources): Promise<Config> {
  const document = parseYaml(text);
  if (document.complaints.length > 0) throw new ConfigError(yamlProblems(document, sources.path));
  const overridden = applyEnvironment(document.value, configSchema, sources.env);
  const problems = new ProblemList(document, overridden, sources.path);
  for (const { path, complaint } of schemaComplaints(configSchema, overridden.value)) {
    problems.add('error', path, complaint);
  }
  const config = await readConfig(overridden.value, createLoading(overridden, problems, sources));
  const all = problems.sorted();
  if (all.some(({ severity }) => severity === 'error')) throw new ConfigError(all);
  if (!config) throw new Error('no problem was found and no configuration was read');
  return deepFrozen({ ...config, file: sources.path, warnings: all });
}

function createLoading(
  { value }: Overridden,
  problems: ProblemList,
  sources: ConfigSources,
): Loading {
  const error = (path: Path, complaint: Complaint) => problems.add('error', path, complaint);
  const issuer = z.looseObject({ issuer: z.string() }).safeParse(value).data?.issuer ?? '';
  return {
    issuer,
    ownNames: [issuer, ...ownEntityIds(value)],
    now: sources.now ?? Math.floor(Date.now() / 1000),
    known: {
      clients: idsOf(value, 'clients', 'client_id'),
      relyingParties: idsOf(value, 'relyingParties', 'id'),
      trustedIssuers: idsOf(value, 'trustedIssuers', 'id'),
    },
    allowedHosts: allowedHostsOf(value),
    compile: createExpressionCompiler(),
    error,
    warn: (path, complaint) => problems.add('warning', path, complaint),
    errorIn: ({ name, place }, path, complaint) =>
      problems.append({
        ...complaint,
        ...place,
        severity: 'error',
        file: name,
        path: formatPath(path),
      }),
    ...createFiles(sources, error),
  };
}

const writtenEntityId = z.looseObject({ saml: z.looseObject({ entityId: z.string() }) });

function ownEntityIds(document: unknown): readonly string[] {
  const entityId = writtenEntityId.safeParse(document).data?.saml.entityId;
  return entityId === undefined ? [] : [entityId];
}

const writtenHosts = z.looseObject({
  fetch: z.looseObject({ allowedHosts: z.array(z.unknown()) }),
});

const allowedHostsOf = (document: unknown): readonly string[] =>
  writtenHosts
    .safeParse(document)
    .data?.fetch.allowedHosts.filter((host) => typeof host === 'string') ?? [];

function idsOf(document: unknown, section: string, key: string): ReadonlySet<string> {
  const entries = z.looseObject({ [section]: z.array(z.unknown()) }).safeParse(document).data;
  const named = z.looseObject({ [key]: z.string() });
  const ids = (entries?.[section] as readonly unknown[] | undefined)?.map(
    (entry) => named.safeParse(entry).data?.[key],
  );
  return new Set(ids?.filter((id) => typeof id === 'string'));
}

const byPlace = (left: Problem, right: Problem): number =>
  left.line - right.line || left.column - right.column;

/** Collects problems and knows where each one stands. */
class ProblemList {
  readonly #problems: Problem[] = [];
  readonly #others: Problem[] = [];
  readonly #document: YamlDocument;
  readonly #variables: ReadonlyMap<string, string>;
  readonly #file: string;

  constructor(document: YamlDocument, { variables, complaints }: Overridden, file: string) {
    this.#document = document;
    this.#variables = variables;
    this.#file = file;
    for (const { variable, complaint } of complaints) {
      this.#problems.push({ ...complaint, ...inEnvironment(variable), path: '' });
    }
  }

  add(severity: Problem['severity'], path: Path, complaint: Complaint): void {
    const variable = this.#variables.get(formatPath(path));
    const place =
      variable === undefined
        ? { severity, file: this.#file, ...this.#document.placeOf(path) }
        : { ...inEnvironment(variable), severity };
    this.#problems.push({ ...complaint, ...place, path: formatPath(path) });
  }

  /** A problem of another file. */
  append(problem: Problem): void {
    this.#others.push(problem);
  }

  /** By place; those of other files last, file by file. */
  sorted(): readonly Problem[] {
    const others = this.#others.toSorted(
      (left, right) => left.file.localeCompare(right.file) || byPlace(left, right),
    );
    return [...this.#problems.toSorted(byPlace), ...others];
  }
}

const inEnvironment = (variable: string) =>
  ({ severity: 'error', file: variable, line: 1, column: 1 }) as const;

const yamlProblems = ({ complaints }: YamlDocument, file: string): readonly Problem[] =>
  complaints.map((complaint) => ({ ...complaint, severity: 'error', file, path: '' }));

const unreadable = (file: string, reason: string): Problem => ({
  code: 'CONFIG_UNREADABLE',
  severity: 'error',
  file,
  line: 1,
  column: 1,
  path: '',
  what: `the file ${reason}`,
  why: 'nothing starts without a configuration',
  fix: 'correct the path or the permissions; `viaduct init` makes a first configuration',
});

// Nothing can be changed after it was checked.
function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFrozen(inner);
  return value;
}
