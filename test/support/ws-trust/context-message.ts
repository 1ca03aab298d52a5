// Security contexts of a whole server: a configuration that grants them, how a client asks for one, and a message that is signed
// with a key derived of it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { iso } from '#test/support/saml/saml.ts';
import { ALL_TYPES } from '#test/support/saml/saml-document.ts';
import type { ConfigDocument } from '#test/support/server/document.ts';
import type { TestServer } from '#test/support/server/server.ts';
import { aDerivedKey, aDerivedKeyToken, aReferenceTo } from '#test/support/soap/derived-key.ts';
import { SIGNATURE, signMessage } from '#test/support/soap/signed-message.ts';
import { anIssueMessage, type IssueWishes, sendSoap } from '#test/support/ws-trust/messages.ts';
import { type Context, contextIn, V13 } from './security-context.ts';

const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const CONTEXT: IssueWishes = { tokenType: `${V13.wsc}/sct` };

/** Writes a new key to keep secrets under and returns its entry. */
export async function aSecretsKey(directory: string, name: string): Promise<object> {
  const text = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');
  await writeFile(join(directory, `keys/${name}.key`), text, { mode: 0o600 });
  return { key: { file: `keys/${name}.key` } };
}

/** On top of `withSaml`: users get contexts, and they are credentials. */
export async function withContexts(
  document: ConfigDocument,
  directory: string,
  credentials: readonly string[] = ['username', 'security-context'],
): Promise<void> {
  document['keptSecrets'] = { keys: [await aSecretsKey(directory, 'secrets')] };
  document['wsTrust'] = { endpoints: [{ path: '/ws-trust', credentials }] };
  const row = document.policy.find(({ id }) => id === 'users-to-orders');
  Object.assign(row?.['allow'] ?? {}, { types: [...ALL_TYPES, 'sct'] });
}

/** The usual request with other children of its Security header. */
export const withHeader = (content: string, wishes: IssueWishes = {}): string =>
  anIssueMessage(wishes)
    .replace('<s:Envelope ', `<s:Envelope xmlns:wsu="${WSU}" `)
    .replace(/<o:UsernameToken>.*<\/o:UsernameToken>/, content);

/** A Timestamp to sign, with the id `ts`. */
export const aTimestamp = (now: number): string =>
  `<wsu:Timestamp wsu:Id="ts"><wsu:Created>${iso(now)}</wsu:Created><wsu:Expires>${iso(now + 240)}</wsu:Expires></wsu:Timestamp>`;

const withSecret = (message: string): string => message.replace('/Bearer', '/SymmetricKey');

/** Asks for a context by password. */
export async function askForContext(server: Pick<TestServer, 'url'>): Promise<Context> {
  const { text } = await sendSoap(server, withSecret(anIssueMessage(CONTEXT)));
  return contextIn(text, V13);
}

/** A request for another context, signed with a key derived of this one. */
export function aContextMessage({ id, secret, token }: Context, now: number): string {
  const derived = aDerivedKeyToken(aReferenceTo(id, `${V13.wsc}/sct`));
  const message = withHeader(`${token}${derived}${aTimestamp(now)}${SIGNATURE}`, CONTEXT)
    .replaceAll('wsse:', 'o:')
    .replace('<s:Body>', '<s:Body wsu:Id="body">');
  return signMessage(withSecret(message), {
    key: aDerivedKey(secret),
    keyInfo: aReferenceTo('dkt').replaceAll('wsse:', 'o:'),
  });
}
