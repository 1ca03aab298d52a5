// A process that writes an audit through several files. One of the steps that closing a file takes, counted from the first, ends it, or
// fails as where all file descriptors are taken.
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { openAuditLog } from '#src/audit/audit-log.ts';
import { aRecord, PATIENT } from './audit-fixture.ts';

const [, , path = '', fate = '', count = ''] = process.argv;
const audit = await openAuditLog({ ...PATIENT, path, maxFileBytes: 1000 });

let steps = 0;
for (const name of ['link', 'lstat', 'open', 'rename', 'unlink'] as const) {
  const step = fs[name] as (...words: unknown[]) => Promise<unknown>;
  Object.assign(fs, {
    async [name](...words: unknown[]) {
      steps += 1;
      const isIt = steps === Number(count);
      if (isIt && fate === 'fail') throw Object.assign(new Error('no more'), { code: 'EMFILE' });
      const result = await step(...words);
      if (isIt) process.kill(process.pid, 'SIGKILL');
      return result;
    },
  });
}
syncBuiltinESMExports();

for (let record = 1; record <= 8; record += 1) await audit.append(aRecord());
await audit.close();
process.stdout.write(`${steps} steps`);
