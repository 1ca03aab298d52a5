// Whom a certificate is about: by a table of certificates, or by one of its names.
import { ExchangeFailure } from '#core/failure.ts';
import { alternativeNamesOf } from './alternative-names.ts';
import type { Certificate } from './certificate.ts';
import { COMMON_NAME, isSameName, parseName, writeName } from './distinguished-name.ts';

/** Where in the certificate the name stands. */
type SubjectSource = 'commonName' | 'subjectName' | 'email' | 'dns' | 'uri' | 'upn';

/** One certificate, by SHA-256 (hexadecimal) or by its subject, and whom it is about. */
interface SubjectEntry {
  readonly thumbprint?: string;
  readonly subjectName?: string;
  readonly subject: string;
}

export interface SubjectTerms {
  readonly entries: readonly SubjectEntry[];
  /** Absent: only who is in the table. */
  readonly source?: SubjectSource;
}

const plain = (thumbprint: string): string => thumbprint.replaceAll(':', '').toLowerCase();

/** The subject of a certificate.
 * @throws {ExchangeFailure} `requestor-unauthenticated` when it names nobody, or more than one */
export function subjectOf(certificate: Certificate, { entries, source }: SubjectTerms): string {
  const thumbprint = plain(certificate.x509.fingerprint256);
  const entry = entries.find((each) =>
    each.thumbprint === undefined
      ? isSubject(certificate, each.subjectName)
      : plain(each.thumbprint) === thumbprint,
  );
  const names = entry ? [entry.subject] : source ? namesOf(certificate, source) : [];
  const [name, second] = names;
  // With two, whoever asks for certificates could add the name of another to their own.
  if (name === undefined || name === '' || second !== undefined || /[\p{Cc}\p{Cf}]/u.test(name))
    throw new ExchangeFailure('requestor-unauthenticated', 'the certificate names nobody we know');
  return name;
}

function isSubject({ subject }: Certificate, text: string | undefined): boolean {
  const wanted = text === undefined ? undefined : parseName(text);
  return wanted !== undefined && isSameName(wanted, subject);
}

function namesOf(certificate: Certificate, source: SubjectSource): readonly string[] {
  switch (source) {
    case 'subjectName':
      return [writeName(certificate.subject)];
    case 'commonName':
      return certificate.subject
        .flat()
        .flatMap(({ type, value }) => (type === COMMON_NAME ? [value] : []));
    case 'email':
    case 'dns':
    case 'uri':
    case 'upn':
      return alternativeNamesOf(certificate)[source];
  }
}
