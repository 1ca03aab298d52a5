// The log: JSON lines on the standard output. Everything passes the guard of redaction.ts, whatever a caller hands over.
import pino from 'pino';
import { printableLine } from '#core/foreign/printable-line.ts';
import { createLogOutput, type LogOutput } from './log-output.ts';
import { redact, redactText } from './redaction.ts';

export type LogLevel = 'info' | 'warn' | 'error';

type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

interface LoggerSettings {
  readonly level: LogLevel;
  /** Where lines go; the standard output when absent. */
  readonly destination?: LogOutput;
}

const STANDARD_OUTPUT = 1;

/** Members that the log writes itself. A second one of that name would let a value pose as the level or the time. */
const OWN_MEMBERS = new Set(['level', 'time', 'pid', 'msg']);

function guarded(fields: LogFields): object {
  const safe = redact(fields);
  if (typeof safe !== 'object' || safe === null) return {};
  const members = Object.entries(safe).map(([name, value]: [string, unknown]) => [
    OWN_MEMBERS.has(name) ? `${name}_` : name,
    value,
  ]);
  return Object.fromEntries(members) as object;
}

function wrap(log: pino.Logger): Logger {
  const write = (level: LogLevel, message: string, fields: LogFields | undefined): void => {
    if (!log.isLevelEnabled(level)) return;
    log[level](fields ? guarded(fields) : {}, redactText(message));
  };
  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}

/** Makes the log. */
export function createLogger({
  level,
  destination = createLogOutput(STANDARD_OUTPUT),
}: LoggerSettings): Logger {
  const settings: pino.LoggerOptions = {
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  // pino writes a line at a time, and ends it.
  const write = (line: string): void => destination.write(`${printableLine(line.slice(0, -1))}\n`);
  return wrap(pino(settings, { write }));
}
