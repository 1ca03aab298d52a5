// A refusal below the protocols: the message could not even be read. Fronts let it pass; public-app.ts answers it.

/** Refuses with a bare HTTP status. The message is for our log. */
export class HttpRefusal extends Error {
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, detail: string, options?: { readonly cause?: unknown }) {
    super(detail, options);
    this.name = 'HttpRefusal';
    this.status = status;
  }
}
