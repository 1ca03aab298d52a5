// What is in flight at one time, in no order.

/** Takes an item out of a list whose order says nothing; one that is not in it is none to take out. No Set and no Map hold what comes
 * and goes with each request: the tables that a busy one leaves behind would keep it alive until the next full collection. */
export function takeOut<T>(items: T[], item: T): void {
  const index = items.indexOf(item);
  if (index < 0) return;
  const last = items.pop();
  if (last !== undefined && last !== item) items[index] = last;
}
