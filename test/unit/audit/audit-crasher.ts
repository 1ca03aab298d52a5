// A process that writes an audit until a file is closed, and is killed after so many of the steps that this takes.
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { openAuditLog } from '#src/audit/audit-log.ts';
import { closedFiles } from '#src/audit/file/audit-files.ts';
import { aRecord, PATIENT } from './audit-fixture.ts';

const [, , path = '', count = ''] = process.argv;
const audit = await openAuditLog({ ...PATIENT, path, maxFileBytes: 1000 });

let steps = 0;
for (const name of ['link', 'lstat', 'open', 'rename', 'unlink'] as const) {
  const step = fs[name] as (...words: unknown[]) => Promise<unknown>;
  Object.assign(fs, {
    async [name](...words: unknown[]) {
      const result = await step(...words);
      steps += 1;
      if (steps === Number(count)) process.kill(process.pid, 'SIGKILL');
      return result;
    },
  });
}
syncBuiltinESMExports();

while ((await closedFiles(path)).length === 0) await audit.append(aRecord());
await audit.close();
