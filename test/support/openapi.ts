// openapi.yaml as a judge: what the server answers must be what the contract says, nothing more.
import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

/** One recorded answer. `body` is the text as received. */
export interface RecordedResponse {
  readonly path: string;
  readonly method: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** A place in the document: the keys from its root. */
type Pointer = readonly string[];

interface Contract {
  readonly document: JsonObject;
  /** The validator of the schema at this place. */
  schemaAt(pointer: Pointer): ValidateFunction;
}

const DOCUMENT_ID = 'contract';

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object a member holds; empty when there is none. */
export function memberOf(value: JsonObject, name: string): JsonObject {
  const member = Object.hasOwn(value, name) ? value[name] : undefined;
  return isObject(member) ? member : {};
}

function objectAt(document: JsonObject, pointer: Pointer): JsonObject {
  return pointer.reduce(memberOf, document);
}

const writePointer = (pointer: Pointer): string =>
  pointer
    .map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');

const parsePointer = (reference: string): Pointer =>
  decodeURIComponent(reference)
    .replace(/^#\//, '')
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The place that is meant: a `$ref` there is followed. */
function resolve(document: JsonObject, pointer: Pointer): Pointer {
  const { $ref } = objectAt(document, pointer);
  return typeof $ref === 'string' ? resolve(document, parsePointer($ref)) : pointer;
}

/** Reads the contract. Schemas are compiled strictly: a misspelt keyword would check nothing. */
export function loadContract(): Contract {
  const text = readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8');
  const document: unknown = parse(text);
  if (!isObject(document)) throw new Error('openapi.yaml is no object');
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
  ajv.addFormat('uri', (value: string) => URL.canParse(value));
  // Known by name only: what OpenAPI puts around and beside the schemas.
  ajv.addVocabulary(['discriminator', ...Object.keys(document)]);
  ajv.addSchema(document, DOCUMENT_ID);
  // To compile one takes longer than many answers.
  const compiled = new Map<string, ValidateFunction>();
  return {
    document,
    schemaAt(pointer) {
      const place = writePointer(pointer);
      const known = compiled.get(place);
      if (known) return known;
      const validate = ajv.compile({ $ref: `${DOCUMENT_ID}#/${place}` });
      compiled.set(place, validate);
      return validate;
    },
  };
}

const METHODS: ReadonlySet<string> = new Set(['get', 'post', 'put', 'patch', 'delete', 'head']);

/** Every route the contract describes, as `METHOD /path`. */
export function coveredRoutes({ document } = loadContract()): readonly string[] {
  return Object.keys(memberOf(document, 'paths')).flatMap((path) =>
    Object.keys(objectAt(document, ['paths', path]))
      .filter((method) => METHODS.has(method))
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
}

const formatError = ({ instancePath, message = '', params }: ErrorObject): string =>
  `${instancePath || 'it'} ${message} ${JSON.stringify(params)}`;

function checkSchema(contract: Contract, pointer: Pointer, value: unknown): string | undefined {
  const validate = contract.schemaAt(pointer);
  if (validate(value)) return undefined;
  return (validate.errors ?? []).map(formatError).join('; ');
}

function validateHeaders(contract: Contract, response: Pointer, headers: Headers): void {
  const declared = objectAt(contract.document, [...response, 'headers']);
  for (const name of Object.keys(declared)) {
    const header = resolve(contract.document, [...response, 'headers', name]);
    const value = headers.get(name);
    if (value === null) {
      if (objectAt(contract.document, header)['required'] !== true) continue;
      throw new Error(`header ${name} is missing`);
    }
    const complaint = checkSchema(contract, [...header, 'schema'], value);
    if (complaint !== undefined) throw new Error(`header ${name}: ${complaint}`);
  }
}

function parseBody(mediaType: string, body: string): unknown {
  if (!/^application\/(?:[\w.-]+\+)?json$/.test(mediaType)) return body;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new Error('the body is not JSON');
  }
}

function validateBody(contract: Contract, response: Pointer, recorded: RecordedResponse): void {
  const content = objectAt(contract.document, [...response, 'content']);
  if (Object.keys(content).length === 0) {
    if (recorded.body !== '') throw new Error('a body where none is declared');
    return;
  }
  const mediaType = (recorded.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
  if (!Object.hasOwn(content, mediaType))
    throw new Error(`media type ${mediaType || '(none)'} is not declared`);
  const pointer = [...response, 'content', mediaType, 'schema'];
  const complaint = checkSchema(contract, pointer, parseBody(mediaType, recorded.body));
  if (complaint !== undefined) throw new Error(`the body: ${complaint}`);
}

function responsePointer({ document }: Contract, { path, method, status }: RecordedResponse) {
  const operation = ['paths', path, method.toLowerCase()];
  if (Object.keys(objectAt(document, operation)).length === 0)
    throw new Error('the route is not declared');
  const response = [...operation, 'responses', String(status)];
  if (Object.keys(objectAt(document, response)).length === 0)
    throw new Error('the status is not declared');
  return resolve(document, response);
}

/** Holds an answer against the contract. The body is never quoted: it may hold a token.
 * @throws {Error} that names the route, the status and what is wrong */
export function validateResponse(recorded: RecordedResponse, contract = loadContract()): void {
  try {
    const response = responsePointer(contract, recorded);
    validateHeaders(contract, response, recorded.headers);
    validateBody(contract, response, recorded);
  } catch (cause) {
    const { method, path, status } = recorded;
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `openapi.yaml: ${method.toUpperCase()} ${path} answered ${String(status)}: ${what}`,
      { cause },
    );
  }
}
