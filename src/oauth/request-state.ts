// What travels with one request between our middleware around the library.
interface StatefulContext {
  readonly state: Record<string, unknown>;
}

interface Correlation {
  readonly correlationId: string;
  readonly sourceAddress?: string;
}

/** The correlation id and source address that the HTTP layer set. */
export function correlationOf(ctx: StatefulContext): Correlation {
  const { correlationId, sourceAddress } = ctx.state;
  if (typeof correlationId !== 'string')
    throw new Error('no correlation id: the HTTP layer is missing');
  return { correlationId, ...(typeof sourceAddress === 'string' && { sourceAddress }) };
}

/** From here on core writes the audit of this request, refusals included. */
export function markAudited(ctx: StatefulContext): void {
  ctx.state['audited'] = true;
}

/** Whether core wrote the audit of this request. */
export function isAudited(ctx: StatefulContext): boolean {
  return ctx.state['audited'] === true;
}
