// Assertions of the WS-Trust front that it can be asked to renew.
import { attributeOf, type XmlElement } from '#bridge/xml/tree.ts';
import { BEARER, type Confirmation } from '#core/token/confirmation.ts';
import type { TokenValidator } from '#core/token/token-validator.ts';
import { anOwnToken, aPolicyRow } from '#test/support/core.ts';
import { BILLING } from '#test/support/ws-trust/rst.ts';
import { billingRules } from '#test/support/ws-trust/ws-trust.ts';

/** Takes the assertions of the front for what they are. */
export function ownAssertions(confirmation: Confirmation = BEARER): TokenValidator {
  return {
    canHandle: ({ type }) => type === 'saml2',
    async validate({ content, type, use }) {
      const { element } = content as { element: XmlElement };
      const id = (attributeOf(element, 'ID') ?? '').slice(1);
      return anOwnToken({ type, use, id, audiences: [BILLING], confirmation });
    },
  };
}

/** Users get assertions for billing that can be renewed. */
export const RENEWABLE = billingRules({
  rows: [
    aPolicyRow({
      requestors: [],
      principals: { issuers: ['self'] },
      targets: ['billing'],
      grant: { types: ['saml2'], renewal: { lifetimeSeconds: 3600, maxCount: 9 } },
    }),
  ],
});
