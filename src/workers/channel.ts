// Questions and answers between two of our own processes, over the channel that the parent opened to its child.

interface Wire {
  /** Throws, or does nothing, when the other side is gone. */
  send(message: object): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** What the other side may ask; a rejection goes back as its message. */
export type Handlers = Readonly<Record<string, (content: unknown) => Promise<unknown>>>;

export interface Channel {
  /** Resolves with the answer.
   * @throws {Error} when the other side refuses, is gone, or does not answer in time */
  ask(what: string, content?: unknown, deadlineMilliseconds?: number): Promise<unknown>;
  /** The other side is gone: nothing more is waited for. */
  close(): void;
}

type Message =
  | { readonly ask: string; readonly id: number; readonly content?: unknown }
  | { readonly answer: number; readonly content?: unknown; readonly error?: string };

interface Waiting {
  readonly resolve: (content: unknown) => void;
  readonly reject: (cause: Error) => void;
}

const DEADLINE_MILLISECONDS = 60_000;
const GONE = 'the other process is gone';

/** Opens the channel over a wire. */
export function openChannel(wire: Wire, handlers: Handlers): Channel {
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  let isClosed = false;

  function send(message: Message): void {
    try {
      if (!isClosed) wire.send(message);
    } catch {
      // Whoever waits for it is told when the other side is seen to be gone.
    }
  }

  async function serve(id: number, what: string, content: unknown): Promise<void> {
    try {
      const handle = Object.hasOwn(handlers, what) ? handlers[what] : undefined;
      if (!handle) throw new Error(`nobody answers ${what}`);
      send({ answer: id, content: await handle(content) });
    } catch (cause) {
      send({ answer: id, error: cause instanceof Error ? cause.message : 'failed' });
    }
  }

  wire.onMessage((received) => {
    const message = received as Message;
    if ('ask' in message) return void serve(message.id, message.ask, message.content);
    const { answer, content, error } = message;
    const waiter = waiting.get(answer);
    waiting.delete(answer);
    if (error === undefined) waiter?.resolve(content);
    else waiter?.reject(new Error(error));
  });

  return {
    ask(what, content, deadlineMilliseconds = DEADLINE_MILLISECONDS) {
      if (isClosed) return Promise.reject(new Error(GONE));
      const id = ++asked;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const late = (): void => reject(new Error(`no answer to ${what} in time`));
      const timer = setTimeout(late, deadlineMilliseconds).unref();
      waiting.set(id, { resolve, reject });
      send({ ask: what, id, content });
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(id);
      });
    },
    close() {
      isClosed = true;
      for (const { reject } of waiting.values()) reject(new Error(GONE));
    },
  };
}
