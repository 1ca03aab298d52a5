// Several servers as an operator runs them: processes of their own over one store, each with an audit of its own.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ConfigDocument } from '#test/support/document.ts';
import { type Running, startViaduct } from '#test/support/process.ts';

export interface ServerProcess {
  readonly url: string;
  readonly managementUrl: string;
  readonly running: Running;
  readonly auditFile: string;
}

const SERVING = /^serving \S+ on (\S+), health and metrics on (\S+)$/m;

/** Starts one server on the document in the directory; its name keeps its files apart from those of the others. */
export async function startServerProcess(
  directory: string,
  name: string,
  document: ConfigDocument,
): Promise<ServerProcess> {
  const auditFile = join(directory, `data/audit-${name}.jsonl`);
  const audit = { ...(document['audit'] as object), file: auditFile };
  await writeFile(join(directory, `${name}.yaml`), stringify({ ...document, audit }));
  const running = startViaduct(['serve', '--config', `${name}.yaml`], directory);
  const [, url = '', managementUrl = ''] = await running.says(SERVING);
  return { url, managementUrl, running, auditFile };
}

/** Ends a server as an operator does, and returns when it is gone. */
export async function stopServerProcess({ running }: ServerProcess): Promise<void> {
  running.child.kill('SIGTERM');
  await running.exit();
}
