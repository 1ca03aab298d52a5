// What the fronts of WS-Trust have in common, be it over SOAP or as REST: one function from an HTTP request to an HTTP response.

import type { HttpHeaders } from '#bridge/soap/content-type.ts';
import type { FailureReason } from '#core/failure.ts';
import type { TransportCredentials } from './authentication/transport-credential.ts';

export interface WsTrustRequest {
  readonly method: string;
  readonly path: string;
  /** With or without the question mark. */
  readonly query: string;
  /** By lower-case name. */
  readonly headers: HttpHeaders;
  readonly body: Uint8Array;
  readonly correlationId: string;
  readonly sourceAddress?: string;
  /** Our public address without a slash at its end, from the issuer. Paths are below it. */
  readonly publicBase: string;
  /** DER; the certificate whose key the client proved to us, or to a proxy we trust, and what came with it. */
  readonly clientCertificates?: readonly Uint8Array[];
  /** Whether it came over TLS, to us or to a proxy we trust. */
  readonly isSecure: boolean;
}

export interface WsTrustResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Why it was refused, for metrics and the access log. */
  readonly reason?: FailureReason | 'server-error';
}

export interface WsTrustFront {
  /** The pattern that a path fits, under which its requests are counted; undefined where nothing is served. `/*` at its end stands for one
   * more segment. */
  routeOf(path: string): string | undefined;
  /** The patterns of the paths where SOAP messages are taken. */
  readonly addresses: readonly string[];
  /** The media types of messages at one of the paths. */
  contentTypes(path: string): readonly string[];
  /** Answers; it never throws. */
  handle(request: WsTrustRequest): Promise<WsTrustResponse>;
  /** The fault for a request that was refused before its message was read, in the version that its media type names. */
  refuse(
    request: Pick<WsTrustRequest, 'path' | 'headers' | 'correlationId'>,
    cause: unknown,
  ): WsTrustResponse;
}

/** What the transport says of who asks. */
export function transportOf(request: WsTrustRequest): TransportCredentials {
  const { clientCertificates: certificates = [] } = request;
  return { certificates, authorization: headerOf(request, 'authorization') };
}

/** The first value of a header. */
export const headerOf = ({ headers }: Pick<WsTrustRequest, 'headers'>, name: string) =>
  [headers[name]].flat()[0];

/** The headers of every answer of the front. */
export function headersOf({
  correlationId,
}: Pick<WsTrustRequest, 'correlationId'>): Readonly<Record<string, string>> {
  return { 'cache-control': 'no-store', 'x-correlation-id': correlationId };
}
