// The issuer of security contexts: there is nothing to sign, for what the name stands for is on record already.
import type { TokenIssuer } from '#core/token/token-issuer.ts';
import { writeContextName } from './context-name.ts';

/** Names contexts. */
export function createContextIssuer(): TokenIssuer {
  return {
    canIssue: ({ type }) => type === 'sct',
    issue: async (spec) => ({ spec, text: writeContextName(spec) }),
  };
}
