// A server of both halves of the product, and who has the keys of its assertions.
import { type Ending, startServer, type TestServer } from '#test/support/server/server.ts';
import { NOW } from './saml.ts';
import { type SamlWorld, withSaml } from './saml-document.ts';

export interface SamlServer {
  readonly server: TestServer;
  readonly saml: SamlWorld;
}

/** Starts a server with the document of `withSaml`, changed by the test. It is NOW; the store remembers from before the assertions of
 * `saml.ts` were issued. */
export async function startSamlServer(
  t: Ending,
  change: (...world: Parameters<typeof withSaml>) => void | Promise<void> = () => {},
): Promise<SamlServer> {
  let saml: SamlWorld | undefined;
  const server = await startServer(t, async (document, directory, clock) => {
    clock.set(NOW - 1000);
    saml = await withSaml(document, directory);
    await change(document, directory);
  });
  server.clock.set(NOW);
  if (!saml) throw new Error('the SAML half was not set up');
  return { server, saml };
}
