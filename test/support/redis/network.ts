// Redis servers that reach one another, and are reached, only through proxies, so that a test can part them. Every party
// sends from an address of its own; clients send from 127.0.0.1.
import { type ProxyFault, type Shape, startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

const CLIENT_ADDRESS = '127.0.0.1';
const FIRST_PEER = 10;

export interface Place {
  /** The address this party sends from. */
  readonly address: string;
  /** The port others reach it by. */
  readonly announcedPort: number;
  /** A further port of the same party, such as the one of the cluster bus. */
  reach(targetPort: number): Promise<number>;
}

export interface Network {
  /** Gives a server a place: a proxy in front of its port. */
  place(targetPort: number): Promise<Place>;
  /** Parts the network in two. Clients can be on the side of `side` or with the rest. */
  part(fault: ProxyFault, side: readonly Place[], options: { clients: 'side' | 'rest' }): void;
  heal(): void;
  /** Slows down what goes to a place, or to all of them, from clients too. */
  shape(shape: Shape, place?: Place): void;
  close(): Promise<void>;
}

export function createNetwork(): Network {
  const proxies: { readonly address: string; readonly proxy: TcpProxy }[] = [];
  let places = 0;
  return {
    async place(targetPort) {
      const address = `127.0.0.${FIRST_PEER + places++}`;
      const reach = async (port: number): Promise<number> => {
        const proxy = await startTcpProxy(port);
        proxies.push({ address, proxy });
        return proxy.port;
      };
      return { address, announcedPort: await reach(targetPort), reach };
    },
    part(fault, side, { clients }) {
      const inside = new Set(side.map(({ address }) => address));
      if (clients === 'side') inside.add(CLIENT_ADDRESS);
      for (const { address, proxy } of proxies)
        proxy.break(fault, (source) => inside.has(source) !== inside.has(address));
    },
    heal() {
      for (const { proxy } of proxies) proxy.heal();
    },
    shape(shape, place) {
      for (const { address, proxy } of proxies)
        if (place === undefined || place.address === address) proxy.shape(shape);
    },
    async close() {
      await Promise.all(proxies.map(({ proxy }) => proxy.close()));
    },
  };
}
