/**
 * Processor time that work of the second size takes, over that of the first: the least of three times each. Other processes on a
 * busy machine do not add to processor time, as they do to time; what remains of them in caches and clocks asks for wide bounds.
 * `k` counts the calls of a size.
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
