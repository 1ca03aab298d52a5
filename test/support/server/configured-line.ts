// Where a test's configuration says something, for what is told of that place.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The line of the configuration, from 1, that has this text first; 0: none. */
export async function lineOf(directory: string, text: string): Promise<number> {
  const lines = (await readFile(join(directory, 'viaduct.yaml'), 'utf8')).split('\n');
  return lines.findIndex((line) => line.includes(text)) + 1;
}
