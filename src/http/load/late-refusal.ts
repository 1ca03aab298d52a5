// A client that is refused for asking too often, and asks again at once, would take the time of others with refusals alone. So a
// refusal waits a little, and such a client asks a few times a second. How many wait is bounded, and they go out one by one.

const LEAST_MILLISECONDS = 400;
const SPREAD_MILLISECONDS = 400;
/** Each holds a connection and its request; what is beyond is answered at once. */
const MOST_HELD = 256;

/** Creates the wait of refusals: `hold` resolves when the answer may go. */
export function createLateRefusal(): { hold(): Promise<void> } {
  let held = 0;
  return {
    async hold() {
      if (held >= MOST_HELD) return;
      held += 1;
      try {
        const milliseconds = LEAST_MILLISECONDS + Math.random() * SPREAD_MILLISECONDS;
        await new Promise<void>((resolve) => void setTimeout(resolve, milliseconds).unref());
      } finally {
        held -= 1;
      }
    },
  };
}
