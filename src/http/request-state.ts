// What is known about a request besides the message itself: `ctx.state`, with names. Fronts fill in what only they know.

export interface RequestState {
  /** Ours, never the client's. */
  correlationId?: string;
  /** The address of the client, behind trusted proxies. */
  sourceAddress?: string;
  /** It came without TLS from another host, or a trusted proxy says that it was sent in the clear somewhere on its way. */
  wasPlain?: boolean;
  /** The route as configured; a path may hold what must not be logged. */
  route?: string;
  /** The grant or operation, from a closed list. */
  grant?: string;
  /** Why it was refused, from a closed list. */
  reason?: string;
}

/** The state of a request. */
export function requestState(ctx: { readonly state: object }): RequestState {
  return ctx.state;
}
