// A signed message is good once: what its mark is made of, and how long it is kept.
import assert from 'node:assert/strict';
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { readSecurityHeader, type SecurityHeader } from '#bridge/ws-security/security-header.ts';
import {
  type MessageSignature,
  verifySignature,
} from '#bridge/ws-security/signature/message-signature.ts';
import { useSignature } from '#bridge/ws-security/signature/signature-replay.ts';
import { trustPublicKey, trustSecretKey } from '#bridge/xml/keys/trusted-key.ts';
import { ExchangeFailure } from '#core/failure.ts';
import type { Store } from '#core/ports.ts';
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { LENIENT, NOW } from '#test/support/core.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { aSignedMessage } from '#test/support/soap/signed-message.ts';
import { envelopeOf } from '#test/support/soap/soap.ts';
import { aCertificate } from '#test/support/x509/pki.ts';
import { refusedWith } from '../refused-with.ts';

const RULES = { skewSeconds: 60, maxLifetimeSeconds: 3600 };
const LIFETIME_SECONDS = 300;
const client = await aCertificate({ name: 'CN=batch' });

interface Signed {
  readonly signature: MessageSignature;
  readonly security: SecurityHeader;
}

/** A message over which `ids` are signed; whose key it is does not matter here. */
async function aSigned(ids = ['ts', 'body'], key: KeyObject = client.privateKey): Promise<Signed> {
  const envelope = envelopeOf(aSignedMessage('<x xmlns="urn:x"/>', { by: client, key, ids }));
  const security = readSecurityHeader(envelope) ?? assert.fail();
  const trusted =
    key.type === 'secret'
      ? trustSecretKey(key.export())
      : trustPublicKey(createPublicKey(client.certificate.publicKey.toString('pem')));
  const trust = async () => ({
    key: trusted,
    confirmation: { method: 'symmetric-key' as const },
    tokens: [],
  });
  const [element] = security.signatures;
  assert.ok(element);
  const signature = await verifySignature(element, {
    envelope,
    security,
    legacySha1: false,
    maxCanonicalBytes: 65_536,
    trust,
  });
  return { signature, security };
}

// From the earliest moment that a Timestamp is taken to the last one, and as far as the clocks of hosts and store may be apart.
const TAKEN_SECONDS = LIFETIME_SECONDS + 2 * RULES.skewSeconds;
const AHEAD_SECONDS = 400;

function aUse(clock = fakeClock(NOW)) {
  const parts = {
    store: new MemoryStore(clock),
    newId: () => 'attempt',
    timestampRules: RULES,
    fence: LENIENT.fence,
    marginSeconds: AHEAD_SECONDS,
  };
  return ({ signature, security }: Signed, inMessage?: string) =>
    useSignature({ signature, timestamp: security.timestamp, inMessage }, parts);
}

test('xml-security E1: a signature is remembered as long as its Timestamp is taken, by a store whose clock is ahead too', async () => {
  const clock = fakeClock(NOW - RULES.skewSeconds);
  const use = aUse(clock);
  const signed = await aSigned();
  await use(signed);

  clock.advance(TAKEN_SECONDS + AHEAD_SECONDS - 1);

  await assert.rejects(use(signed), refusedWith('invalid-security'));
  clock.advance(1);
  await use(signed);
});

test('xml-security E1: a mark says what it is of', async () => {
  const used: (readonly string[])[] = [];
  const store: Pick<Store, 'putOnce'> = {
    async putOnce({ parts }) {
      used.push(parts);
      return { stored: true };
    },
  };
  const { security, signature } = await aSigned();

  await useSignature(
    { signature, timestamp: security.timestamp },
    {
      store,
      newId: () => 'attempt',
      timestampRules: RULES,
      fence: LENIENT.fence,
      marginSeconds: AHEAD_SECONDS,
    },
  );

  const [parts = []] = used;
  assert.equal(parts.length, 2);
  assert.equal(parts[0], 'wsse-signature');
  assert.match(parts[1] ?? '', /^[0-9a-f]{64}$/);
});

test('xml-security E1: another message of the same key is another message', async () => {
  const use = aUse();

  await use(await aSigned(['ts', 'body']));
  await use(await aSigned(['ts']));
});

test('xml-security E1: the same words under another secret are another message', async () => {
  const use = aUse();
  const [first, second] = [1, 2].map((byte) => createSecretKey(Buffer.alloc(32, byte)));
  const signed = await aSigned(['ts'], first);

  await use(signed);

  await use(await aSigned(['ts'], second));
  await assert.rejects(use(signed), refusedWith('invalid-security'));
});

test('xml-security E1: a signature without a Timestamp under it could be sent again for ever, so it takes no mark', async () => {
  const use = aUse();
  const { security, signature } = await aSigned(['body']);

  await assert.rejects(use({ security, signature }), /without a Timestamp/);
});

test('xml-security E1: where Timestamps may repeat, a signature over one is good once for each MessageID', async () => {
  const use = aUse();
  const signed = await aSigned(['ts']);

  await use(signed, 'urn:uuid:1');

  await use(signed, 'urn:uuid:2');
  for (const message of ['urn:uuid:1', 'urn:uuid:2', undefined])
    await assert.rejects(use(signed, message), refusedWith('invalid-security'));
});

test('xml-security E1: a MessageID is no mark by itself: anybody could write it first', async () => {
  const use = aUse();
  const [first, second] = [1, 2].map((byte) => createSecretKey(Buffer.alloc(32, byte)));

  await use(await aSigned(['ts'], first), 'urn:uuid:1');

  await use(await aSigned(['ts'], second), 'urn:uuid:1');
});

test('xml-security E1: where Timestamps may repeat, one is refused while the mark of every message cannot be taken', async () => {
  const store: Pick<Store, 'putOnce'> = {
    async putOnce({ parts }) {
      if (parts.length === 2) throw new ExchangeFailure('dependency-unavailable', 'no store');
      return { stored: true };
    },
  };
  const { security, signature } = await aSigned(['ts']);
  const use = useSignature(
    { signature, timestamp: security.timestamp, inMessage: 'urn:uuid:1' },
    {
      store,
      newId: () => 'attempt',
      timestampRules: RULES,
      fence: LENIENT.fence,
      marginSeconds: AHEAD_SECONDS,
    },
  );

  await assert.rejects(use, { reason: 'dependency-unavailable' });
});

test('xml-security E1: a signature over the Body is good once wherever it is', async () => {
  const use = aUse();
  const signed = await aSigned(['ts', 'body']);

  await use(signed, 'urn:uuid:1');

  await assert.rejects(use(signed, 'urn:uuid:2'), refusedWith('invalid-security'));
});
