/**
 * How much a test does: `quick` in `npm test`, `thorough` in `npm run soak`, which sets DOWNHILL_THOROUGH. Both hold the same
 * contract; the thorough extent is for what only shows in many draws, long chains or large arrays.
 */
export function extent(quick: number, thorough: number): number {
  return process.env["DOWNHILL_THOROUGH"] === "1" ? thorough : quick;
}
