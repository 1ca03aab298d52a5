// How many connections a server has at one time. Each holds a file descriptor and, with TLS, up to 100 KB: whoever opened many and said
// nothing would use up the memory or the descriptors, and not even a health check would get in.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Connection {
  readonly name: string;
  readonly socket: Socket;
  /** Requests of it whose answers it has not taken yet. */
  requests: number;
  /** The last of them. */
  last: IncomingMessage | undefined;
  /** When it began, took an answer, or asked after it had taken all. */
  progressAt: number;
}

/** Each takes up to 20 KB until its answer is taken, and programs that do not wait for answers ask ten at once. Unbounded, whoever asked
 * ten thousand times without reading had 100 MB of us. */
const MOST_REQUESTS = 16;

/** For all else that a process has open: store, audit, health, what is fetched. */
const RESERVED_DESCRIPTORS = 256;

/** How many connections a process may have: as many as are wanted, and never so many that it has no file descriptor left. The runtime has
 * raised its limit of them as far as it may. */
export function connectionBound(wanted: number): number {
  const descriptors = openFileLimit();
  return Math.min(wanted, Math.max(descriptors / 2, descriptors - RESERVED_DESCRIPTORS));
}

function openFileLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    // Not on Linux.
    return Number.POSITIVE_INFINITY;
  }
}

// A request has the connection within TLS, of which this one tells; the other end is the same.
const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** It has said all that it asks, and has taken all that is there for it: what is missing is ours. */
const waitsForUs = ({ last }: Connection): boolean =>
  last !== undefined && last.complete && last.socket.writableLength === 0;

function longestWithoutProgress(connections: Iterable<Connection>): Connection | undefined {
  let found: Connection | undefined;
  for (const each of connections)
    if (!waitsForUs(each) && each.progressAt < (found?.progressAt ?? Number.POSITIVE_INFINITY))
      found = each;
  return found;
}

/** Bounds the connections of a server, and what we hold for each. Beyond `mostConnections` the one is closed that has neither asked
 * nor taken anything for longest. One that does not take its answers ends after `server.timeout`. */
export function boundConnections(server: Server, mostConnections: number): void {
  const connections = new Map<string, Connection>();
  const forget = (connection: Connection): void => {
    const { name } = connection;
    if (connections.get(name) === connection) connections.delete(name);
  };
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    const progressAt = performance.now();
    const connection: Connection = { name, socket, requests: 0, last: undefined, progressAt };
    connections.set(name, connection);
    socket.once('close', () => forget(connection));
    const leaving =
      connections.size > mostConnections && longestWithoutProgress(connections.values());
    if (!leaving) return;
    // At once: it makes room for one, not for all that come before it has ended.
    forget(leaving);
    leaving.socket.destroy();
  });
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(nameOf(request.socket));
    if (!connection) return;
    connection.requests += 1;
    connection.last = request;
    if (connection.requests === 1) connection.progressAt = performance.now();
    if (connection.requests > MOST_REQUESTS) request.socket.destroy();
    response.once('close', () => {
      connection.requests -= 1;
      if (connection.requests === 0) connection.last = undefined;
      connection.progressAt = performance.now();
    });
  });
  // Node tells of it in place of ending the connection, which would end a request that we take long for.
  server.on('timeout', (socket: Socket) => {
    const connection = connections.get(nameOf(socket));
    if (!connection || !waitsForUs(connection)) socket.destroy();
  });
}
