// oidc-provider's Adapter over the Store port. Consuming is one compare-and-set: of two callers one gets InvalidGrant.

import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { Store, StoreKey } from '#core/ports.ts';

/** Lifetime of what the library keeps without one: clients and grants. */
const GRANT_SECONDS = 365 * 24 * 3600;

const grantKey = (...parts: readonly string[]): StoreKey => ({ class: 'grant', parts });
const grantTombstone = (grantId: string): StoreKey => ({
  class: 'revoked',
  parts: ['oauth-grant', grantId],
});

function parsePayload(text: string | undefined): AdapterPayload | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as AdapterPayload);
}

/** An adapter factory; each model of the library is a part of the key. Clients are configured, never stored. */
export function createAdapter(store: Store, newId: () => string): (model: string) => Adapter {
  return (model) => {
    const find = async (id: string): Promise<AdapterPayload | undefined> => {
      if (model === 'Client') return undefined;
      const payload = parsePayload(await store.get(grantKey(model, id)));
      if (
        payload?.grantId !== undefined &&
        (await store.isRevoked([grantTombstone(payload.grantId)]))
      ) {
        return undefined;
      }
      return payload;
    };
    const findByPointer = async (kind: string, value: string) => {
      const id = await store.get(grantKey(model, kind, value));
      return id === undefined ? undefined : find(id);
    };
    return {
      find,
      findByUid: (uid) => findByPointer('uid', uid),
      findByUserCode: (userCode) => findByPointer('user-code', userCode),
      async upsert(id, payload, expiresIn) {
        const lifetimeSeconds = expiresIn ?? GRANT_SECONDS;
        await store.set(grantKey(model, id), JSON.stringify(payload), lifetimeSeconds);
        if (payload.uid !== undefined)
          await store.set(grantKey(model, 'uid', payload.uid), id, lifetimeSeconds);
        if (payload.userCode !== undefined) {
          await store.set(grantKey(model, 'user-code', payload.userCode), id, lifetimeSeconds);
        }
      },
      async consume(id) {
        const { outcome } = await store.consume(grantKey(model, id), newId());
        if (outcome !== 'consumed') throw new errors.InvalidGrant(`${model} was consumed before`);
      },
      destroy: (id) => store.remove(grantKey(model, id)),
      revokeByGrantId: (grantId) => store.revoke([grantTombstone(grantId)], GRANT_SECONDS),
    };
  };
}
