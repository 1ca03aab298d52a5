// An OCSP responder of another implementation: `openssl ocsp`, question by question, over plain HTTP on loopback.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { TestCertificate } from './pki.ts';

export interface ResponderWishes {
  readonly issuer: TestCertificate;
  /** Who signs the answers, where that is not the issuer. */
  readonly responder?: TestCertificate;
  readonly good?: readonly TestCertificate[];
  readonly revoked?: readonly TestCertificate[];
  readonly arguments?: readonly string[];
}

/** Answers one question as openssl does; the times are those of this moment. */
export function answerOcsp(question: Buffer, wishes: ResponderWishes): Buffer {
  const { good = [], issuer, responder = issuer, revoked = [] } = wishes;
  const folder = mkdtempSync(join(tmpdir(), 'ocsp-'));
  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const row = (state: string, { certificate: { serialNumber } }: TestCertificate) =>
    `${state}\t400101000000Z\t${state === 'R' ? '250101000000Z' : ''}\t${serialNumber.toUpperCase()}\tunknown\t/CN=${serialNumber}\n`;
  try {
    const rows = [...good.map((one) => row('V', one)), ...revoked.map((one) => row('R', one))];
    const response = join(folder, 'response.der');
    execFileSync(
      'openssl',
      [
        'ocsp',
        `-index=${write('index.txt', rows.join(''))}`,
        `-CA=${write('ca.pem', issuer.pem)}`,
        `-rsigner=${write('signer.pem', responder.pem)}`,
        `-rkey=${write('signer.key', responder.privateKeyPem)}`,
        `-reqin=${write('request.der', question)}`,
        `-respout=${response}`,
        ...(wishes.arguments ?? ['-ndays', '1']),
      ],
      { stdio: 'pipe' },
    );
    return readFileSync(response);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Serves answers by path until the test ends; returns its address. */
export async function anHttpServer(
  t: TestContext,
  answer: (path: string, body: Buffer) => Buffer | undefined,
): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const found = answer(request.url ?? '', Buffer.concat(chunks));
      response.writeHead(found ? 200 : 404).end(found);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return `http://127.0.0.1:${String(address.port)}`;
}
