// The storage that oidc-provider asks for. All that we issue is on record in the ledger and clients are configured, so the library
// keeps nothing and finds nothing: it asks at introspection and revocation, whether it knows an opaque token.

import type { Adapter } from 'oidc-provider';

const refuse = async (): Promise<never> => {
  throw new Error('the library keeps nothing here');
};

const findNothing = async (): Promise<undefined> => undefined;

/** The adapter of every model of the library. */
export const createAdapter = (): Adapter => ({
  find: findNothing,
  findByUid: findNothing,
  findByUserCode: findNothing,
  upsert: refuse,
  consume: refuse,
  destroy: refuse,
  revokeByGrantId: refuse,
});
