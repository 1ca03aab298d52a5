// The sections put together. Broken sections and entries are left out, so that one mistake does not hide the others.
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { Config } from './config.ts';
import type { Entry, Loading } from './loading.ts';
import type { Complaint } from './problem.ts';
import { configSchema } from './schema.ts';
import { clientEntry, readClients } from './sections/clients.ts';
import { readFetch } from './sections/fetch.ts';
import { instant, instantOf } from './sections/fields.ts';
import { readKeptSecrets, validateContextAddresses } from './sections/keys/kept-secrets.ts';
import { decryptionKeyEntry, keyEntry, readKeys, validateUses } from './sections/keys/keys.ts';
import { readListeners } from './sections/listeners.ts';
import { readAudit } from './sections/operation.ts';
import { policyEntry, readPolicy } from './sections/policy/policy.ts';
import { readRefreshTokens } from './sections/refresh-tokens.ts';
import { validateOmittedAudiences } from './sections/relying-parties/audience-restriction.ts';
import {
  type RelyingPartyEntry,
  readRelyingParties,
  relyingPartyEntry,
} from './sections/relying-parties/relying-parties.ts';
import { readStore } from './sections/store.ts';
import {
  type SubjectPrefix,
  subjectPrefixes,
  validateOwnNames,
  validatePrefixes,
} from './sections/trusted-issuers/subject-prefixes.ts';
import {
  readTrustedIssuers,
  trustedIssuerEntry,
} from './sections/trusted-issuers/trusted-issuers.ts';
import { validateUserSpellings, warnOfUnknownUsers } from './sections/user-domains.ts';
import { readUsers } from './sections/users.ts';
import { validateMessageKeys } from './sections/ws-trust/endpoints.ts';
import { readWsTrust } from './sections/ws-trust/ws-trust.ts';

type Section = keyof typeof configSchema.shape;
type Document = Readonly<Record<string, unknown>>;

/** Reads the configuration and reports what does not fit together; undefined when a section that is needed is broken. */
export async function readConfig(
  value: unknown,
  loading: Loading,
): Promise<Omit<Config, 'file' | 'warnings'> | undefined> {
  const document = z.looseObject({}).safeParse(value).data ?? {};
  validateUniqueIds(document, loading);
  const parties = await readParties(document, loading);
  const surroundings = await readSurroundings(document, loading);
  const plain = readPlain(document);
  if (!plain || !surroundings) return undefined;
  const saml = { entityId: plain.saml.entityId ?? plain.issuer };
  const workers = plain.workers === 'auto' ? availableParallelism() : plain.workers;
  if (workers > 1 && surroundings.store.kind === 'memory') loading.error(['workers'], UNSHARED);
  return { ...plain, ...surroundings, ...parties, saml, workers };
}

async function readParties(document: Document, loading: Loading) {
  const clockSkewSeconds = sectionOf(document, 'clockSkewSeconds')?.value ?? 0;
  const keys = await readKeys(
    {
      signing: entriesOf(keyEntry, document, 'keys'),
      decryption: entriesOf(decryptionKeyEntry, document, 'keys'),
    },
    loading,
  );
  const issuers = entriesOf(trustedIssuerEntry, document, 'trustedIssuers');
  const trustedIssuers = await readTrustedIssuers(issuers, loading, {
    clockSkewSeconds,
    recipients: [`${loading.issuer}/token`, `${loading.issuer}/ws-trust`],
  });
  const prefixes = subjectPrefixes(issuers);
  validatePrefixes(prefixes, loading);
  const clients = await readClients(entriesOf(clientEntry, document, 'clients'), loading);
  validateOwnNames(clientNames(document), prefixes, (path, complaint) =>
    loading.error(path, complaint),
  );
  const users = await readUsers(userSections(document), prefixes, loading);
  const parties = entriesOf(relyingPartyEntry, document, 'relyingParties');
  const written = writtenKeys(document);
  validateUses(writtenUses(document), loading);
  const relyingParties = await readRelyingParties(parties, written, loading);
  const rows = entriesOf(policyEntry, document, 'policy');
  const hasUsers = document['users'] !== undefined;
  const surroundings = {
    clients,
    relyingParties,
    trustedIssuers,
    keys: written,
    hasUsers,
    hasRefreshTokens: document['refreshTokens'] !== undefined,
    keepsSecrets: document['keptSecrets'] !== undefined,
  };
  const policy = readPolicy(rows, surroundings, loading);
  if (users) validateNamedUsers(users, { rows, parties, prefixes, document }, loading);
  const wsTrust = readWsTrustFront(document, parties, loading);
  validateContextAddresses(wsTrust, surroundings.keepsSecrets, loading);
  const fronts = { ...(users && { users }), ...(wsTrust && { wsTrust }) };
  return { ...keys, trustedIssuers, clients, relyingParties, policy, ...fronts };
}

interface NamingSections {
  readonly rows: readonly Entry<z.output<typeof policyEntry>>[];
  readonly parties: readonly Entry<RelyingPartyEntry>[];
  readonly prefixes: readonly Entry<SubjectPrefix>[];
  readonly document: Document;
}

function validateNamedUsers(
  users: NonNullable<Config['users']>,
  { document, parties, prefixes, rows }: NamingSections,
  loading: Loading,
): void {
  validateUserSpellings(users, { rows, parties }, loading);
  const others = {
    prefixes: prefixes.map(({ value }) => value.prefix),
    clients: clientNames(document).map(({ value }) => value),
  };
  warnOfUnknownUsers(users, { rows, parties, ...others }, loading);
}

const userSections = (document: Document) => ({
  users: sectionOf(document, 'users'),
  userDomains: sectionOf(document, 'userDomains'),
  lockout: sectionOf(document, 'lockout'),
  passwordCacheSeconds: sectionOf(document, 'passwordCacheSeconds'),
});

function readWsTrustFront(
  document: Document,
  parties: readonly Entry<RelyingPartyEntry>[],
  loading: Loading,
): Config['wsTrust'] {
  const section = sectionOf(document, 'wsTrust');
  const clockSkewSeconds = sectionOf(document, 'clockSkewSeconds')?.value ?? 0;
  const wsTrust = readWsTrust(section, loading, clockSkewSeconds);
  // A broken section is a problem already; that it lacks a profile is not a second one.
  if (section) validateOmittedAudiences(parties, wsTrust, loading);
  validateMessageKeys(wsTrust?.endpoints ?? [], writtenUses(document), loading);
  return wsTrust;
}

async function readSurroundings(document: Document, loading: Loading) {
  const proxies = sectionOf(document, 'trustedProxies');
  const listeners = await readListeners(
    // Broken proxies are a problem already; that none are left is not a second one.
    {
      listeners: sectionOf(document, 'listeners'),
      trustedProxies: proxies?.value ?? ['unknown'],
      issuer: sectionOf(document, 'issuer')?.value,
    },
    loading,
  );
  const refreshTokens = await readRefreshTokens(sectionOf(document, 'refreshTokens'), loading);
  const keptSecrets = await readKeptSecrets(sectionOf(document, 'keptSecrets'), loading);
  const fetch = await readFetch(sectionOf(document, 'fetch'), loading);
  // The files that are kept last: they are held against those that were read.
  const audit = await readAudit(sectionOf(document, 'audit'), loading);
  const store = await readStore(sectionOf(document, 'store'), loading);
  const keys = { ...(refreshTokens && { refreshTokens }), ...(keptSecrets && { keptSecrets }) };
  return listeners && audit && fetch && { listeners, audit, store, fetch, ...keys };
}

const plainSections = configSchema
  .pick({
    issuer: true,
    saml: true,
    trustedProxies: true,
    delegation: true,
    log: true,
    workers: true,
    limits: true,
    drain: true,
    clockSkewSeconds: true,
    statusLists: true,
  })
  .strip();

const readPlain = (document: Document) => plainSections.safeParse(document).data;

function sectionOf<Name extends Section>(
  document: Document,
  section: Name,
): Entry<z.output<(typeof configSchema.shape)[Name]>> | undefined {
  const parsed = configSchema.shape[section].safeParse(document[section]);
  return parsed.success
    ? { value: parsed.data as z.output<(typeof configSchema.shape)[Name]>, path: [section] }
    : undefined;
}

function entriesOf<Schema extends z.ZodType>(
  schema: Schema,
  document: Document,
  section: Section,
): readonly Entry<z.output<Schema>>[] {
  const list = z.array(z.unknown()).safeParse(document[section]).data ?? [];
  return list.flatMap((each, index) => {
    const parsed = schema.safeParse(each);
    return parsed.success ? [{ value: parsed.data, path: [section, index] }] : [];
  });
}

const clientNames = (document: Document): readonly Entry<string>[] =>
  entriesOf(z.looseObject({ client_id: z.string() }), document, 'clients').map(
    ({ value, path }) => ({ value: value.client_id, path: [...path, 'client_id'] }),
  );

const writtenKey = z.looseObject({
  use: z.enum(['jwt', 'saml']),
  algorithm: z.string(),
  // One that cannot be read is a problem already.
  activeFrom: instant.optional().catch(undefined),
});

// A key that is broken elsewhere still counts as there for those who need its algorithm.
const writtenKeys = (document: Document) =>
  entriesOf(writtenKey, document, 'keys').map(({ value: { activeFrom, algorithm, use } }) => ({
    use,
    algorithm,
    ...(activeFrom !== undefined && { activeFrom: instantOf(activeFrom) }),
  }));

const writtenUses = (document: Document): readonly string[] =>
  entriesOf(z.looseObject({ use: z.string() }), document, 'keys').map(({ value }) => value.use);

/** The sections whose entries have an id, and its key. */
const ID_KEYS = [
  ['clients', 'client_id'],
  ['relyingParties', 'id'],
  ['trustedIssuers', 'id'],
  ['policy', 'id'],
] as const satisfies readonly (readonly [Section, string])[];

function validateUniqueIds(document: Document, loading: Loading): void {
  for (const [section, key] of ID_KEYS) {
    const seen = new Set<unknown>();
    const named = z.looseObject({ [key]: z.string() });
    for (const { value, path } of entriesOf(named, document, section)) {
      if (seen.has(value[key])) loading.error([...path, key], DUPLICATE);
      seen.add(value[key]);
    }
  }
}

const UNSHARED: Complaint = {
  code: 'CONFIG_CONFLICT',
  what: 'several workers cannot share the memory store',
  why: 'each would remember its own one-time marks only: a token could be used once in each',
  fix: 'use sqlite: { path: data/viaduct.db }, or workers: 1',
};

const DUPLICATE: Complaint = {
  code: 'CONFIG_DUPLICATE',
  what: 'another entry has this id',
  why: 'it would be open which of the two a reference means',
  fix: 'give it an id of its own',
};
