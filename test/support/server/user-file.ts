// The user file of a server that runs, changed and loaded again.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { hashPassword } from '#src/users/password/password.ts';
import { PASSWORD } from '#test/support/saml/saml-document.ts';
import type { Members, TestServer } from './server.ts';

/** Changes the record of a user, and has the server read the file. */
export async function changeUser(
  server: TestServer,
  id: string,
  change: (record: Members) => Members | undefined,
): Promise<void> {
  const path = join(server.directory, 'users.yaml');
  const { users } = JSON.parse(await readFile(path, 'utf8')) as { readonly users: Members[] };
  const changed = users.flatMap((record) => {
    const next = record['id'] === id ? change(record) : record;
    return next ? [next] : [];
  });
  await writeFile(path, JSON.stringify({ users: changed }), { mode: 0o600 });
  await server.reload();
}

/** Sets the password of a user anew: to the server it is another one, and test clients go on with the one they have. */
export async function setPassword(server: TestServer, id: string): Promise<void> {
  const password = await hashPassword(PASSWORD, { N: 2 ** 14, r: 8, p: 1 });
  await changeUser(server, id, (record) => ({ ...record, password }));
}

/** Makes the records of what was issued those of a release that knew no marks of logins. */
export function forgetLogins({ directory }: TestServer): void {
  const database = new DatabaseSync(join(directory, 'data/viaduct.db'));
  const { changes } = database
    .prepare(
      "UPDATE stored_value SET value = json_remove(value, '$.loginMark', '$.loginCertificates') WHERE value LIKE '%\"login%'",
    )
    .run();
  database.close();
  if (changes === 0) throw new Error('no record has a mark');
}
