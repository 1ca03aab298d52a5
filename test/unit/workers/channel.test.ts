// Questions and answers between two of our own processes: an answer, a refusal with its text, and what never comes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Handlers, openChannel } from '#src/workers/channel.ts';

type Listener = (message: unknown) => void;

/** Two channels, each at an end of one wire that can be cut. What goes over it is a copy, as between processes. */
function twoChannels(handlers: Handlers) {
  const listeners: [Listener[], Listener[]] = [[], []];
  let isCut = false;
  const wire = (from: 0 | 1, to: 0 | 1) => ({
    send(message: object) {
      if (isCut) throw new Error('cut');
      const copy: unknown = structuredClone(message);
      queueMicrotask(() => listeners[to].forEach((listener) => listener(copy)));
    },
    onMessage: (listener: Listener) => void listeners[from].push(listener),
  });
  const asking = openChannel(wire(0, 1), {});
  openChannel(wire(1, 0), handlers);
  return { asking, cut: () => void (isCut = true) };
}

test('channel: each question gets its own answer, in whatever order they come', async () => {
  const first = Promise.withResolvers<void>();
  const { asking } = twoChannels({
    first: () => first.promise,
    second: async (content) => content,
  });

  const waiting = asking.ask('first');
  assert.equal(await asking.ask('second', 2), 2);
  first.resolve();

  assert.equal(await waiting, undefined);
});

test('channel: a refusal comes with its text, and what nobody answers is one', async () => {
  const { asking } = twoChannels({
    refused: () => Promise.reject(new Error('the file is gone')),
    odd: () => Promise.reject('no error at all'),
  });

  await assert.rejects(asking.ask('refused'), /^Error: the file is gone$/);
  await assert.rejects(asking.ask('odd'), /^Error: failed$/);
  for (const name of ['nothing', 'constructor', 'toString'])
    await assert.rejects(asking.ask(name), new RegExp(`^Error: nobody answers ${name}$`));
});

test('channel: nobody waits for a process that does not answer, or is gone', async () => {
  const { asking, cut } = twoChannels({ never: () => new Promise(() => undefined) });

  await assert.rejects(asking.ask('never', undefined, 1), /no answer to never in time/);
  const waiting = asking.ask('never');
  cut();
  const lost = asking.ask('never');
  asking.close();

  for (const each of [waiting, lost, asking.ask('never')])
    await assert.rejects(each, /the other process is gone/);
});
