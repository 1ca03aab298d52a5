// What a server needs it has loaded when it serves: where descriptors run out later, nothing that is still to be loaded may end it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialised } from '#test/support/server/first-configuration.ts';
import { startViaduct } from '#test/support/server/process.ts';

/** No file can be opened to be loaded any more once the server has said that it serves. */
const REFUSING = `
import { registerHooks } from 'node:module';
const write = process.stdout.write.bind(process.stdout);
let isServing = false;
process.stdout.write = (text, ...words) => {
  isServing ||= String(text).startsWith('serving ');
  return write(text, ...words);
};
registerHooks({
  load(url, context, next) {
    if (isServing) throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
    return next(url, context);
  },
});`;

test('a server loads nothing once it serves', async (t) => {
  const directory = await initialised(t);
  const preload = `--import=data:text/javascript,${encodeURIComponent(REFUSING)}`;

  const server = startViaduct(['serve'], directory, { NODE_OPTIONS: preload });
  t.after(() => server.child.kill('SIGKILL'));
  await server.says(/exchange a token of the demo partner/);
  server.child.kill('SIGTERM');

  assert.equal(await server.exit(), 0, server.text());
});
