// The sealed state of a challenge has one spelling.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import {
  type ChallengeSeal,
  createChallengeSeal,
} from '#bridge/ws-trust/challenge/challenge-seal.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

type ChallengeState = ReturnType<ChallengeSeal['open']>;

function aState(context: string): ChallengeState {
  const until = 1_800_000_000 as ChallengeState['until'];
  const named = { id: 'c1', asked: 'alice', context, address: 'https://sts.example/' };
  return { kind: 'signature', until, request: '<r/>', ...named };
}

// One octet more each: the last digit carries six, four and two bits of content.
for (const context of ['', 'a', 'ab'])
  test(`WS-Trust 1.4 §8.9: a sealed state has one last digit, with ${context.length} octets more`, () => {
    const seal = createChallengeSeal(randomBytes(32));
    const state = aState(context);
    const text = seal.seal(state);

    const opened = DIGITS.split('').filter((digit) => {
      try {
        seal.open(text.slice(0, -1) + digit);
        return true;
      } catch {
        return false;
      }
    });

    assert.deepEqual(opened, [text.at(-1)]);
    assert.deepEqual(seal.open(text), state);
  });
