// Maps that what strangers send must not fill.

/** Puts an entry last. Beyond the most, the one goes that was put before all others. */
export function putLast<Key, Value>(
  map: Map<Key, Value>,
  [key, value]: readonly [Key, Value],
  most: number,
): void {
  map.delete(key);
  map.set(key, value);
  const [first] = map.keys();
  if (map.size > most && first !== undefined) map.delete(first);
}
