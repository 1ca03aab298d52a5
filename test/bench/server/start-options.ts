// How the container image starts the server: the bench measures what is shipped.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface StartOptions {
  /** Options of Node. */
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The options of the image's command and its allocator settings, with a compile cache in `directory`. */
export async function imageStartOptions(directory: string): Promise<StartOptions> {
  const dockerfile = await readFile(new URL('../../../Dockerfile', import.meta.url), 'utf8');
  const command = JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
  const ofMalloc = Array.from(
    dockerfile.matchAll(/(MALLOC_\w+)=(\d+)/g),
    ([, name = '', value = '']): [string, string] => [name, value],
  );
  return {
    execArgv: command.slice(1, command.indexOf('src/main.ts')),
    env: {
      ...Object.fromEntries<string>(ofMalloc),
      NODE_COMPILE_CACHE: join(directory, 'compile-cache'),
    },
  };
}
