// What becomes of the body of a request that is refused before anybody reads it.
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import Koa from 'koa';
import { ExchangeFailure } from '#core/failure.ts';
import type { Foundation } from '#src/app/foundation/foundation.ts';
import { createAdmission } from '#src/app/generation/admission.ts';
import type { Config } from '#src/config/config.ts';
import { requestListener } from '#src/http/listener.ts';
import { eventually } from '#test/support/eventually.ts';
import { serve } from '../../http/http-fixture.ts';

const CONFIG = { issuer: 'https://sts.example.org', limits: {} } as Config;
const FULL: Pick<Foundation, 'inHand' | 'limiter' | 'overload'> = {
  inHand: [],
  limiter: { admit: () => undefined },
  overload: {
    run: () => Promise.reject(new ExchangeFailure('dependency-unavailable', 'full')),
    stop: () => undefined,
  },
};

test('Overload: what a refused request brings is thrown away before its answer has its turn', async (t) => {
  const refused = Promise.withResolvers<IncomingMessage>();
  const app = new Koa();
  // Answers nothing: as one that waits.
  app.use(async (ctx, next) => {
    await next().catch(() => refused.resolve(ctx.req));
    await new Promise(() => undefined);
  });
  app.use(createAdmission(CONFIG, FULL));
  const { port } = await serve(t, requestListener(app));
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());

  socket.write(
    `POST /token HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n${'x'.repeat(60_000)}`,
  );

  const request = await refused.promise;
  await eventually('all of it has gone by', async () => request.readableEnded);
  assert.equal(request.readableLength, 0);
});
