// @peculiar/x509 resolves its parts with tsyringe, which wants the metadata half of Reflect to exist. None of the classes it
// makes takes an injected argument, so "nothing is known" is the right answer to every question. Import this first.
if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, { getMetadata: () => undefined, getOwnMetadata: () => undefined });
}
