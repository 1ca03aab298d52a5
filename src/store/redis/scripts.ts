// The steps that must be one. Each looks at the canary of its bucket first: where the dataset is gone or another one, "not
// there" says nothing, and nothing is written. KEYS[1] is the canary, ARGV[1] what it must say; answers begin with a word.
import { createHash } from 'node:crypto';

export interface Script {
  readonly sha: string;
  readonly text: string;
}

function script(lua: string): Script {
  const text = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'dataset'} end\n${lua}`;
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** What stands is written again as it is before it is an answer: perhaps no replica has it, and the WAIT behind a script waits only for
 * what the script wrote (since Redis 7.2). */
const AGAIN = `
local function again(key) redis.call('SET', key, redis.call('GET', key), 'KEEPTTL') end`;

/** KEYS[2] mark, ARGV: text, milliseconds. */
export const MARK = script(`${AGAIN}
if redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return {'stored'} end
again(KEYS[2])
return {'standing', redis.call('GET', KEYS[2])}`);

const PUT_VALUE = `
local stored = redis.call('GET', KEYS[2])
if stored and string.sub(stored, 1, 2) ~= '1 ' then return {'form'} end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return {'done'}`;

/** KEYS[2] value, ARGV: text, milliseconds. */
export const PUT = script(PUT_VALUE);

/** The same, unless one of KEYS[3…] is there. */
export const PUT_UNLESS_REVOKED = script(`
for index = 3, #KEYS do
  if redis.call('EXISTS', KEYS[index]) == 1 then return {'revoked'} end
end${PUT_VALUE}`);

/** KEYS[2…] tombstones, ARGV: text, milliseconds. Never shortens one that stands. */
export const REVOKE = script(`${AGAIN}
for index = 2, #KEYS do
  if redis.call('PTTL', KEYS[index]) >= tonumber(ARGV[3]) then again(KEYS[index])
  else redis.call('SET', KEYS[index], ARGV[2], 'PX', ARGV[3]) end
end
return {'done'}`);

/** KEYS[2] family, ARGV: from, to, milliseconds. The rule is that of rotation-step.ts. */
export const ROTATE = script(`${AGAIN}
local stored, previous, current = redis.call('GET', KEYS[2]), nil, ''
if stored then
  previous, current = string.match(stored, '^1 (%S*) (%S+)$')
  if not current then return {'form'} end
end
if current ~= ARGV[2] then
  if current ~= ARGV[3] or previous ~= ARGV[2] then return {'conflict'} end
  again(KEYS[2])
  return {'repeated'}
end
local life = math.max(redis.call('PTTL', KEYS[2]), tonumber(ARGV[4]))
redis.call('SET', KEYS[2], '1 ' .. ARGV[2] .. ' ' .. ARGV[3], 'PX', string.format('%.0f', life))
return {'rotated'}`);

/** KEYS[2] counter, ARGV: by, milliseconds. */
export const COUNT = script(`
if ARGV[2] == '0' then return {'sum', tonumber(redis.call('GET', KEYS[2]) or '0')} end
local sum = redis.call('INCRBY', KEYS[2], ARGV[2])
if redis.call('PTTL', KEYS[2]) < 0 then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
return {'sum', sum}`);

/** KEYS[2] bucket, ARGV: fill, most, milliseconds. What is left to live is the level. */
export const FILL = script(`
local level = math.min(math.max(redis.call('PTTL', KEYS[2]), 0) + tonumber(ARGV[2]), tonumber(ARGV[3]))
if level > 0 then redis.call('SET', KEYS[2], '1 ', 'PX', string.format('%.0f', level)) end
return {'level', level}`);

/** KEYS[2] a key of no one's, ARGV: text. Writes, reads back and deletes. */
export const PROBE = script(`
redis.call('SET', KEYS[2], ARGV[2], 'PX', 10000)
local read = redis.call('GET', KEYS[2])
redis.call('DEL', KEYS[2])
return {'read', read}`);

/** Written again after a change of master: KEYS[2] value, ARGV: text, milliseconds. What stands there stays. */
export const REWRITE_VALUE = script(`
redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3])
return {'done'}`);

/** Written again: KEYS[2] counter, ARGV: sum, milliseconds. What others counted meanwhile stands. */
export const REWRITE_COUNT = script(`
local stored = tonumber(redis.call('GET', KEYS[2]) or '0')
if stored < tonumber(ARGV[2]) then redis.call('SET', KEYS[2], ARGV[2], 'KEEPTTL') end
if redis.call('PTTL', KEYS[2]) < 0 then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
return {'done'}`);

/** Written again: KEYS[2] family, ARGV: from, to, milliseconds. A step that was lost is taken, a later one stands. */
export const REWRITE_ROTATION = script(`
local stored = redis.call('GET', KEYS[2])
if stored and string.match(stored, '^1 %S* (%S+)$') ~= ARGV[2] then return {'done'} end
local life = math.max(redis.call('PTTL', KEYS[2]), tonumber(ARGV[4]))
redis.call('SET', KEYS[2], '1 ' .. ARGV[2] .. ' ' .. ARGV[3], 'PX', string.format('%.0f', life))
return {'done'}`);
