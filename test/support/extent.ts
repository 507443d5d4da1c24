import { test } from "vitest";

/**
 * How much a test does: `quick` in `npm test`, `thorough` in `npm run soak`, which sets DOWNHILL_THOROUGH. Both hold the same
 * contract; the thorough extent is for what only shows in many draws, long chains or large arrays. `integration`, where given, is for
 * runs that set CI: what takes too long for each change, and not for each day.
 */
export function extent(quick: number, thorough: number, integration: number = quick): number {
  if (process.env["DOWNHILL_THOROUGH"] === "1") return thorough;
  return process.env["CI"] === "true" ? integration : quick;
}

/**
 * A test that takes seconds whatever it draws, because it starts processes or pages and waits for them: where CI is set and in the
 * thorough extent. Of each such group some are plain tests, so that `npm test` tries every kind.
 */
export const testInCi: typeof test = extent(0, 1, 1) === 1 ? test : (test.skip as typeof test);
