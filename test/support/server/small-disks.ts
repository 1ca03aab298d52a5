// A server whose store and audit have small disks of their own, to be filled: file systems in memory, in a namespace of mounts that is gone
// with the server.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ConfigDocument } from './document.ts';
import { MAIN, startProgram } from './process.ts';
import { type Served, serve } from './served.ts';

export type Disk = 'audit' | 'store';

const UNSHARE = 'unshare';
const WITH_MOUNTS = [
  // Who is not root may do this only as root of a namespace of users.
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  '--mount',
];
const MOUNT_AND_RUN =
  'for disk in audit store; do mount -t tmpfs -o size=24m tmpfs $disk || exit 1; done; exec "$@"';

/** Why nothing can be mounted here, for the `skip` option of a test; false when it can. */
export function disksMissing(): string | false {
  const words = [...WITH_MOUNTS, 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp'];
  if (spawnSync(UNSHARE, words).status === 0) return false;
  if (process.env['CI'] === 'true') throw new Error('CI needs unshare, and mounts in a namespace');
  return 'no process can mount a disk of its own';
}

export interface OnDisks extends Served {
  /** Takes all room that is left. */
  fill(disk: Disk): Promise<void>;
  /** Gives it back. */
  empty(disk: Disk): Promise<void>;
  /** Copies what is on it to where a command finds it: its folder without the disk. */
  copyOut(disk: Disk): Promise<void>;
}

/** Serves with the store and the audit on disks of 24 MB each. */
export async function serveOnDisks(
  t: TestContext,
  change: (document: ConfigDocument) => void,
): Promise<OnDisks> {
  const served = await serve(
    t,
    async (document, directory) => {
      document['store'] = { sqlite: { path: 'store/viaduct.db' } };
      Object.assign(document['audit'] as object, { file: 'audit/audit.jsonl' });
      for (const disk of ['audit', 'store']) await mkdir(join(directory, disk));
      change(document);
    },
    (words, directory) => {
      const command = [process.execPath, MAIN, ...words];
      const shell = ['sh', '-c', MOUNT_AND_RUN, 'sh', ...command];
      return startProgram(UNSHARE, [...WITH_MOUNTS, ...shell], directory);
    },
  );
  const place = (disk: Disk, name = ''): string =>
    join(`/proc/${served.server.child.pid}/root`, served.directory, disk, name);
  return {
    ...served,
    async fill(disk) {
      const filler = await open(place(disk, 'filler'), 'a');
      try {
        for (;;) await filler.write(Buffer.alloc(4096));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause;
      } finally {
        await filler.close();
      }
    },
    empty: (disk) => rm(place(disk, 'filler')),
    copyOut: (disk) => cp(place(disk), join(served.directory, disk), { recursive: true }),
  };
}
