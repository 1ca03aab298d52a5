// An assertion after it was verified and read: one shape for both versions, so that one set of rules decides.

import type { Verified } from '#bridge/xml/signature/proof.ts';
import type { XmlElement } from '#bridge/xml/tree.ts';
import type { Instant } from '#core/instant.ts';
import type { ConfirmationMethod } from '../names.ts';

/** A NameID or NameIdentifier: a name and where it is a name. */
export interface SamlName {
  readonly value: string;
  readonly format?: string;
  readonly nameQualifier?: string;
  readonly spNameQualifier?: string;
}

/** One way of confirming the subject. */
export interface SamlConfirmation {
  /** Undefined for a method we do not know. */
  readonly method: ConfirmationMethod | undefined;
  /** Whether it names the one who is to present the assertion. */
  readonly namesAttester: boolean;
  /** Whether nothing is in its data but what we know. */
  readonly isUnderstood: boolean;
  /** Whether there is a SubjectConfirmationData. */
  readonly hasData: boolean;
  readonly notBefore?: Instant;
  readonly notOnOrAfter?: Instant;
  readonly recipient?: string;
  readonly inResponseTo?: string;
  readonly keyInfos: readonly Verified<XmlElement>[];
}

/** One delegate, in the order of the document: oldest first. */
export interface SamlDelegate {
  readonly name: SamlName;
  readonly instant?: Instant;
}

export interface SamlConditions {
  readonly notBefore?: Instant;
  readonly notOnOrAfter?: Instant;
  /** One list of alternatives for each restriction: all restrictions must be met. */
  readonly audienceRestrictions: readonly (readonly string[])[];
  readonly isOneTime: boolean;
  readonly delegates: readonly SamlDelegate[];
  /** How often assertions may be made of this one, step by step. */
  readonly proxyCount?: number;
}

export interface SamlAuthentication {
  readonly instant: Instant;
  /** AuthnContextClassRef, or AuthenticationMethod of SAML 1.1. */
  readonly contextClass?: string;
  readonly sessionNotOnOrAfter?: Instant;
}

export interface SamlAttribute {
  readonly name: string;
  readonly originalIssuer?: string;
  readonly values: readonly string[];
}

export interface SamlAssertion {
  readonly id: string;
  readonly issueInstant: Instant;
  readonly name?: SamlName;
  readonly confirmations: readonly SamlConfirmation[];
  readonly conditions: SamlConditions;
  readonly authentication?: SamlAuthentication;
  readonly attributes: readonly SamlAttribute[];
}

/** What an assertion without Conditions is good for: everything, so it is refused for want of an audience. */
export const NO_CONDITIONS: SamlConditions = {
  audienceRestrictions: [],
  isOneTime: false,
  delegates: [],
};
