import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExchangeFailure, type FailureReason } from '#core/failure.ts';
import {
  requireLoginCertificates,
  validateLoginCertificates,
} from '#core/ledger/login-certificates.ts';
import type { TokenFacts } from '#core/token/security-token.ts';
import { anOwnToken, refusedAs } from '#test/support/core.ts';

const loginCertificates = ['MII'];

/** What is asked about certificates; each answer is this refusal, or none. */
function asked(cause?: Error) {
  const questions: (readonly [readonly string[], boolean])[] = [];
  const parts = {
    revalidateCertificates: async (
      certificates: readonly string[],
      { atHand }: { readonly atHand: boolean },
    ) => {
      questions.push([certificates, atHand]);
      if (cause) throw cause;
    },
  };
  return { parts, questions };
}

const refusal = (reason: FailureReason) => new ExchangeFailure(reason, 'of the certificate');

describe('RFC 5280 §6.3: a token that rests on a certificate', () => {
  const token = anOwnToken({ loginCertificates });

  test('is held against revocation, by what is at hand where nobody is to be asked', async () => {
    const { parts, questions } = asked();

    assert.equal(await validateLoginCertificates(token, parts), token);
    await validateLoginCertificates(token, parts, { atHand: true });

    assert.deepEqual(questions, [
      [loginCertificates, false],
      [loginCertificates, true],
    ]);
  });

  test('is refused as it is', async () => {
    for (const reason of ['token-revoked', 'dependency-unavailable'] as const)
      await assert.rejects(
        validateLoginCertificates(token, asked(refusal(reason)).parts),
        refusedAs(reason),
      );
  });

  test('is cancelled whatever came of it; nobody is asked twice about a credential, or about none', async () => {
    const { parts, questions } = asked(refusal('token-revoked'));
    const others: readonly Partial<TokenFacts>[] = [
      { loginCertificates, use: 'lifecycle' },
      { loginCertificates, type: 'x509' },
      {},
    ];

    for (const over of others) await validateLoginCertificates(anOwnToken(over), parts);

    assert.deepEqual(questions, []);
  });
});

describe('RFC 5280 §6.3: a chain of renewals that rests on a certificate', () => {
  test('goes on while it is good, whoever has to be asked, and where there is none', async () => {
    const { parts, questions } = asked();

    await requireLoginCertificates({ loginCertificates }, parts);
    await requireLoginCertificates({}, parts);

    assert.deepEqual(questions, [[loginCertificates, false]]);
  });

  test('ends once it is revoked, and not while nobody knows', async () => {
    const bug = new TypeError('a bug');

    for (const [cause, expected] of [
      [refusal('token-revoked'), refusedAs('renewal-not-possible')],
      [refusal('dependency-unavailable'), refusedAs('dependency-unavailable')],
      [bug, bug],
    ] as const)
      await assert.rejects(
        requireLoginCertificates({ loginCertificates }, asked(cause).parts),
        expected,
      );
  });
});
