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

/** Of all connections together, those that wait behind another one of theirs. With what it brings each takes up to 80 KB, and ten thousand
 * connections had a hundred and fifty thousand. */
const MOST_BEHIND = 1000;

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

// A request has the connection within TLS, of which this one tells; both ends are the same. Ours counts too: from one port a client may
// have a connection to each of our addresses.
const nameOf = ({ localAddress, remoteAddress, remotePort }: Socket): string =>
  `${localAddress} ${remoteAddress} ${remotePort}`;

/** It has said all that it asks, and has taken all that is there for it: what is missing is ours. */
const waitsForUs = ({ last }: Connection): boolean =>
  last !== undefined && last.complete && last.socket.writableLength === 0;

const behindOf = ({ requests }: Connection): number => Math.max(requests - 1, 0);

/** Of those that have so many requests behind another one. */
function longestWithoutProgress(
  connections: Iterable<Connection>,
  leastBehind = 0,
): Connection | undefined {
  let found: Connection | undefined;
  for (const each of connections) {
    const isLonger = each.progressAt < (found?.progressAt ?? Number.POSITIVE_INFINITY);
    if (isLonger && behindOf(each) >= leastBehind && !waitsForUs(each)) found = each;
  }
  return found;
}

/** The connections that there are, by the names of their ends, and how many requests wait behind others. */
function createConnections() {
  const connections = new Map<string, Connection>();
  let behind = 0;
  const isKnown = (connection: Connection): boolean =>
    connections.get(connection.name) === connection;
  const forget = (connection: Connection): void => {
    if (!isKnown(connection)) return;
    connections.delete(connection.name);
    behind -= behindOf(connection);
  };
  return {
    connections: connections as ReadonlyMap<string, Connection>,
    behind: () => behind,
    find: (socket: Socket) => connections.get(nameOf(socket)),
    begin: (socket: Socket): void => {
      const name = nameOf(socket);
      const progressAt = performance.now();
      const connection: Connection = { name, socket, requests: 0, last: undefined, progressAt };
      // Its client has ended that one, and we have not been told yet.
      const old = connections.get(name);
      if (old) forget(old);
      connections.set(name, connection);
      socket.once('close', () => forget(connection));
    },
    end: (connection: Connection): void => {
      // At once: it makes room for one, not for all that come before it has ended.
      forget(connection);
      // With TLS the one within; else it may be an older one of this name, which its client has ended.
      connection.last?.socket.destroy();
      connection.socket.destroy();
    },
    count: (connection: Connection, requests: 1 | -1): void => {
      const before = behindOf(connection);
      connection.requests += requests;
      if (isKnown(connection)) behind += behindOf(connection) - before;
    },
  };
}

/** Bounds the connections of a server, and what we hold for each and for all. When there are more than `mostConnections`, the one is
 * closed that has neither asked nor taken anything for the longest time. When more than `MOST_BEHIND` requests wait behind others, the
 * same is done among the connections that have such requests. One that does not take its answers ends after `server.timeout`. */
export function boundConnections(server: Server, mostConnections: number): void {
  const { begin, behind, connections, count, end, find } = createConnections();
  server.on('connection', (socket: Socket) => {
    begin(socket);
    const leaving =
      connections.size > mostConnections && longestWithoutProgress(connections.values());
    if (leaving) end(leaving);
  });
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = find(request.socket);
    if (!connection) return;
    connection.last = request;
    count(connection, 1);
    if (connection.requests === 1) connection.progressAt = performance.now();
    response.once('close', () => {
      count(connection, -1);
      if (connection.requests === 0) connection.last = undefined;
      connection.progressAt = performance.now();
    });
    if (connection.requests > MOST_REQUESTS) end(connection);
    else if (behind() > MOST_BEHIND)
      end(longestWithoutProgress(connections.values(), 1) ?? connection);
  });
  // Node tells of it in place of ending the connection, which would end a request that we take long for.
  server.on('timeout', (socket: Socket) => {
    const connection = find(socket);
    if (!connection || !waitsForUs(connection)) socket.destroy();
  });
}
