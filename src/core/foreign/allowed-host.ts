// Hosts that the configuration lets be on a private address, and speak plain http.

/** Whether an entry names the host of an address. A URL leaves out the port that its scheme has anyway; who allows a host there may name it. */
export function namesHost(
  allowed: string,
  { hostname, port, protocol }: Pick<URL, 'hostname' | 'port' | 'protocol'>,
): boolean {
  const number = port || (protocol === 'https:' ? '443' : '80');
  return allowed === hostname || allowed === `${hostname}:${number}`;
}
