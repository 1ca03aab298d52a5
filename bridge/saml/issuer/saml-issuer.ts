// Issues SAML 1.1 and 2.0 assertions. The text that leaves is the text that was signed (xml-security S7).

import { X509Certificate } from 'node:crypto';
import { element, type FinalXml, type Markup } from '#bridge/xml/canonical/markup.ts';
import { toWireText } from '#bridge/xml/canonical/writer.ts';
import { isLegalText } from '#bridge/xml/characters.ts';
import { createRecipient, encryptXml, type Recipient } from '#bridge/xml/encryption/encrypt.ts';
import { thumbprintKeyInfo, x509KeyInfo } from '#bridge/xml/keys/key-info.ts';
import { SAML2_NS } from '#bridge/xml/namespaces.ts';
import { signEnveloped } from '#bridge/xml/signature/sign.ts';
import type { TokenIssuer } from '#core/token/token-issuer.ts';
import type { Encryption, TokenSpec } from '#core/token/token-spec.ts';
import { assertionIdOf } from '../assertion-id.ts';
import { writeConfirmationKey } from '../key-confirmation.ts';
import { refuse, refusedAs, rejectedAs } from '../refusal.ts';
import { requireRoom } from './assertion-room.ts';
import { createSignerSource, type SamlSigningKeys } from './assertion-signer.ts';
import { type WritableClaim, writableClaims } from './claim-writer.ts';
import { type SamlShape, samlShape } from './saml-shape.ts';
import { writeSaml1 } from './saml1-writer.ts';
import { writeSaml2 } from './saml2-writer.ts';
import type { WriteInput, WrittenAssertion } from './spec-reader.ts';

export interface SamlIssuerParts {
  readonly keys: SamlSigningKeys;
  /** Our name in assertions. */
  readonly entityId: string;
  /** The longest that can come back to us. */
  readonly maxBytes: number;
}

/** Refuses what an assertion cannot say: leaving it out would be another decision.
 * @throws {ExchangeFailure} `delegation-not-allowed`, `token-malformed`, `claim-missing` */
function writableOf({ type, actors, claims, subjectName }: TokenSpec): readonly WritableClaim[] {
  // Some readers trim names, so with space around it the name would be another one for them.
  const names = [subjectName, ...actors.flatMap(({ id, issuer }) => [id, issuer])];
  if (names.some((name) => name === '' || name.trim() !== name))
    refuse('token-malformed', 'a name is empty or has space around it');
  if (type === 'saml1' && actors.length > 0)
    refuse('delegation-not-allowed', 'SAML 1.1 cannot tell of actors');
  const writable = writableClaims(claims);
  const values = writable.flatMap((claim) => claim.values);
  if (![...names, ...values].every(isLegalText))
    refuse('token-malformed', 'a character that XML has not');
  return writable;
}

const writeAssertion = (input: WriteInput): WrittenAssertion =>
  refusedAs('token-malformed', () =>
    input.spec.type === 'saml1' ? writeSaml1(input) : writeSaml2(input),
  );

type RecipientSource = (encryption: Encryption, shape: SamlShape) => Recipient;

function createRecipients(): RecipientSource {
  const recipients = new Map<string, Recipient>();
  return ({ certificate, content, keyTransport }, { hasTokenReferences }) => {
    const name = [hasTokenReferences, content, keyTransport, certificate].join(' ');
    const known = recipients.get(name);
    if (known) return known;
    const parsed = new X509Certificate(certificate);
    const { publicKey, raw } = parsed;
    const keyInfo = hasTokenReferences ? thumbprintKeyInfo(parsed) : x509KeyInfo(raw);
    const recipient = createRecipient({ publicKey, keyInfo, content, transport: keyTransport });
    // As many as there are relying parties in the configuration.
    recipients.set(name, recipient);
    return recipient;
  };
}

// SAML 2.0 has an element for it; SAML 1.1 has none, and a bare EncryptedData is what WS-Trust clients expect.
function encryptedToken(type: TokenSpec['type'], signed: FinalXml, recipient: Recipient): Markup {
  const data = encryptXml(signed, recipient);
  if (type === 'saml1') return data;
  return element({ prefix: 'saml', uri: SAML2_NS, local: 'EncryptedAssertion' }, [], [data]);
}

/** An issuer of assertions, bound to the key of the decision, signed and, where the decision says so, encrypted. The text is ASCII,
 * in one line, and declares every prefix it uses: some clients cut it out of the answer as it stands (ws-trust W8). */
export function createSamlIssuer(parts: SamlIssuerParts): TokenIssuer {
  const { keys, entityId, maxBytes } = parts;
  const signingFor = createSignerSource(keys);
  const recipientFor = createRecipients();
  /** The assertion before it is signed. */
  function write(spec: TokenSpec): WrittenAssertion {
    const { confirmation, keyEncryption, tokenShape } = spec;
    const shape = samlShape(tokenShape);
    const keyRecipient = keyEncryption && recipientFor(keyEncryption, shape);
    const keyInfo = writeConfirmationKey(confirmation, keyRecipient);
    return writeAssertion({ spec, shape, entityId, keyInfo });
  }
  function requireExpressible(spec: TokenSpec): void {
    const claims = writableOf(spec);
    requireRoom(spec, claims, { maxBytes, write: () => toWireText(write(spec).apex) });
  }
  return {
    canIssue: ({ type }) => type === 'saml1' || type === 'saml2',
    requireExpressible,
    async issue(spec) {
      const { type, encryption, tokenShape } = spec;
      if (type !== 'saml1' && type !== 'saml2')
        throw new Error(`asked to issue ${type} as an assertion`);
      requireExpressible(spec);
      const { apex, declare } = write(spec);
      const options = { ...signingFor(spec), id: assertionIdOf(spec), declare };
      const signed = await rejectedAs('dependency-unavailable', () => signEnveloped(apex, options));
      // One that its target alone can read is no longer inside: the target can bring what it decrypted.
      const token =
        encryption === undefined
          ? signed
          : encryptedToken(type, signed, recipientFor(encryption, samlShape(tokenShape)));
      return { spec, text: toWireText(token) };
    },
  };
}
