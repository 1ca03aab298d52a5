// A reader of DER (X.690 §10), strict: definite and shortest lengths, low tag numbers, nothing left over. Certificates are parsed
// by the runtime; this is for what it does not tell of them, and for lists of revocation and OCSP.

/** One element of DER. */
export interface Der {
  /** The identifier octet: class, form and number. */
  readonly tag: number;
  readonly content: Buffer;
  /** The element as it was encoded. */
  readonly raw: Buffer;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** Of a context-specific member in constructed form, such as `[0] EXPLICIT`. */
  context: (number: number): number => 0xa0 | number,
  /** Of a context-specific member in primitive form, such as `[6] IMPLICIT IA5String`. */
  primitive: (number: number): number => 0x80 | number,
} as const;

/** What is not DER, or not of the shape that was expected. */
export class DerFailure extends Error {}

/** More than anything has that is read whole: of octets that nobody signed each element would take a hundred times its room. */
const MAX_MEMBERS = 1024;

/** Goes over elements that lie one behind the other, without an object for each: a list of revocation has hundreds of thousands. */
export class DerWalk {
  /** Of the element it stands on: its identifier octet, and where it, its content and what follows begin. */
  tag = 0;
  begin = 0;
  start = 0;
  end: number;
  readonly #bytes: Buffer;
  readonly #limit: number;

  constructor(bytes: Buffer, begin = 0, limit = bytes.byteLength) {
    this.#bytes = bytes;
    this.end = begin;
    this.#limit = limit;
  }

  get isDone(): boolean {
    return this.end >= this.#limit;
  }

  /** Goes on to the next element, whatever it is.
   * @throws {DerFailure} where there is none, or none that is DER */
  next(): this {
    const tag = this.#octet(this.end);
    if ((tag & 0x1f) === 0x1f) throw new DerFailure('tag');
    this.tag = tag;
    this.begin = this.end;
    const length = this.#length(this.begin + 1);
    this.end = this.start + length;
    if (this.end > this.#limit) throw new DerFailure('cut short');
    return this;
  }

  /** Goes on to the next element, which must have this tag.
   * @throws {DerFailure} */
  take(tag: number): this {
    if (this.isDone || this.next().tag !== tag) throw new DerFailure(`no member of tag ${tag}`);
    return this;
  }

  /** Over the members of the element it stands on. */
  inside(): DerWalk {
    return new DerWalk(this.#bytes, this.start, this.end);
  }

  #octet(at: number): number {
    const octet = at < this.#limit ? this.#bytes[at] : undefined;
    if (octet === undefined) throw new DerFailure('cut short');
    return octet;
  }

  #length(at: number): number {
    const first = this.#octet(at);
    const octets = first < 0x80 ? 0 : first & 0x7f;
    this.start = at + 1 + octets;
    if (first < 0x80) return first;
    // Indefinite, or longer than anything we take.
    if (octets === 0 || octets > 4 || this.start > this.#limit) throw new DerFailure('length');
    const length = this.#bytes.readUIntBE(at + 1, octets);
    if (length < 0x80 || length < 2 ** (8 * (octets - 1))) throw new DerFailure('length too long');
    return length;
  }
}

/** Reads the one element that these octets are.
 * @throws {DerFailure} */
export function readDer(bytes: Buffer): Der {
  const walk = new DerWalk(bytes).next();
  if (!walk.isDone) throw new DerFailure('octets behind the end');
  return elementOf(walk, bytes);
}

const elementOf = ({ begin, end, start, tag }: DerWalk, bytes: Buffer): Der => ({
  tag,
  content: bytes.subarray(start, end),
  raw: bytes.subarray(begin, end),
});

/** The members of a constructed element.
 * @throws {DerFailure} also for more than `maxMembers` */
export function membersOf({ tag, content }: Der, maxMembers = MAX_MEMBERS): readonly Der[] {
  if ((tag & 0x20) === 0) throw new DerFailure('no members');
  const members: Der[] = [];
  const walk = new DerWalk(content);
  while (!walk.isDone) {
    if (members.length === maxMembers) throw new DerFailure('too many members');
    members.push(elementOf(walk.next(), content));
  }
  return members;
}

/** Takes members off a sequence in their order. */
export interface MemberReader {
  /** The next member, which must have this tag. */
  take(tag: number): Der;
  /** The next member if it has this tag. */
  takeIf(tag: number): Der | undefined;
  /** The next member, whatever it is. */
  takeAny(): Der;
  readonly isDone: boolean;
}

/** Reads the members of an element with this tag.
 * @throws {DerFailure} */
export function readMembers(element: Der, tag: number = TAG.sequence): MemberReader {
  if (element.tag !== tag) throw new DerFailure(`tag ${String(element.tag)}`);
  const members = membersOf(element);
  let at = 0;
  const takeIf = (wanted: number): Der | undefined =>
    members[at]?.tag === wanted ? members[at++] : undefined;
  return {
    takeIf,
    take: (wanted) => takeIf(wanted) ?? fail(`no member of tag ${String(wanted)}`),
    takeAny: () => members[at++] ?? fail('no more members'),
    get isDone() {
      return at >= members.length;
    },
  };
}

function fail(detail: string): never {
  throw new DerFailure(detail);
}

/** Longer than any OBJECT IDENTIFIER. */
const MAX_OID_OCTETS = 128;

/** An OBJECT IDENTIFIER, written with dots.
 * @throws {DerFailure} */
export function objectIdentifierOf({ tag, content }: Der): string {
  if (tag !== TAG.objectIdentifier || content.byteLength === 0) throw new DerFailure('no OID');
  if (content.byteLength > MAX_OID_OCTETS) throw new DerFailure('OID too long');
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of content) {
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 256) throw new DerFailure('arc too large');
    if (octet >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...rest].join('.');
}

/** An INTEGER that is not negative, such as a serial number. */
export function naturalOf({ tag, content }: Der): bigint {
  if (tag !== TAG.integer || content.byteLength === 0) throw new DerFailure('no INTEGER');
  return BigInt(`0x${content.toString('hex')}`);
}

/** The octets of a BIT STRING without unused bits. */
export function bitStringOf({ tag, content }: Der): Buffer {
  if (tag !== TAG.bitString || content[0] !== 0) throw new DerFailure('no BIT STRING');
  return content.subarray(1);
}

/** UTCTime or GeneralizedTime, in epoch seconds (RFC 5280 §4.1.2.5). */
export function timeOf({ tag, content }: Der): number {
  const text = content.toString('latin1');
  const digits =
    tag === TAG.utcTime ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text;
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits);
  if (!parts || (tag !== TAG.utcTime && tag !== TAG.generalizedTime))
    throw new DerFailure('no time');
  const [, year, month, day, hour, minute, second] = parts;
  const instant = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(instant)) throw new DerFailure('no time');
  return instant / 1000;
}
