// How many connections a server has at one time. Each holds a file descriptor and, with TLS, up to 100 KB: whoever opened more and more of
// them and said nothing would take the last one, and nobody could ask whether we are well any more, or the memory.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Connection {
  readonly name: string;
  readonly socket: Socket;
  /** Requests of it that have no answer yet. */
  requests: number;
  /** Since when there is none. */
  quietSince: number;
}

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

function longestQuiet(connections: Iterable<Connection>): Connection | undefined {
  let found: Connection | undefined;
  for (const each of connections)
    if (each.requests === 0 && each.quietSince < (found?.quietSince ?? Number.POSITIVE_INFINITY))
      found = each;
  return found;
}

/** Bounds the connections of a server. Beyond it the one that has been without a request for longest gives way: one that is new is the
 * last of them. */
export function boundConnections(server: Server, mostConnections: number): void {
  const connections = new Map<string, Connection>();
  const forget = (connection: Connection): void => {
    const { name } = connection;
    if (connections.get(name) === connection) connections.delete(name);
  };
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    const connection = { name, socket, requests: 0, quietSince: performance.now() };
    connections.set(name, connection);
    socket.once('close', () => forget(connection));
    const leaving = connections.size > mostConnections && longestQuiet(connections.values());
    if (!leaving) return;
    // At once: it makes room for one, not for all that come before it has ended.
    forget(leaving);
    leaving.socket.destroy();
  });
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(nameOf(socket));
    if (!connection) return;
    connection.requests += 1;
    response.once('close', () => {
      connection.requests -= 1;
      connection.quietSince = performance.now();
    });
  });
}
