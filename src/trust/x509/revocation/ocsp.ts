// OCSP (RFC 6960): a question about one certificate, and the answer of its issuer or of a responder that the issuer appointed.
import { createHash } from 'node:crypto';
import {
  algorithmOf,
  type Certificate,
  EXTENSION,
  extendedKeyUsages,
  parseCertificate,
  readExtensions,
} from '../certificate.ts';
import {
  type Der,
  DerFailure,
  type MemberReader,
  membersOf,
  objectIdentifierOf,
  readDer,
  readMembers,
  TAG,
  timeOf,
} from '../der.ts';
import {
  isFresh,
  isSignedWith,
  readSigned,
  SIGNATURE_HASHES,
  type SignedStructure,
} from '../signed-structure.ts';

/** A certificate and the one that issued it. */
export interface IssuedCertificate {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
}

/** What a responder says of one certificate. */
export interface OcspStatus {
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate: number;
  readonly nextUpdate: number;
}

const SHA1 = Buffer.from('300906052b0e03021a0500', 'hex');
const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1';
const OCSP_ACCESS = '1.3.6.1.5.5.7.48.1';
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
const OCSP_NO_CHECK = '1.3.6.1.5.5.7.48.1.5';

function encode(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length = body.byteLength;
  const header = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), body]);
}

/** CertID: the issuer by digests of its name and key, the certificate by its number. */
function certificateId({ certificate, issuer }: IssuedCertificate): Buffer {
  const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest();
  const serial = certificate.serialNumber.toString(16);
  const octets = Buffer.from(serial.padStart(serial.length + (serial.length % 2), '0'), 'hex');
  const positive = (octets[0] ?? 0) < 0x80 ? octets : Buffer.concat([Buffer.from([0]), octets]);
  return encode(
    TAG.sequence,
    SHA1,
    encode(TAG.octetString, sha1(issuer.encodedSubject)),
    encode(TAG.octetString, sha1(issuer.keyOctets)),
    encode(TAG.integer, positive),
  );
}

/** The question (§4.1.1). Without a nonce: responders that answer ahead of time ignore it, and `nextUpdate` bounds an answer. */
export function writeOcspRequest(question: IssuedCertificate): Buffer {
  const request = encode(TAG.sequence, certificateId(question));
  return encode(TAG.sequence, encode(TAG.sequence, encode(TAG.sequence, request)));
}

/** Where the certificate says its responder is. */
export function respondersOf({ extensions }: Certificate): readonly string[] {
  const extension = extensions.get(EXTENSION.authorityInformationAccess);
  if (!extension) return [];
  return membersOf(readDer(extension.value)).flatMap((description) => {
    const members = readMembers(description);
    const method = objectIdentifierOf(members.take(TAG.objectIdentifier));
    const { tag, content } = members.takeAny();
    return method === OCSP_ACCESS && tag === TAG.primitive(6) ? [content.toString('latin1')] : [];
  });
}

/** Reads and verifies an answer (§4.2.1, §3.2).
 * @throws {DerFailure} when it is none, not about this certificate, not signed by its issuer or an appointed responder, or not
 * fresh */
export function readOcspResponse(
  bytes: Buffer,
  question: IssuedCertificate,
  now: number,
): OcspStatus {
  const { signed, certificates } = readBasic(bytes);
  verifyResponder(signed, certificates, { question, now });
  const data = readMembers(signed.content);
  data.takeIf(TAG.context(0));
  data.takeAny();
  data.takeAny();
  const wanted = readDer(certificateId(question));
  const answers = membersOf(data.take(TAG.sequence));
  validateEnd(data);
  for (const single of answers) {
    const members = readMembers(single);
    if (isSameId(members.take(TAG.sequence), wanted)) return readSingle(members, now);
  }
  throw new DerFailure('an answer about another certificate');
}

/** What is critical may turn the meaning of an answer around, and we know none (§4.4). */
function validateEnd(members: MemberReader): void {
  const extensions = readExtensions(members.takeIf(TAG.context(1)));
  if ([...extensions.values()].some(({ isCritical }) => isCritical))
    throw new DerFailure('an answer with a critical extension');
  if (!members.isDone) throw new DerFailure('an answer with more than it may have');
}

// SHA-1 with or without NULL for its parameters; the digests and the number must be the same.
function isSameId(left: Der, right: Der): boolean {
  const [leftHash, ...leftRest] = membersOf(left);
  const [rightHash, ...rightRest] = membersOf(right);
  return (
    leftHash !== undefined &&
    rightHash !== undefined &&
    algorithmOf(leftHash) === algorithmOf(rightHash) &&
    leftRest.length === rightRest.length &&
    leftRest.every(({ raw }, index) => rightRest[index]?.raw.equals(raw) === true)
  );
}

function readBasic(bytes: Buffer): {
  readonly signed: SignedStructure;
  readonly certificates: readonly Der[];
} {
  const response = readMembers(readDer(bytes));
  const { content } = response.take(TAG.enumerated);
  if (!content.equals(Buffer.from([0]))) throw new DerFailure('the responder does not answer');
  const [body] = membersOf(response.take(TAG.context(0)));
  if (!body) throw new DerFailure('an empty answer');
  const typed = readMembers(body);
  if (objectIdentifierOf(typed.take(TAG.objectIdentifier)) !== BASIC_RESPONSE)
    throw new DerFailure('an answer of another type');
  const basic = readMembers(readDer(typed.take(TAG.octetString).content));
  const signed = readSigned(basic);
  const [list] = basic.isDone ? [] : membersOf(basic.take(TAG.context(0)));
  return { signed, certificates: list ? membersOf(list) : [] };
}

interface Asked {
  readonly question: IssuedCertificate;
  readonly now: number;
}

function verifyResponder(
  signed: SignedStructure,
  certificates: readonly Der[],
  { question: { issuer }, now }: Asked,
): void {
  if (isSignedWith(signed, issuer.x509.publicKey)) return;
  // One that the issuer itself appointed for this (§4.2.2.2); that it is not revoked must need no answer of its own.
  const isAppointed = certificates.slice(0, 4).some(({ raw }) => {
    const responder = parseCertificate(raw);
    return (
      responder.x509.checkIssued(issuer.x509) &&
      // As for a link of a path: what is signed with SHA-1 can be made to fit another certificate.
      SIGNATURE_HASHES.has(responder.signatureAlgorithm) &&
      responder.x509.verify(issuer.x509.publicKey) &&
      now >= responder.notBefore &&
      now <= responder.notAfter &&
      extendedKeyUsages(responder)?.includes(OCSP_SIGNING) === true &&
      responder.extensions.has(OCSP_NO_CHECK) &&
      isSignedWith(signed, responder.x509.publicKey)
    );
  });
  if (!isAppointed) throw new DerFailure('an answer of nobody that the issuer appointed');
}

const STATUS: ReadonlyMap<number, OcspStatus['status']> = new Map([
  [TAG.primitive(0), 'good'],
  [TAG.context(1), 'revoked'],
  [TAG.primitive(2), 'unknown'],
]);

function readSingle(members: MemberReader, now: number): OcspStatus {
  const status = STATUS.get(members.takeAny().tag);
  const thisUpdate = timeOf(members.takeAny());
  const wrapped = members.takeIf(TAG.context(0));
  // Without an end an old answer would do for ever.
  if (!status || !wrapped) throw new DerFailure('an answer without nextUpdate');
  const [next] = membersOf(wrapped);
  if (!next) throw new DerFailure('an answer without nextUpdate');
  const nextUpdate = timeOf(next);
  validateEnd(members);
  if (!isFresh({ thisUpdate, nextUpdate }, now)) throw new DerFailure('an answer of another time');
  return { status, thisUpdate, nextUpdate };
}
