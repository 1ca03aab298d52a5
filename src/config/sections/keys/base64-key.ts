// Keys of our own that are nothing but random bytes, in base64.
import type { Entry, Loading } from '../../loading.ts';
import type { SecretReference } from '../secret.ts';

const MIN_KEY_BYTES = 32;

/** Reads a key, and complains where it is too short or no base64. `why` says what comes of a weak one. */
export async function readBase64Key(
  { value, path }: Entry<SecretReference>,
  why: string,
  loading: Loading,
): Promise<string> {
  const keyBase64 = (await loading.read(value, path)).trim();
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(keyBase64);
  const isLong = Buffer.from(keyBase64, 'base64').length >= MIN_KEY_BYTES;
  // An empty text has its complaint already.
  if (keyBase64 !== '' && !(isBase64 && isLong))
    loading.error(path, {
      code: 'CONFIG_SECRET',
      what: `is not ${String(MIN_KEY_BYTES)} bytes or more in base64`,
      why,
      fix: 'make one: openssl rand -base64 32',
    });
  return keyBase64;
}
