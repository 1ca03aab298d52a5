// `viaduct init`: a first configuration that runs, with keys nobody else has.
import { dirname, join, relative } from 'node:path';
import { makeFolders } from '#src/config/kept-file.ts';
import { isServerAddress } from '#src/config/sections/redis.ts';
import { type Command, type Terminal, UsageError } from './command/command.ts';
import { exists } from './command/exists.ts';
import { DEFAULT_CONFIG, parseOptions } from './command/options.ts';
import { shellWord } from './command/shell-word.ts';
import { takeAll, writeWhole } from './command/whole-file.ts';
import type { InitFile } from './init/init-file.ts';
import { DEFAULT_PORTS, initFiles, type Ports } from './init/init-files.ts';

const SCHEMA_PATH = join(import.meta.dirname, '../../config/schema.json');

/** What needs no more than quotes around it in YAML. */
const PLAIN_ADDRESS = /^[\w.:[\]-]+$/;

async function writeNew(directory: string, file: InitFile) {
  const path = join(directory, file.path);
  await makeFolders(dirname(path));
  // A key that exists is never replaced, tokens signed with it may be alive.
  return writeWhole(path, file.text, { mode: file.isSecret ? 0o600 : 0o644 });
}

interface FirstTerms {
  readonly ports?: Ports;
  readonly redisAddress?: string | undefined;
}

const PORT = /^[1-9]\d{0,4}$/;
const MAX_PORT = 65_535;

function readPort(name: string, word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  if (!PORT.test(word) || Number(word) > MAX_PORT)
    throw new UsageError(`--${name} needs a port from 1 to ${MAX_PORT}`);
  return Number(word);
}

function readPorts(publicWord: string | undefined, managementWord: string | undefined): Ports {
  const ports = {
    public: readPort('port', publicWord) ?? DEFAULT_PORTS.public,
    management: readPort('management-port', managementWord) ?? DEFAULT_PORTS.management,
  };
  if (ports.public === ports.management)
    throw new UsageError('--port and --management-port are two ports');
  return ports;
}

/** Writes the configuration and all it refers to below `directory`, with its state on the Redis server at the address if one is
 * given. Refuses to touch a file that is there. Where one cannot be written none stays: half a configuration may be a good one by its form, and
 * a next start would take it.
 * @throws {Error} of the system */
export async function writeFirstConfiguration(
  directory: string,
  terminal: Terminal,
  { ports = DEFAULT_PORTS, redisAddress }: FirstTerms = {},
): Promise<void> {
  const files = await initFiles({
    nowSeconds: Math.floor(Date.now() / 1000),
    schemaPath: `./${relative(directory, SCHEMA_PATH)}`,
    ports,
    redisAddress,
  });
  for (const file of files) {
    const path = join(directory, file.path);
    if (await exists(path))
      throw new Error(
        `${path} exists; init does not overwrite: name another folder by --directory`,
      );
  }
  await makeFolders(join(directory, 'data'));
  await takeAll(files.map((file) => () => writeNew(directory, file)));
  terminal.out(`wrote ${join(directory, DEFAULT_CONFIG)} with keys/, tls/, demo/ and data/`);
}

export const initCommand: Command = async (words, terminal) => {
  const { values } = parseOptions(words, {
    directory: { type: 'string', default: '.' },
    port: { type: 'string' },
    'management-port': { type: 'string' },
    redis: { type: 'string' },
  });
  const { directory, redis } = values;
  // A variable of a script that is not set; here is not what it meant.
  if (directory === '') throw new UsageError('--directory needs a folder');
  const ports = readPorts(values.port, values['management-port']);
  if (redis !== undefined && !(PLAIN_ADDRESS.test(redis) && isServerAddress(redis)))
    throw new UsageError('--redis needs a host and a port, as in redis.internal:6379');
  await writeFirstConfiguration(directory, terminal, { ports, redisAddress: redis });
  if (redis !== undefined)
    terminal.out(
      `redis needs: --appendonly yes --aclfile ${shellWord(join(directory, 'redis.acl'))}`,
    );
  terminal.out(`next: viaduct serve --config ${shellWord(join(directory, DEFAULT_CONFIG))}`);
  return 0;
};
