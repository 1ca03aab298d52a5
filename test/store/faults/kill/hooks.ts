// Loaded into a server before its own code (`node --import`), by tests alone: kills the process at a chosen moment. What it
// hooks into is Node's, so that the server itself needs no switch and runs exactly as it is.
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { ARMING_FILE, ARMING_SIGNAL, type Arming, type StopPoint } from './stop-points.ts';

/** A method that is replaced by one that calls it. */
type Method = (this: unknown, ...values: unknown[]) => unknown;

let armed: Arming | undefined;
let reached = 0;

/** Whether this is the moment to die. */
function isDue(point: StopPoint): boolean {
  if (armed?.point !== point) return false;
  reached += 1;
  return reached === armed.count;
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

const dieAt = (point: StopPoint): void => {
  if (isDue(point)) die();
};

function wrap(target: object, name: string, around: (original: Method) => Method): void {
  const original = Reflect.get(target, name) as Method;
  Reflect.set(target, name, around(original));
}

const isDecision = (text: string): boolean => text.includes('"outcome":"allowed"');
const isCheckpoint = (text: string): boolean => text.includes('"audit.checkpoint"');

/** The audit file: lines go through `appendFile`, then `datasync`. */
async function hookFiles(): Promise<void> {
  const handle = await open(process.execPath, 'r');
  const prototype = Object.getPrototypeOf(handle) as object;
  await handle.close();
  let last = '';
  wrap(
    prototype,
    'appendFile',
    (original) =>
      async function (this: unknown, ...values) {
        last = String(values[0]);
        const isTorn =
          (isDecision(last) && isDue('decision-torn')) ||
          (isCheckpoint(last) && isDue('checkpoint-torn'));
        const text = isTorn ? last.slice(0, last.length - 20) : last;
        await original.call(this, text);
        if (isTorn) die();
        if (isDecision(last)) dieAt('decision-written');
        if (isCheckpoint(last)) dieAt('checkpoint-written');
      },
  );
  wrap(
    prototype,
    'datasync',
    (original) =>
      async function (this: unknown) {
        await original.call(this);
        if (isDecision(last)) dieAt('decision-durable');
      },
  );
}

const WRITES = { 'INSERT INTO once': 'mark', 'DELETE FROM': 'sweep' } as const;

/** The embedded store: what stands in the transaction that is being committed. */
function hookStore(): void {
  const written = new Set<(typeof WRITES)[keyof typeof WRITES]>();
  const runStatement = (statement: StatementSync, original: Method, values: unknown[]): unknown => {
    for (const [start, what] of Object.entries(WRITES))
      if (statement.sourceSQL.startsWith(start)) written.add(what);
    if (statement.sourceSQL !== 'COMMIT') return original.apply(statement, values);
    for (const what of written) dieAt(`${what}-before-commit`);
    const result = original.apply(statement, values);
    for (const what of written) dieAt(`${what}-committed`);
    written.clear();
    return result;
  };
  wrap(
    StatementSync.prototype,
    'run',
    (original) =>
      function (this: unknown, ...values) {
        return runStatement(this as StatementSync, original, values);
      },
  );
  wrap(
    DatabaseSync.prototype,
    'exec',
    (original) =>
      function (this: unknown, ...values) {
        if (values[0] === 'ROLLBACK') written.clear();
        return original.apply(this, values);
      },
  );
}

/** Signatures: the last value is who is told. */
function hookSigning(): void {
  wrap(
    crypto,
    'sign',
    (original) =>
      function (this: unknown, ...values) {
        const tell = values.at(-1);
        if (typeof tell !== 'function') return original.apply(this, values);
        dieAt('signing');
        const signed = (...results: unknown[]): unknown => {
          dieAt('signed');
          return (tell as Method)(...results);
        };
        return original.apply(this, [...values.slice(0, -1), signed]);
      },
  );
  syncBuiltinESMExports();
}

/** Answers with a token in them. */
function hookAnswers(): void {
  wrap(
    ServerResponse.prototype,
    'end',
    (original) =>
      function (this: unknown, ...values) {
        if (String(values[0]).includes('access_token')) dieAt('answer');
        return original.apply(this, values);
      },
  );
}

/** Sweeps and checkpoints wait for half a minute and more; a test does not. */
function hurryTimers(): void {
  for (const name of ['setTimeout', 'setInterval'])
    wrap(
      globalThis,
      name,
      (original) =>
        function (this: unknown, work, wait, ...rest) {
          const isMaintenance = wait === 30_000 || wait === 60_000;
          return original.call(globalThis, work, isMaintenance ? 100 : wait, ...rest);
        },
    );
}

process.on(ARMING_SIGNAL, () => {
  armed = JSON.parse(readFileSync(process.env[ARMING_FILE] ?? '', 'utf8')) as Arming;
  reached = 0;
});
await hookFiles();
hookStore();
hookSigning();
hookAnswers();
hurryTimers();
