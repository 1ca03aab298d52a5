// Refresh tokens from an exchange: a configuration that grants them, and how one is used.
import type { ConfigDocument } from './document.ts';
import type { Answer, FormValues, TestServer } from './server.ts';

export const REFRESH_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:refresh_token';

/** The first row grants refresh tokens, and all clients may use them. */
export function grantRefreshTokens(
  document: ConfigDocument,
  renewal: { readonly lifetimeSeconds: number; readonly maxCount: number },
): void {
  document['refreshTokens'] = { key: { file: 'keys/refresh.key' } };
  for (const client of document.clients)
    client['grant_types'] = [...(client['grant_types'] as readonly string[]), 'refresh_token'];
  const allow = document.policy[0]?.['allow'] as Record<string, unknown>;
  Object.assign(allow, {
    types: [...(allow['types'] as readonly string[]), 'refresh_token'],
    renewal,
  });
}

/** Every row grants these types, all of it to be renewed for two hours, and the gateway, which stands for `orders`, may refresh. */
export function grantRenewals(document: ConfigDocument, types: readonly string[]): void {
  document['refreshTokens'] = { key: { file: 'keys/refresh.key' } };
  const [gateway = {}] = document.clients;
  (gateway['grant_types'] as string[]).push('refresh_token');
  Object.assign(gateway, { represents: ['orders'] });
  const renewal = { lifetimeSeconds: 7200, maxCount: 50, afterExpiry: true };
  for (const row of document.policy) Object.assign(row['allow'] as object, { renewal, types });
}

export const refresh = (
  server: TestServer,
  refresh_token: unknown,
  form: FormValues = {},
): Promise<Answer> =>
  server.post('/token', {
    grant_type: 'refresh_token',
    refresh_token: String(refresh_token),
    ...form,
  });
