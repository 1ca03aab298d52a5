// Why a start failed, in the words of the configuration: the system says what it could not do, and not which setting named it.
import type { Config } from '#src/config/config.ts';

const TAKEN = /\bEADDRINUSE\b/;

/** Permission denied, not permitted, read-only: by the system, and by SQLite, which tells no more than that it cannot. */
const NO_ACCESS = /\b(?:EACCES|EPERM|EROFS)\b|unable to open database file|readonly database/;

function reasonsOf(cause: unknown): readonly string[] {
  if (!(cause instanceof Error)) return ['for no reason that is told'];
  return [cause.message, ...(cause.cause === undefined ? [] : reasonsOf(cause.cause))];
}

/** What a step needs: the setting that names it, and what it says. */
interface Place {
  readonly setting: string;
  readonly value: string;
  /** What helps whoever may not have it. */
  readonly cure: string;
  /** What helps where another program has it. */
  readonly cureWhenTaken?: string;
}

/** A file that the server keeps. */
export const filePlace = (setting: string, value: string): Place => ({
  setting,
  value,
  cure: 'whoever serves must be able to write it, what lies beside it, and its folder',
});

/** The address of a listener. */
export function listenerPlace(
  listeners: Readonly<
    Record<'public' | 'management', { readonly host: string; readonly port: number }>
  >,
  name: 'public' | 'management',
): Place {
  const { host, port } = listeners[name];
  return {
    setting: `listeners.${name}.address`,
    value: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    cure: 'take a port above 1023, or grant whoever serves the right to bind it',
    cureWhenTaken: `end what listens there, or write another port${name === 'public' ? ', in `issuer` and `audiences` too if it stands there' : ''}`,
  };
}

/** Runs a step of a start; its failure names the setting behind it, the file of the configuration, and each reason.
 * @throws {Error} */
export async function startStep<T>(
  { cure, cureWhenTaken, setting, value }: Place,
  { file }: Pick<Config, 'file'>,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    const reasons = reasonsOf(cause).join(': ');
    const known = NO_ACCESS.test(reasons) ? cure : TAKEN.test(reasons) ? cureWhenTaken : undefined;
    const fix = known === undefined ? '' : `; ${known}`;
    throw new Error(`${setting} in ${file}, ${value}: ${reasons}${fix}`, { cause });
  }
}
