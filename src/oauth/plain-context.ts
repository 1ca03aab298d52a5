// Lets V8 collect the requests of the library early. The library defines an accessor on the context of each request, and V8 allocates
// accessors as old objects: each kept its whole request, 18 KB, alive until the next full collection. That was half of the time
// spent on collection, and most of the growth of the heap under load.
import type { Context } from 'koa';

const membersOf = (ctx: object) => ctx as Record<PropertyKey, unknown>;

/** Turns an accessor into the value it gives now, which is the one it would always give. Reading and writing have traps only for
 * speed: without them V8 looks each member up without its caches, and the library reads some hundred a request. */
const HANDLER: ProxyHandler<Context> = {
  get(ctx, name) {
    // Two of three reads; a constant name is read in place.
    return name === 'oidc' ? (ctx['oidc'] as unknown) : membersOf(ctx)[name];
  },
  set(ctx, name, value: unknown) {
    membersOf(ctx)[name] = value;
    return true;
  },
  defineProperty(ctx, name, descriptor) {
    if (!descriptor.get || descriptor.set) return Reflect.defineProperty(ctx, name, descriptor);
    const value: unknown = descriptor.get.call(ctx);
    return Reflect.defineProperty(ctx, name, { value, writable: true, configurable: true });
  },
};

/** The same context, on which accessors become plain members. */
export function plainContext(ctx: Context): Context {
  return new Proxy(ctx, HANDLER);
}
