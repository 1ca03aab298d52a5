// On which conditions the certificates of a trusted issuer are credentials: `trustedIssuers[].x509`.
import { z } from 'zod';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint, Path } from '../../problem.ts';
import { exactlyOne, fetchUrl, plainText, rule, subjectPrefix, valueRule } from '../fields.ts';
import { readVerificationCertificates } from '../keys/certificates.ts';
import { validateFetch } from '../keys/fetch-address.ts';
import { type SecretReference, secretReference } from '../secret.ts';

/** A list of revocation in PEM, and which one of `revocation.lists` it is of: a file may have several. */
interface RevocationListFile {
  readonly pem: string;
  readonly index: number;
}

/** The certificates of an issuer as credentials. */
export interface TrustedX509Config {
  readonly anchorPems: readonly string[];
  readonly intermediatePems: readonly string[];
  /** What messages may only name. */
  readonly knownPems: readonly string[];
  /** Absent: nobody is asked. */
  readonly revocation:
    | {
        readonly lists: readonly RevocationListFile[];
        readonly listUrls: readonly string[];
        readonly ocspUrl?: string;
        readonly asksCertificateAddresses: boolean;
      }
    | undefined;
  /** Object identifiers. */
  readonly extendedKeyUsages: readonly string[];
  /** What names the subject. Absent: `subjects` alone. */
  readonly subject?: 'commonName' | 'subjectName' | 'email' | 'dns' | 'uri' | 'upn';
  readonly subjects: readonly {
    readonly thumbprint?: string;
    readonly subjectName?: string;
    readonly subject: string;
  }[];
  /** Whether its subjects are our users. */
  readonly areUsers: boolean;
  readonly subjectPrefix?: string;
}

const files = z.array(secretReference);

const missing = (what: string, why: string) =>
  rule({ code: 'CONFIG_MISSING', what, why, fix: 'add one of them' });

const revocation = z.union([
  z.literal('none'),
  z
    .strictObject({
      lists: z
        .array(z.union([z.strictObject({ file: plainText }), z.strictObject({ url: fetchUrl })]))
        .describe('Lists of revocation: PEM files, read at start and on reload, or addresses.')
        .default([]),
      ocsp: fetchUrl.describe('The OCSP responder for all of its certificates.').optional(),
      certificateAddresses: z
        .boolean()
        .describe('Ask the responders and lists that the certificates name.')
        .default(false),
    })
    .refine(
      ({ certificateAddresses, lists, ocsp }) =>
        certificateAddresses || lists.length > 0 || ocsp !== undefined,
      missing('needs lists, ocsp or certificateAddresses: true', 'there is nobody to ask'),
    ),
]);

const thumbprint = z.string().refine(
  (text) => /^(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}$/i.test(text),
  valueRule({
    what: 'is not the SHA-256 thumbprint of a certificate',
    why: 'shorter digests can be made to fit another certificate',
    fix: 'write 64 hexadecimal digits, as `openssl x509 -fingerprint -sha256` prints them',
  }),
);

const entry = z
  .strictObject({
    thumbprint: thumbprint.describe('SHA-256 of the certificate.').optional(),
    subjectName: plainText.describe('Its subject, as in RFC 4514.').optional(),
    subject: plainText.describe('Whom it is about.'),
  })
  .refine(...exactlyOne('thumbprint', 'subjectName'));

const PURPOSES = {
  clientAuth: '1.3.6.1.5.5.7.3.2',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  smartcardLogon: '1.3.6.1.4.1.311.20.2.2',
} as const;

export const trustedX509 = z
  .strictObject({
    anchors: files
      .nonempty()
      .describe('Certificates of authorities, or of single clients, PEM: all that is trusted.'),
    intermediates: files.describe('Authorities between, which clients need not send.').default([]),
    known: files
      .describe('Certificates that messages only name: by issuer and number, key or thumbprint.')
      .default([]),
    revocation: revocation.describe(
      'How it is found out whether a certificate is revoked; `none`: not at all. Not knowing refuses.',
    ),
    purposes: z
      .array(z.enum(['clientAuth', 'serverAuth', 'emailProtection', 'smartcardLogon']))
      .nonempty()
      .describe('Of these one must be among the extended key usages, where there are any.')
      .default(['clientAuth']),
    subject: z
      .enum(['commonName', 'subjectName', 'email', 'dns', 'uri', 'upn'])
      .describe('What in the certificate names the subject; it must be there once.')
      .optional(),
    subjects: z
      .array(entry)
      .describe('Certificates whose subject is named here; they come before `subject`.')
      .default([]),
    users: z
      .boolean()
      .describe('Whether its subjects are our users: who is none, or is disabled, is refused.')
      .default(false),
    subjectPrefix: subjectPrefix.optional(),
  })
  .refine(
    ({ subject, subjects }) => subject !== undefined || subjects.length > 0,
    missing('needs subject or subjects', 'certificates would be about nobody'),
  );

type TrustedX509 = z.output<typeof trustedX509>;

/** Resolves the conditions. */
export async function readTrustedX509(
  { value, path }: Entry<TrustedX509>,
  loading: Loading,
): Promise<TrustedX509Config> {
  const { subject, subjectPrefix: prefix, subjects, users } = value;
  const read = (name: 'anchors' | 'intermediates' | 'known') =>
    readVerificationCertificates({ value: value[name], path: [...path, name] }, loading);
  if (users && prefix !== undefined) loading.error([...path, 'subjectPrefix'], PREFIXED_USERS);
  return {
    anchorPems: await read('anchors'),
    intermediatePems: await read('intermediates'),
    knownPems: await read('known'),
    revocation: await readRevocation(
      { value: value.revocation, path: [...path, 'revocation'] },
      loading,
    ),
    extendedKeyUsages: value.purposes.map((purpose) => PURPOSES[purpose]),
    subjects: subjects.map(({ thumbprint: print, subjectName, subject: name }) => ({
      subject: name,
      ...(print !== undefined && { thumbprint: print }),
      ...(subjectName !== undefined && { subjectName }),
    })),
    ...(subject !== undefined && { subject }),
    areUsers: users,
    ...(prefix !== undefined && { subjectPrefix: prefix }),
  };
}

async function readRevocation(
  { value, path }: Entry<z.output<typeof revocation>>,
  loading: Loading,
): Promise<TrustedX509Config['revocation']> {
  if (value === 'none') {
    loading.warn(path, UNCHECKED);
    return undefined;
  }
  const { certificateAddresses, ocsp } = value;
  const lists: RevocationListFile[] = [];
  const listUrls: string[] = [];
  for (const [index, list] of value.lists.entries()) {
    const at = [...path, 'lists', index];
    if ('file' in list) {
      const pems = await readLists(list, [...at, 'file'], loading);
      lists.push(...pems.map((pem) => ({ pem, index })));
    } else {
      validateFetch({ value: list.url, path: [...at, 'url'] }, loading);
      listUrls.push(list.url);
    }
  }
  if (ocsp !== undefined) validateFetch({ value: ocsp, path: [...path, 'ocsp'] }, loading);
  return {
    lists,
    listUrls,
    asksCertificateAddresses: certificateAddresses,
    ...(ocsp !== undefined && { ocspUrl: ocsp }),
  };
}

const BEGIN_LIST = '-----BEGIN X509 CRL-----';

/** Each list of a file. Text around them is for people. */
async function readLists(
  reference: SecretReference,
  path: Path,
  loading: Loading,
): Promise<readonly string[]> {
  const text = await loading.read(reference, path);
  const [, ...blocks] = text.split(BEGIN_LIST);
  if (text !== '' && blocks.length === 0) loading.error(path, NO_LIST);
  return blocks.map((block) => `${BEGIN_LIST}${block}`);
}

const NO_LIST: Complaint = {
  code: 'CONFIG_KEY',
  what: 'is not a list of revocation in PEM',
  why: 'without it nobody says who is revoked, and every certificate would be refused',
  fix: 'convert it: openssl crl -inform DER -in list.crl -out list.pem',
};

const UNCHECKED: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'nobody is asked whether a certificate is revoked',
  why: 'a stolen key is good until its certificate expires',
  fix: 'name lists, a responder, or certificateAddresses: true; keep `none` where anchors are single clients',
};

const PREFIXED_USERS: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'subjects that are our users have no prefix',
  why: 'they have the name of the user in our tokens',
  fix: 'remove subjectPrefix, or users',
};
