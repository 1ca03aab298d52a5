// application/x-www-form-urlencoded, strictly. What a lenient parser repairs is where two readers of one message disagree.
import { ExchangeFailure } from '#core/failure.ts';

const MAX_PARAMETERS = 200;

/** A parameter as sent. Duplicates stay visible: RFC 6749 §3.2 forbids them, RFC 8693 §2.1 allows some. */
export type FormParameter = readonly [name: string, value: string];

function malformed(detail: string, cause?: unknown): ExchangeFailure {
  return new ExchangeFailure('request-malformed', detail, { cause });
}

const ENCODED = /[%+]/;

function decode(text: string): string {
  if (!ENCODED.test(text)) return text;
  try {
    // Refuses a broken percent sign and bytes that are not UTF-8, overlong forms included.
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw malformed('a form parameter is not well encoded', cause);
  }
}

function parseParameter(text: string): FormParameter {
  const at = text.indexOf('=');
  if (at < 1) throw malformed('a form parameter has no name or no value');
  const parameter = [decode(text.slice(0, at)), decode(text.slice(at + 1))] as const;
  // What follows a NUL is invisible to a store or a directory behind us that is written in C.
  if (parameter.some((part) => part.includes('\0'))) throw malformed('a form parameter holds NUL');
  return parameter;
}

/** Parses a form into its parameters, in order.
 * @throws {ExchangeFailure} `request-malformed` */
export function parseForm(text: string): readonly FormParameter[] {
  if (text === '') return [];
  if (!text.isWellFormed()) throw malformed('the form is not well-formed text');
  const parts = text.split('&', MAX_PARAMETERS + 1);
  if (parts.length > MAX_PARAMETERS) throw malformed('the form has too many parameters');
  return parts.map(parseParameter);
}
