// The commands over a driver that answers what it is told to: whom they trust, and what is asked once more.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Deadline } from '#src/store/redis/deadline.ts';
import type { RedisDriver, Reply } from '#src/store/redis/drivers/redis-driver.ts';
import { RedisCommands } from '#src/store/redis/redis-commands.ts';
import { PUT } from '#src/store/redis/scripts.ts';
import { isUnavailable } from '#test/store/conformance/under-test.ts';

const CALL = { script: PUT, keys: ['canary', 'key'], args: ['', 'text', '1000'] } as const;

/** Commands whose every answer is what `answer` gives, and the masters that it was asked of. */
function commandsOver(answer: () => Promise<Reply>, assertOpen: () => void = () => undefined) {
  const asked: string[] = [];
  let master = 'first';
  const driver: RedisDriver = {
    masters: () => [master],
    masterFor: () => master,
    async send(to) {
      asked.push(to);
      return answer();
    },
    sendConfirmed: () => Promise.reject(new Error('not asked')),
    async rediscover() {
      master = 'second';
    },
    close: () => Promise.resolve(),
  };
  const commands = new RedisCommands({
    driver,
    deadline: new Deadline({ deadlineMilliseconds: 60_000, maxCalls: 10 }),
    minReplicas: 0,
    waitMilliseconds: 0,
    assertOpen,
    onError: () => undefined,
  });
  return { asked, commands };
}

/** One error, and then answers. */
function failingOnce(message: string): () => Promise<Reply> {
  let hasFailed = false;
  return async () => {
    if (hasFailed) return ['done'];
    hasFailed = true;
    throw new Error(message);
  };
}

describe('Redis commands', () => {
  it('nothing is sent to a master that is closed', async () => {
    const { asked, commands } = commandsOver(
      async () => ['done'],
      () => {
        throw new Error('closed');
      },
    );

    await assert.rejects(commands.run(CALL), isUnavailable);

    assert.deepEqual(asked, []);
  });

  it('an answer does not count where the master was closed while it was under way', async () => {
    let isOpen = true;
    const { commands } = commandsOver(
      async () => {
        isOpen = false;
        return ['done'];
      },
      () => assert.ok(isOpen),
    );

    await assert.rejects(commands.run(CALL), isUnavailable);
  });

  it('MOVED: it is asked for where the key has gone to, and sent there once more', async () => {
    const { asked, commands } = commandsOver(failingOnce('MOVED 1 127.0.0.1:1'));

    await commands.run(CALL);

    assert.deepEqual(asked, ['first', 'second']);
  });

  it('a read is asked once more where the error passes by itself, and nowhere else', async () => {
    const passing = commandsOver(failingOnce('LOADING Redis is loading the dataset in memory'));
    const lasting = commandsOver(failingOnce('NOPERM no permissions'));

    await passing.commands.read(['canary']);
    await assert.rejects(lasting.commands.read(['canary']), isUnavailable);

    assert.equal(passing.asked.length, 2);
    assert.equal(lasting.asked.length, 1);
  });

  it('a write is not sent again, whatever the error', async () => {
    for (const code of ['LOADING', 'BUSY', 'TRYAGAIN', 'READONLY']) {
      const { asked, commands } = commandsOver(failingOnce(`${code} for now`));

      await assert.rejects(commands.run(CALL), isUnavailable);

      assert.equal(asked.length, 1, code);
    }
  });
});
