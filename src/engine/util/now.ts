/** Milliseconds of a clock: the steady one, or that of the day where there is no other, as in a bare context of `node:vm`. */
export function now(): number {
  return (globalThis.performance as Performance | undefined)?.now() ?? Date.now();
}
