// All requirement tables, in the order of the documentation.
import type { RequirementTable } from '#test/support/requirements.ts';
import { PARITY } from './parity/requirements.ts';
import { REGRESSIONS } from './regressions/requirements.ts';
import { RFC6749 } from './rfc6749/requirements.ts';
import { RFC7522 } from './rfc7522/requirements.ts';
import { RFC7523 } from './rfc7523/requirements.ts';
import { RFC7662 } from './rfc7662/requirements.ts';
import { RFC8414 } from './rfc8414/requirements.ts';
import { RFC8693 } from './rfc8693/requirements.ts';
import { WIRE_RULES } from './ws-trust/requirements.ts';

export const REQUIREMENT_TABLES: readonly RequirementTable[] = [
  RFC8693,
  RFC7523,
  RFC7522,
  RFC7662,
  RFC8414,
  RFC6749,
  WIRE_RULES,
  PARITY,
  REGRESSIONS,
];
