// Bodies that come in pieces of a few bytes: each takes some 350 bytes and a microsecond or two whatever is in it. A hundred bodies in
// chunks of one byte (RFC 9112 §7.1) took 2 GB of us, and half a minute of everybody else.
import type { IncomingMessage } from 'node:http';

/** Of any body: a stack that writes its XML as it comes, without a buffer, sends some thousand. Longer bodies come in pieces of `LEAST_BYTES` and more. */
const MOST_SMALL = 4096;
const LEAST_BYTES = 64;

/** So much is put together before it is kept, of a body that had so many pieces before. */
const MOST_HELD = 64;
const HELD_BYTES = 4096;

/** Puts small pieces of a body together, and ends the connection of one that goes on in smaller ones than anybody sends. */
export function boundPieces(request: IncomingMessage): void {
  const push = request.push.bind(request);
  let held: Buffer[] = [];
  let heldBytes = 0;
  let pieces = 0;
  let bytes = 0;
  const pushHeld = (): boolean => {
    const together = Buffer.concat(held);
    held = [];
    heldBytes = 0;
    return push(together);
  };
  // Node says each piece to it, also while nobody reads: it keeps then what it is told.
  request.push = (piece: Buffer | null): boolean => {
    if (piece === null) {
      if (held.length > 0) pushHeld();
      return push(null);
    }
    pieces += 1;
    bytes += piece.length;
    if (pieces > MOST_SMALL + bytes / LEAST_BYTES) {
      request.destroy();
      return false;
    }
    if (pieces <= MOST_HELD) return push(piece);
    held.push(piece);
    heldBytes += piece.length;
    return (held.length < MOST_HELD && heldBytes < HELD_BYTES) || pushHeld();
  };
}
