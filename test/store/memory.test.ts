// The memory adapter passes the conformance suite.
import { MemoryStore } from '#src/store/memory/memory-store.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { storeConformance } from './conformance.ts';

storeConformance('memory', async () => {
  const clock = fakeClock();
  const store = new MemoryStore(clock);
  return {
    stores: [store],
    advance: async (seconds) => clock.advance(seconds),
    dispose: () => store.close(),
  };
});
