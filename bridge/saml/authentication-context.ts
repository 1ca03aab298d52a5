// How a subject was authenticated, in three vocabularies: SAML 2.0 (Authentication Context §3.4), SAML 1.1 §7.1 and the
// methods of RFC 8176 that claims use.

import { isLegalText } from '#bridge/xml/characters.ts';
import type { Authentication } from '#core/claims/subject.ts';
import { isAbsoluteUri, type SamlTokenType } from './names.ts';

interface ContextRow {
  readonly saml2: string;
  readonly saml1: string;
  readonly methods: readonly string[];
  /** Its SAML 1.1 class says less than the SAML 2.0 one: read back, it must not become this row again. */
  readonly saysMore?: true;
}

const AC = 'urn:oasis:names:tc:SAML:2.0:ac:classes';
const AM = 'urn:oasis:names:tc:SAML:1.0:am';

const UNSPECIFIED: ContextRow = {
  saml2: `${AC}:unspecified`,
  saml1: `${AM}:unspecified`,
  methods: [],
};

// The first row that fits is taken: passwords are presented to us over TLS.
const CONTEXTS: readonly ContextRow[] = [
  {
    saml2: `${AC}:PasswordProtectedTransport`,
    saml1: `${AM}:password`,
    methods: ['pwd'],
    saysMore: true,
  },
  { saml2: `${AC}:Password`, saml1: `${AM}:password`, methods: ['pwd'] },
  { saml2: `${AC}:X509`, saml1: `${AM}:X509-PKI`, methods: ['pop'] },
  { saml2: `${AC}:TLSClient`, saml1: 'urn:ietf:rfc:2246', methods: ['pop'] },
  { saml2: `${AC}:Kerberos`, saml1: 'urn:ietf:rfc:1510', methods: ['wia'] },
  { saml2: `${AC}:SmartcardPKI`, saml1: `${AM}:HardwareToken`, methods: ['sc'], saysMore: true },
  { saml2: `${AC}:TimeSyncToken`, saml1: `${AM}:HardwareToken`, methods: ['otp'], saysMore: true },
];

/** The row of a class of either version; undefined for a SAML 1.1 class that says less than every row it stands in. */
const rowOf = (contextClass: string): ContextRow | undefined =>
  CONTEXTS.find(
    ({ saml1, saml2, saysMore }) =>
      saml2 === contextClass || (saml1 === contextClass && saysMore !== true),
  );

/** What a context class says of the authentication; empty for `unspecified`, which says nothing. */
export function methodsOf(
  contextClass: string | undefined,
): Pick<Authentication, 'contextClass' | 'methods'> {
  if (contextClass === undefined || isUnspecified(contextClass)) return {};
  const row = rowOf(contextClass);
  return { contextClass, ...(row && { methods: row.methods }) };
}

/** Whether a context class says nothing. */
function isUnspecified(contextClass: string): boolean {
  return [UNSPECIFIED.saml1, UNSPECIFIED.saml2, ''].includes(contextClass.trim());
}

// The acr of a JWT may be any text.
const isWritable = (contextClass: string): boolean =>
  isAbsoluteUri(contextClass) && isLegalText(contextClass);

/** The context class to write: the known one in the words of this version, else that of the method. It is `unspecified` where the instant
 * is not known: the statement must have an instant, and with the present one an old login would read as a fresh one. */
export function contextClassOf(
  type: SamlTokenType,
  authentication: Authentication | undefined,
): string {
  if (authentication?.instant === undefined) return UNSPECIFIED[type];
  const { contextClass, methods = [] } = authentication;
  const row =
    contextClass === undefined
      ? CONTEXTS.find((candidate) => candidate.methods.some((method) => methods.includes(method)))
      : rowOf(contextClass);
  if (row) return row[type];
  return contextClass !== undefined && isWritable(contextClass) ? contextClass : UNSPECIFIED[type];
}
