// Whether a file is there.
import { access } from 'node:fs/promises';

/** Whether a file exists. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
