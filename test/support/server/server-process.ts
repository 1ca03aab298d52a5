// A server as an operator runs it: a process of its own over a store that others may share, with an audit of its own.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ConfigDocument } from './document.ts';
import { type Running, startViaduct } from './process.ts';

export interface ServerProcess {
  readonly url: string;
  readonly managementUrl: string;
  readonly running: Running;
  /** Its configuration. */
  readonly configFile: string;
  readonly auditFile: string;
}

const SERVING = /^serving \S+ on (\S+), health and metrics on (\S+)$/m;

/** Starts a server on the document in the directory; its name keeps its files apart from those of the others.
 * `environment` is added to that of this process. */
export async function startServerProcess(
  directory: string,
  name: string,
  document: ConfigDocument,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const auditFile = join(directory, `data/audit-${name}.jsonl`);
  const audit = { ...(document['audit'] as object), file: auditFile };
  const configFile = join(directory, `${name}.yaml`);
  await writeFile(configFile, stringify({ ...document, audit }));
  const running = startViaduct(['serve', '--config', configFile], directory, environment);
  const [, url = '', managementUrl = ''] = await running.says(SERVING);
  return { url, managementUrl, running, configFile, auditFile };
}

/** Ends a server as an operator does, and returns when it is gone. */
export async function stopServerProcess({ running }: ServerProcess): Promise<void> {
  running.child.kill('SIGTERM');
  await running.exit();
}
