// The alternative names of a subject (RFC 5280 §4.2.1.6), as far as they name people and services.
import { type Certificate, EXTENSION } from './certificate.ts';
import {
  type Der,
  DerFailure,
  membersOf,
  objectIdentifierOf,
  readDer,
  readMembers,
  TAG,
} from './der.ts';

/** The names by kind. */
interface AlternativeNames {
  readonly email: readonly string[];
  readonly dns: readonly string[];
  readonly uri: readonly string[];
  /** User principal names of Windows domains. */
  readonly upn: readonly string[];
}

const USER_PRINCIPAL_NAME = '1.3.6.1.4.1.311.20.2.3';

/** Reads the alternative names.
 * @throws {DerFailure} */
export function alternativeNamesOf({ extensions }: Certificate): AlternativeNames {
  const extension = extensions.get(EXTENSION.subjectAlternativeName);
  const names = extension ? membersOf(readDer(extension.value)) : [];
  const textsOf = (number: number) =>
    names
      .filter(({ tag }) => tag === TAG.primitive(number))
      .map(({ content }) => content.toString('latin1'));
  return {
    email: textsOf(1),
    dns: textsOf(2),
    uri: textsOf(6),
    upn: names.filter(({ tag }) => tag === TAG.context(0)).flatMap(principalName),
  };
}

function principalName(other: Der): readonly string[] {
  const members = readMembers(other, TAG.context(0));
  if (objectIdentifierOf(members.take(TAG.objectIdentifier)) !== USER_PRINCIPAL_NAME) return [];
  return membersOf(members.take(TAG.context(0))).map(({ content }) => {
    try {
      // With its byte order mark, as in `distinguished-name.ts`.
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    } catch (cause) {
      throw new DerFailure('a user principal name', { cause });
    }
  });
}
