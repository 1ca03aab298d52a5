// The entries of a list of revocation (RFC 5280 §5.1.2.6). There may be hundreds of thousands, and while they are read nothing is
// answered: they are read without an object for each and kept as numbers. As texts in a set they took seven times as long.
import { MAX_LISTED } from '../certificate.ts';
import { type Der, DerFailure, DerWalk, TAG } from '../der.ts';

/** Which certificates a list names. */
export interface RevokedSerials {
  has(serialNumber: bigint): boolean;
}

/** A number is the last three octets of a serial number, times this, and where that stands: a double holds both. */
const PLACES = 2 ** 29;

/** Reads the entries.
 * @throws {DerFailure} also for one with a critical extension */
export function readRevokedSerials({ content }: Der): RevokedSerials {
  const places: number[] = [];
  const entries = new DerWalk(content);
  while (!entries.isDone) places.push(placeOf(entries.take(TAG.sequence).inside(), content));
  const sorted = new Float64Array(places).sort();
  return {
    has(serialNumber) {
      const wanted = Number(serialNumber & 0xffffffn) * PLACES;
      let at = firstFrom(wanted, sorted);
      for (; (sorted[at] ?? Number.POSITIVE_INFINITY) < wanted + PLACES; at += 1)
        if (serialAt((sorted[at] ?? 0) - wanted, content) === serialNumber) return true;
      return false;
    },
  };
}

function firstFrom(wanted: number, sorted: Float64Array): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function serialAt(place: number, bytes: Buffer): bigint {
  const { end, start } = new DerWalk(bytes, place).next();
  return BigInt(`0x${bytes.toString('hex', start, end)}`);
}

function placeOf(entry: DerWalk, bytes: Buffer): number {
  const { begin, end, start } = entry.take(TAG.integer);
  if (start === end) throw new DerFailure('no INTEGER');
  const { tag } = entry.next();
  if (tag !== TAG.utcTime && tag !== TAG.generalizedTime) throw new DerFailure('no time');
  if (!entry.isDone) validateExtensions(entry.take(TAG.sequence).inside(), bytes);
  if (!entry.isDone) throw new DerFailure('octets behind the end');
  const octets = Math.min(end - start, 3);
  return bytes.readUIntBE(end - octets, octets) * PLACES + begin;
}

function validateExtensions(extensions: DerWalk, bytes: Buffer): void {
  const oids: string[] = [];
  while (!extensions.isDone) {
    const extension = extensions.take(TAG.sequence).inside();
    const { end, start } = extension.take(TAG.objectIdentifier);
    const oid = bytes.toString('latin1', start, end);
    if (oid === '' || oids.includes(oid)) throw new DerFailure('an extension twice, or of no OID');
    if (oids.push(oid) > MAX_LISTED) throw new DerFailure('too many members');
    requireUncritical(extension.next(), bytes);
  }
}

/** An entry of another issuer, in an indirect list, says so in a critical extension. */
function requireUncritical(extension: DerWalk, bytes: Buffer): void {
  const { end, start, tag } = extension;
  if (tag === TAG.boolean) {
    if (end - start !== 1 || bytes[start] !== 0)
      throw new DerFailure('a list with a critical extension of an entry');
    extension.next();
  }
  if (extension.tag !== TAG.octetString || !extension.isDone) throw new DerFailure('no extension');
}
