import assert from 'node:assert/strict';
import test from 'node:test';
import type { Context } from 'koa';
import { Provider } from 'oidc-provider';
import { createFormMiddleware, readOfferedBodies } from '#src/oauth/form.ts';

type Form = readonly (readonly [string, string])[];

/** What the library would see of a form, and the media type that is left of it. */
async function offered(form: Form): Promise<{ body: unknown; contentType: unknown }> {
  const provider = new Provider('https://sts.example.org', {
    features: { devInteractions: { enabled: false } },
  });
  readOfferedBodies(provider);
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  const ctx = {
    method: 'POST',
    path: '/token',
    req: { headers },
    state: {},
    get: () => '',
  } as unknown as Context;
  const middleware = createFormMiddleware({
    readForm: async () => form,
    paths: new Set(['/token']),
    realm: 'realm',
    validateJwtForm: () => undefined,
  });
  await middleware(ctx, async () => undefined);

  const OIDCContext = provider.OIDCContext as unknown as new (ctx: Context) => { body: unknown };
  const oidc = new OIDCContext(ctx);
  // As the library does where it finds no media type.
  oidc.body = {};
  return { body: oidc.body, contentType: headers['content-type'] };
}

test('RFC 6749 §3.2: the library sees the form that was parsed here, and parses none itself', async () => {
  const { body, contentType } = await offered([
    ['client_id', 'gateway'],
    ['resource', 'https://a.example/'],
    ['resource', 'https://b.example/'],
    ['resource', 'https://c.example/'],
    ['scope', ''],
    ['audience', 'urn:ietf:params:oauth:grant-type:JWT-bearer'],
  ]);

  assert.deepEqual(
    { ...(body as object) },
    {
      client_id: 'gateway',
      resource: ['https://a.example/', 'https://b.example/', 'https://c.example/'],
      audience: 'urn:ietf:params:oauth:grant-type:JWT-bearer',
    },
  );
  assert.equal(contentType, undefined);
});

test('RFC 6749 §3.2: a parameter that is called like an inherited member is only a parameter', async () => {
  const { body } = await offered([
    ['client_id', 'gateway'],
    ['__proto__', 'x'],
  ]);

  assert.equal(Object.getPrototypeOf(body), null);
  assert.deepEqual(Object.keys(body as object), ['client_id', '__proto__']);
});
