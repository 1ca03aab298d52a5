// A process that writes an audit until it is killed or refused, and prints the id of each record that is durable.
import { stdout } from 'node:process';
import { openAuditLog } from '#src/audit/audit-log.ts';
import { aRecord, PATIENT } from './audit-fixture.ts';

const audit = await openAuditLog({ ...PATIENT, path: process.argv[2] ?? '' });
try {
  for (let index = 1; ; index += 1) {
    await audit.append(aRecord({ correlationId: `c-${index}`, detail: 'x'.repeat(200) }));
    stdout.write(`c-${index}\n`);
  }
} catch {
  process.exit(0);
}
