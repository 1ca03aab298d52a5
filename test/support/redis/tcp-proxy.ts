// A small TCP proxy on loopback that breaks connections in the ways networks do. Which connections a fault meets can
// depend on where they come from: 127.0.0.0/8 has room for an address for every party.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { reservedPort } from '#test/support/server/reserved-port.ts';

/** `cut`: reset at once, also what comes new. `hang`: bytes are swallowed both ways and nobody is told; a connection that
 * lost some is reset when the fault is over. `stall`: bytes are held, and come late when the fault is over. */
export type ProxyFault = 'cut' | 'hang' | 'stall';

export interface Shape {
  readonly latencyMilliseconds?: number;
  /** Random, on top of the latency. */
  readonly jitterMilliseconds?: number;
  /** Bytes arrive in pieces of this size. */
  readonly sliceBytes?: number;
}

export interface TcpProxy {
  readonly port: number;
  /** Breaks connections whose source address is meant; all of them when nothing is said. */
  break(fault: ProxyFault, isMeant?: (sourceAddress: string) => boolean): void;
  /** Ends all faults. */
  heal(): void;
  /** Slows down what is sent from now on. */
  shape(shape: Shape): void;
  close(): Promise<void>;
}

interface Rules {
  fault: { readonly kind: ProxyFault; readonly isMeant: (address: string) => boolean } | undefined;
  shape: Shape;
}

/** Resets a connection. Node cannot reset one that is being made or ended already, and would never let go of it. */
function endAtOnce(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** One connection through the proxy. */
class Passage {
  readonly #sockets: readonly [near: Socket, far: Socket];
  readonly #rules: Rules;
  readonly #source: string;
  #changed = Promise.withResolvers<void>();
  #hasLostBytes = false;

  constructor(near: Socket, far: Socket, rules: Rules) {
    this.#sockets = [near, far];
    this.#rules = rules;
    this.#source = near.remoteAddress ?? '';
    this.#pump(near, far);
    this.#pump(far, near);
  }

  get #fault(): ProxyFault | undefined {
    const { fault } = this.#rules;
    return fault?.isMeant(this.#source) ? fault.kind : undefined;
  }

  get isOver(): boolean {
    return this.#sockets.every((socket) => socket.destroyed);
  }

  /** Brings the connection under the rules as they are now. */
  apply(): void {
    const fault = this.#fault;
    if (fault === 'cut' || (fault === undefined && this.#hasLostBytes)) this.reset();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  reset(): void {
    for (const socket of this.#sockets) endAtOnce(socket);
    this.#changed.resolve();
  }

  /** One direction. Pieces keep their order under any delay. */
  #pump(source: Socket, sink: Socket): void {
    let due = 0;
    let last = Promise.resolve();
    source.setNoDelay(true);
    source.on('error', () => {});
    source.on('close', () => this.#onEnd());
    source.on('data', (chunk) => {
      const { latencyMilliseconds = 0, jitterMilliseconds = 0 } = this.#rules.shape;
      const wait = latencyMilliseconds + Math.random() * jitterMilliseconds;
      due = Math.max(due, performance.now() + wait);
      const arrival = wait > 0 ? due : 0;
      last = last.then(() => this.#deliver(sink, chunk as Buffer, arrival));
    });
  }

  /** A network that swallows bytes swallows the end of a connection too. */
  #onEnd(): void {
    if (this.#fault === 'hang') this.#hasLostBytes = true;
    else this.reset();
  }

  async #deliver(sink: Socket, chunk: Buffer, due: number): Promise<void> {
    const wait = due - performance.now();
    if (wait > 0) await delay(wait);
    while (this.#fault === 'stall' && !sink.destroyed) await this.#changed.promise;
    if (this.#fault === 'hang') this.#hasLostBytes = true;
    if (this.#hasLostBytes) return;
    const { sliceBytes = chunk.length } = this.#rules.shape;
    for (let start = 0; start < chunk.length; start += sliceBytes)
      if (!sink.destroyed) sink.write(chunk.subarray(start, start + sliceBytes));
  }
}

function pass(server: Server, targetPort: number, rules: Rules): Set<Passage> {
  const passages = new Set<Passage>();
  server.on('connection', (near) => {
    const isCut = rules.fault?.kind === 'cut' && rules.fault.isMeant(near.remoteAddress ?? '');
    if (isCut) {
      near.on('error', () => {});
      near.resetAndDestroy();
      return;
    }
    const passage = new Passage(near, connect(targetPort, '127.0.0.1'), rules);
    passages.add(passage);
    for (const other of passages) if (other.isOver) passages.delete(other);
  });
  return passages;
}

/** Starts a proxy in front of a port of 127.0.0.1. */
export async function startTcpProxy(targetPort: number, ownPort?: number): Promise<TcpProxy> {
  const port = ownPort ?? (await reservedPort());
  const rules: Rules = { fault: undefined, shape: {} };
  const server = createServer();
  const passages = pass(server, targetPort, rules);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const applyToAll = (): void => {
    for (const passage of passages) passage.apply();
  };
  return {
    port,
    break(kind, isMeant = () => true) {
      rules.fault = { kind, isMeant };
      applyToAll();
    },
    heal() {
      rules.fault = undefined;
      applyToAll();
    },
    shape(shape) {
      rules.shape = shape;
    },
    async close() {
      server.close();
      for (const passage of passages) passage.reset();
      await once(server, 'close');
    },
  };
}
