// How much CPU and memory a server process has used so far: asked and told over the channel to the bench.
export interface Usage {
  readonly cpuMicroseconds: number;
  readonly residentBytes: number;
}

/** Makes this process answer `usage`. */
export function answerUsage(): void {
  process.on('message', (message) => {
    if (message !== 'usage') return;
    const { user, system } = process.cpuUsage();
    const usage: Usage = {
      cpuMicroseconds: user + system,
      residentBytes: process.memoryUsage().rss,
    };
    process.send?.({ usage });
  });
}
