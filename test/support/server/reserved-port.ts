// Ports for servers whose address must be known before they listen, or that are started again. Below the range from which systems
// give ports to outgoing connections and to whoever asks for any: one of those could be given that very port.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const LOWEST = 10_240;
const BEYOND = 32_768;
const ATTEMPTS = 50;

/** Marks a port as given, by the UDP port of its number for as long as this process lives: what was given is seen by the test files that
 * run beside this one, also while nobody listens there. False: it was marked before. */
async function mark(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(socket, 'listening');
    socket.unref();
    return true;
  } catch {
    socket.close();
    return false;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** A port of the loopback address that no test gives to anybody else. */
export async function reservedPort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST, BEYOND);
    if ((await mark(port)) && (await isFree(port))) return port;
  }
  throw new Error('no free port');
}
