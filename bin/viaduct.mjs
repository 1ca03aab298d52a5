#!/usr/bin/env node
// What the package installs as `viaduct`: runs main.ts also below node_modules, where Node strips no types by itself. Plain
// JavaScript, so that an older Node can read at least this.
import { readFileSync } from 'node:fs';
// Not by name: an older Node has not all of it, and must come as far as to say so.
import * as nodeModule from 'node:module';

const NODE_MAJOR = 24;
const PACKAGE = new URL('../', import.meta.url).href;

/** @param {string} path */
const isInstalled = (path) => path.includes('node_modules/');

/** Whether a module is source of ours, and none of a package below us.
 * @param {string} url */
const isOurs = (url) =>
  url.startsWith(PACKAGE) && url.endsWith('.ts') && !isInstalled(url.slice(PACKAGE.length));

/** @type {import('node:module').LoadHookSync} */
function load(url, context, next) {
  if (!isOurs(url)) return next(url, context);
  const source = nodeModule.stripTypeScriptTypes(readFileSync(new URL(url), 'utf8'));
  return { format: 'module', shortCircuit: true, source };
}

/** Node warns of its first use only. Which Node this runs on is tested, and operators can do nothing about it. */
function stripQuietly() {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => {};
  nodeModule.stripTypeScriptTypes('');
  process.emitWarning = emitWarning;
}

if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR) {
  process.stderr.write(
    `viaduct needs Node ${NODE_MAJOR} or newer, and this is ${process.version}\n`,
  );
  process.exitCode = 2;
} else {
  if (isInstalled(PACKAGE)) {
    stripQuietly();
    nodeModule.registerHooks({ load });
  }
  await import('../src/main.ts');
}
