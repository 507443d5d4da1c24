/**
 * Time in milliseconds: of the monotonic clock, or of the system clock where there is no other, as in a bare
 * context of `node:vm`.
 */
export function now(): number {
  return (globalThis.performance as Performance | undefined)?.now() ?? Date.now();
}
