// Which of the 16384 slots of a cluster a key is in: CRC16 (XMODEM) of its hash tag.

const SLOTS = 16_384;

function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1)
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

/** The slot of a key with a hash tag, as all of ours have one. */
export function slotOf(key: string): number {
  const tag = /\{([^}]+)\}/.exec(key)?.[1];
  return crc16(tag ?? key) % SLOTS;
}
