// Every error reply has its row: what it does to a read, and what else follows.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  meaningOf,
  REPLY_MEANINGS,
  type ReplyMeaning,
  replyCode,
} from '#src/store/redis/reply-meaning.ts';

interface Row {
  readonly message: string;
  readonly mayReadAgain: boolean;
  readonly followUp: ReplyMeaning['followUp'];
}

/** Replies as servers send them. */
const ROWS: Readonly<Record<string, Row>> = {
  LOADING: {
    message: 'LOADING Redis is loading the dataset in memory',
    mayReadAgain: true,
    followUp: 'nothing',
  },
  BUSY: {
    message: 'BUSY Redis is busy running a script. You can only call SCRIPT KILL',
    mayReadAgain: true,
    followUp: 'nothing',
  },
  MASTERDOWN: {
    message: "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    mayReadAgain: false,
    followUp: 'rediscover',
  },
  CLUSTERDOWN: {
    message: 'CLUSTERDOWN The cluster is down',
    mayReadAgain: true,
    followUp: 'nothing',
  },
  TRYAGAIN: {
    message: 'TRYAGAIN Multiple keys request during rehashing of slot',
    mayReadAgain: true,
    followUp: 'nothing',
  },
  NOREPLICAS: {
    message: 'NOREPLICAS Not enough good replicas to write.',
    mayReadAgain: false,
    followUp: 'rediscover',
  },
  OOM: {
    message: "OOM command not allowed when used memory > 'maxmemory'.",
    mayReadAgain: true,
    followUp: 'nothing',
  },
  READONLY: {
    message: "READONLY You can't write against a read only replica.",
    mayReadAgain: false,
    followUp: 'rediscover',
  },
  MOVED: { message: 'MOVED 3999 127.0.0.1:6381', mayReadAgain: false, followUp: 'follow' },
  ASK: { message: 'ASK 3999 127.0.0.1:6381', mayReadAgain: false, followUp: 'follow' },
  NOAUTH: { message: 'NOAUTH Authentication required.', mayReadAgain: false, followUp: 'alarm' },
  WRONGPASS: {
    message: 'WRONGPASS invalid username-password pair or user is disabled.',
    mayReadAgain: false,
    followUp: 'alarm',
  },
  NOPERM: {
    message: "NOPERM this user has no permissions to run the 'get' command",
    mayReadAgain: false,
    followUp: 'alarm',
  },
  WRONGTYPE: {
    message: 'WRONGTYPE Operation against a key holding the wrong kind of value',
    mayReadAgain: false,
    followUp: 'alarm',
  },
};

describe('reply meanings', () => {
  it('has a row here for each row there', () => {
    assert.deepEqual(Object.keys(ROWS).toSorted(), Object.keys(REPLY_MEANINGS).toSorted());
  });

  for (const [code, { message, mayReadAgain, followUp }] of Object.entries(ROWS)) {
    it(`${code}: a read ${mayReadAgain ? 'may' : 'may not'} be asked again; then ${followUp}`, () => {
      const cause = new Error(message);

      assert.equal(replyCode(cause), code);
      assert.deepEqual(meaningOf(cause), { mayReadAgain, followUp });
    });

    it(`${code} is known within the error of a script too, as servers before Redis 7 wrap it`, () => {
      const wrapped = `ERR Error running script (call to f_1b): @user_script:2: -${message}`;

      assert.equal(replyCode(new Error(wrapped)), code);
    });
  }

  it('logs any other reply, and neither asks again nor alarms', () => {
    for (const message of ['ERR unknown command', 'UNKILLABLE no', 'EXECABORT Transaction'])
      assert.deepEqual(meaningOf(new Error(message)), { mayReadAgain: false, followUp: 'log' });
  });

  it('takes what is no reply for what it is', () => {
    for (const cause of [new Error('Socket closed unexpectedly'), 'LOADING', undefined]) {
      assert.equal(replyCode(cause), undefined);
      assert.deepEqual(meaningOf(cause), { mayReadAgain: false, followUp: 'log' });
    }
  });
});
