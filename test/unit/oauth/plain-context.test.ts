import assert from 'node:assert/strict';
import test from 'node:test';
import type { Context } from 'koa';
import { Provider } from 'oidc-provider';
import { plainContext } from '#src/oauth/plain-context.ts';

const aContext = (members: object): Context => members as Context;

test('An accessor that is defined becomes the value it gives, asked once', () => {
  const ctx = aContext({});
  let asked = 0;

  Object.defineProperty(plainContext(ctx), 'oidc', {
    get: () => {
      asked += 1;
      return { route: 'token' };
    },
  });

  const value: unknown = Object.getOwnPropertyDescriptor(ctx, 'oidc')?.value;
  assert.deepEqual(value, { route: 'token' });
  assert.equal(plainContext(ctx)['oidc'], value);
  assert.equal(asked, 1);
});

test('All else is done to the context itself', () => {
  const ctx = aContext({ path: '/token' });
  const plain = plainContext(ctx);

  Object.defineProperty(plain, 'fixed', { value: 1 });
  plain['status'] = 200;

  assert.equal(plain.path, '/token');
  assert.deepEqual(Object.getOwnPropertyDescriptor(ctx, 'fixed'), {
    value: 1,
    writable: false,
    enumerable: false,
    configurable: false,
  });
  assert.equal(ctx['status'], 200);
});

test('Contract: the library still defines an accessor on the context of a request', async () => {
  const provider = new Provider('http://localhost');
  const seen: (readonly [PropertyKey, PropertyDescriptor])[] = [];
  const ended = new Error('seen');
  const ctx = new Proxy(aContext({ method: 'GET', path: '/jwks', state: {}, params: {} }), {
    defineProperty(target, name, descriptor) {
      if (Object.hasOwn(descriptor, 'get')) {
        seen.push([name, descriptor]);
        throw ended;
      }
      return Reflect.defineProperty(target, name, descriptor);
    },
  });

  const run = async (): Promise<void> => {
    for (const middleware of provider.middleware)
      await (middleware as (ctx: Context, next: () => Promise<void>) => Promise<void>)(
        ctx,
        async () => undefined,
      );
  };

  await assert.rejects(run(), ended);
  assert.deepEqual(
    seen.map(([name]) => name),
    ['oidc'],
  );
});
