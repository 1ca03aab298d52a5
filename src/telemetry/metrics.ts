// The metrics of the product. No label holds a token id, a user name or anything else that a caller makes up.
import type { Counter, Gauge, Histogram, Registry } from './registry.ts';

/** Seconds: from a tenth of a millisecond, which is a signature with ES256, to the longest deadline. */
const SECONDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export interface Metrics {
  readonly requests: Counter<'endpoint' | 'grant' | 'outcome' | 'reason'>;
  readonly issueSeconds: Histogram;
  readonly signSeconds: Histogram<'key'>;
  readonly storeOperationSeconds: Histogram<'op' | 'outcome'>;
  readonly storeFenced: Gauge;
  readonly storeRoleChanges: Counter;
  readonly replayDetected: Counter<'class'>;
  readonly auditWriteSeconds: Histogram;
  readonly auditWriteFailures: Counter;
  readonly keyNotAfterSeconds: Gauge<'kid'>;
  readonly trustCertificateNotAfterSeconds: Gauge<'issuer'>;
  readonly revocationListNotAfterSeconds: Gauge<'issuer'>;
  readonly jwksRefreshFailures: Counter<'issuer'>;
  readonly configGeneration: Gauge;
  readonly rateLimitLocalFallback: Gauge;
}

/** Declares all metrics in a registry. */
export function createMetrics(registry: Registry): Metrics {
  const counter = <Name extends string>(name: string, help: string, ...labels: Name[]) =>
    registry.counter({ name, help, labels });
  const gauge = <Name extends string>(name: string, help: string, ...labels: Name[]) =>
    registry.gauge({ name, help, labels });
  const seconds = <Name extends string>(name: string, help: string, ...labels: Name[]) =>
    registry.histogram({ name, help, labels, buckets: SECONDS });
  return {
    requests: counter('sts_requests_total', 'Requests.', 'endpoint', 'grant', 'outcome', 'reason'),
    issueSeconds: seconds('sts_issue_seconds', 'Time of a whole exchange.'),
    signSeconds: seconds('sts_sign_seconds', 'Time of a signature.', 'key'),
    storeOperationSeconds: seconds('sts_store_op_seconds', 'Time in the store.', 'op', 'outcome'),
    storeFenced: gauge('sts_store_fenced', '1 while the store is fenced.'),
    storeRoleChanges: counter('sts_store_role_changes_total', 'Changes of the store master.'),
    replayDetected: counter('sts_replay_detected_total', 'One-time evidence seen again.', 'class'),
    auditWriteSeconds: seconds('sts_audit_write_seconds', 'Time of a durable audit write.'),
    auditWriteFailures: counter('sts_audit_write_failures_total', 'Audit writes not done in time.'),
    keyNotAfterSeconds: gauge('sts_key_not_after_seconds', 'End of our key, epoch s.', 'kid'),
    trustCertificateNotAfterSeconds: gauge(
      'sts_trust_cert_not_after_seconds',
      'End of a trusted certificate, epoch s.',
      'issuer',
    ),
    revocationListNotAfterSeconds: gauge(
      'sts_revocation_list_not_after_seconds',
      'End of a list of revocation, epoch s.',
      'issuer',
    ),
    jwksRefreshFailures: counter('sts_jwks_refresh_failures_total', 'Failed fetches.', 'issuer'),
    configGeneration: gauge('sts_config_generation', 'Generation of the configuration.'),
    rateLimitLocalFallback: gauge('sts_ratelimit_local_fallback', '1 while counted locally.'),
  };
}
