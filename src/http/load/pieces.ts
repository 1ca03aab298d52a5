// Bodies that come in pieces of a few bytes: each takes some 350 bytes and a microsecond or two whatever is in it. A hundred bodies in
// chunks of one byte (RFC 9112 §7.1) took 2 GB of us, and half a minute of everybody else.
import type { IncomingMessage } from 'node:http';

/** Of any body. Longer ones come in pieces of `LEAST_BYTES` and more: a chunk that is written, or a packet, holds some hundred. */
const MOST_SMALL = 1024;
const LEAST_BYTES = 64;

/** Ends the connection of a body that goes on in smaller pieces than anybody sends. */
export function boundPieces(request: IncomingMessage): void {
  const push = request.push.bind(request);
  let pieces = 0;
  let bytes = 0;
  // Node says each piece to it, also while nobody reads: it keeps then what it is told.
  request.push = (piece: Buffer | null): boolean => {
    pieces += 1;
    bytes += piece?.length ?? 0;
    if (pieces <= MOST_SMALL + bytes / LEAST_BYTES) return push(piece);
    request.destroy();
    return false;
  };
}
