// What is in flight at one time, in no order.

/** Takes an item, if it is there, out of a list without order. What comes and goes with each request is held in no Set and no Map: a
 * busy one leaves tables behind that keep its entries alive until the next full collection. */
export function takeOut<T>(items: T[], item: T): void {
  const index = items.indexOf(item);
  if (index < 0) return;
  const last = items.pop();
  if (last !== undefined && last !== item) items[index] = last;
}
