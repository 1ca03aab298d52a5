// Just enough of the Redis protocol (RESP2) to ask a server how it is. Own code on purpose: what judges a store must not
// share its driver.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export type Reply = string | number | null | Error | readonly Reply[];

/** The members of a list; none for any other reply. */
export const listOf = (reply: Reply | undefined): readonly Reply[] =>
  typeof reply === 'object' && reply !== null && !(reply instanceof Error) ? reply : [];

interface Parsed {
  readonly reply: Reply;
  /** Where the next reply begins. */
  readonly end: number;
}

function parseBulk(buffer: Buffer, start: number, length: number): Parsed | undefined {
  if (length < 0) return { reply: null, end: start };
  if (buffer.length < start + length + 2) return undefined;
  return { reply: buffer.toString('utf8', start, start + length), end: start + length + 2 };
}

function parseList(buffer: Buffer, start: number, length: number): Parsed | undefined {
  const replies: Reply[] = [];
  let end = start;
  for (let index = 0; index < length; index += 1) {
    const next = parseReply(buffer, end);
    if (!next) return undefined;
    replies.push(next.reply);
    end = next.end;
  }
  return { reply: length < 0 ? null : replies, end };
}

/** The reply that begins at `start`, or undefined when it is not all there yet.
 * @throws {Error} for what is no RESP2 */
function parseReply(buffer: Buffer, start: number): Parsed | undefined {
  const lineEnd = buffer.indexOf('\r\n', start);
  if (lineEnd < 0) return undefined;
  const text = buffer.toString('utf8', start + 1, lineEnd);
  const end = lineEnd + 2;
  switch (String.fromCodePoint(buffer[start] ?? 0)) {
    case '+':
      return { reply: text, end };
    case '-':
      return { reply: new Error(text), end };
    case ':':
      return { reply: Number(text), end };
    case '$':
      return parseBulk(buffer, end, Number(text));
    case '*':
      return parseList(buffer, end, Number(text));
    default:
      throw new Error('no reply of a Redis server');
  }
}

const encode = (words: readonly string[]): string =>
  [`*${words.length}`, ...words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}`), ''].join(
    '\r\n',
  );

function nextReply(socket: Socket): Promise<Reply> {
  let buffer = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
    socket.on('timeout', () => reject(new Error('the server does not answer')));
    socket.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      try {
        const parsed = parseReply(buffer, 0);
        if (parsed) resolve(parsed.reply);
      } catch (cause) {
        reject(cause);
      }
    });
  });
}

/** Sends one command on a connection of its own. An error reply is thrown.
 * @throws {Error} when nothing answers within the time, or with an error */
export async function sendCommand(
  port: number,
  words: readonly string[],
  timeoutMilliseconds = 2000,
): Promise<Reply> {
  const socket = connect(port, '127.0.0.1').setTimeout(timeoutMilliseconds);
  try {
    const reply = nextReply(socket);
    reply.catch(() => {});
    await Promise.race([once(socket, 'connect'), reply]);
    socket.write(encode(words));
    const answer = await reply;
    if (answer instanceof Error) throw answer;
    return answer;
  } finally {
    socket.destroy();
  }
}
