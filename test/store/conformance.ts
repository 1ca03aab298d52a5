// What every adapter of the Store port must do. A caller says how a store is opened and how its time passes.
import { after, before, describe } from 'node:test';
import { buckets } from './conformance/buckets.ts';
import { counters } from './conformance/counters.ts';
import { healthAndClose } from './conformance/health-and-close.ts';
import { keysAndClasses } from './conformance/keys-and-classes.ts';
import { lineage } from './conformance/lineage.ts';
import { onceMarks } from './conformance/once-marks.ts';
import { rotation } from './conformance/rotation.ts';
import { storedValues } from './conformance/stored-values.ts';
import { tombstones } from './conformance/tombstones.ts';
import type { StoreUnderTest } from './conformance/under-test.ts';

export type { StoreUnderTest };

/** Runs the suite against an adapter. `open` gives an empty dataset, or one that holds none of our random keys. */
export function storeConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`Store: ${name}`, () => {
    let opened: StoreUnderTest;
    before(async () => {
      opened = await open();
    });
    after(() => opened.dispose());
    const underTest = (): StoreUnderTest => opened;

    onceMarks(underTest);
    tombstones(underTest);
    lineage(underTest);
    rotation(underTest);
    storedValues(underTest);
    counters(underTest);
    buckets(underTest);
    keysAndClasses(underTest);
    healthAndClose(open);
  });
}
