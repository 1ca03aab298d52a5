// Viaduct itself as a child process of the bench: the real assembly on the real clock.
import { createApp } from '#src/app.ts';
import { loadConfigFiles } from '#src/config/load.ts';
import { answerUsage } from './usage.ts';

process.once('message', (path: string) => {
  void (async () => {
    const app = await createApp((await loadConfigFiles(path)).config);
    const { publicUrl } = await app.listen();
    answerUsage();
    process.once('disconnect', () => process.exit(0));
    process.send?.({ url: publicUrl });
  })();
});
