// Addresses that we fetch keys from, against the hosts that may speak plain http: told at load, not at the first token.
import { namesHost } from '#core/foreign/allowed-host.ts';
import type { Entry, Loading } from '../../loading.ts';
import type { Complaint } from '../../problem.ts';

/** Holds the URL of a fetch against `fetch.allowedHosts`. */
export function validateFetch({ value, path }: Entry<string>, loading: Loading): void {
  const url = new URL(value);
  // Of https nothing is held against them here.
  const isAllowed = loading.allowedHosts.some((allowed) => namesHost(allowed, url));
  if (url.protocol !== 'https:' && !isAllowed) loading.error(path, PLAIN);
}

const PLAIN: Complaint = {
  code: 'CONFIG_INSECURE',
  what: 'is plain http, and its host is not in fetch.allowedHosts',
  why: 'who can change the answer on the way can put keys of their own into it',
  fix: 'use an https URL; for a host on your own network, name it in fetch.allowedHosts',
};
