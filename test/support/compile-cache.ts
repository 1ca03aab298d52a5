// Loaded before each test file by `npm test`: what one file has compiled the others need not. Not by NODE_COMPILE_CACHE, which the
// programs that tests start would take as an operator's wish.
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/viaduct-tests'));
