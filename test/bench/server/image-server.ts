// Viaduct as the container image starts it: same options, and compiled by a first start as when the image is built.
import { type ServerProcess, startProcess } from './server-process.ts';
import { imageStartOptions } from './start-options.ts';

/** Starts the server; its compile cache goes into `directory`. */
export async function startImageServer(
  configPath: string,
  directory: string,
): Promise<ServerProcess> {
  const options = await imageStartOptions(directory);
  const first = await startProcess('./viaduct-server.ts', configPath, options);
  await first.leave();
  return startProcess('./viaduct-server.ts', configPath, options);
}
