// The embedded adapter passes the conformance suite, with two stores on one file.
import { fakeClock } from '#test/support/fake-clock.ts';
import { storeConformance } from './conformance.ts';
import { aStoreDirectory } from './store-directory.ts';

storeConformance('sqlite', async () => {
  const clock = fakeClock();
  const directory = aStoreDirectory();
  const [first, second] = [directory.open({ clock }).store, directory.open({ clock }).store];
  return {
    stores: [first, second],
    advance: async (seconds) => clock.advance(seconds),
    dispose: () => directory.dispose(),
  };
});
