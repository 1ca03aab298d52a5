// What the Redis store is told: where the servers are, how they are reached, and what is asked of them.

interface RedisNode {
  readonly host: string;
  readonly port: number;
}

interface RedisTls {
  /** Absent: the certificate authorities of the system. */
  readonly caPem?: string;
  readonly certificatePem?: string;
  readonly keyPem?: string;
  /** The name in the servers' certificates, where it is not the one they are reached by. */
  readonly serverName?: string;
}

export interface RedisCredentials {
  readonly username?: string;
  readonly password: string;
}

export interface RedisSettings {
  readonly driver: 'node-redis' | 'ioredis';
  /** Sentinel: the name of the group of servers. */
  readonly topology:
    | { readonly mode: 'single' | 'cluster' }
    | {
        readonly mode: 'sentinel';
        readonly masterName: string;
        readonly credentials?: RedisCredentials;
      };
  /** Servers, or Sentinels. By host name where there is one: an address may belong to another machine tomorrow. */
  readonly nodes: readonly RedisNode[];
  readonly database: number;
  readonly tls?: RedisTls;
  readonly credentials?: RedisCredentials;
  /** Stands in every key: several installations can share servers. */
  readonly tenant: string;
  /** Replicas that must have a write of class A to C before it counts. Zero: no replication is asked for. */
  readonly minReplicas: number;
  /** How long replicas may take for that. */
  readonly waitMilliseconds: number;
  /** Connections for writes that wait for replicas: such a write blocks its connection. */
  readonly waitConnections: number;
  readonly deadlineMilliseconds: number;
  /** How long own writes are kept, to be written again after a change of master. */
  readonly ringSeconds: number;
  readonly isAppendOnlyRequired: boolean;
  readonly maxSkewSeconds: number;
}
