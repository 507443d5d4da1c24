/**
 * Ratio of the processor time for work of the second size to that of the first, each the minimum of three runs. Unlike
 * elapsed time, processor time does not include other processes. Their effects on caches and clock rates remain, so
 * that bounds must be wide. `k` counts the calls of a size.
 */
export function growthOfProcessorTime(
  [small, large]: readonly [number, number],
  work: (size: number, k: number) => unknown,
): number {
  const least = (size: number): number =>
    Math.min(
      ...[1, 2, 3].map((k) => {
        const start = process.cpuUsage();
        work(size, k);
        const { user, system } = process.cpuUsage(start);
        return user + system;
      }),
    );
  work(small, 0); // warm
  return least(large) / Math.max(least(small), 1000); // microseconds
}
