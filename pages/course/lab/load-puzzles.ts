// Puzzles by chapter, loaded on demand together with the box that shows them.
import type { Puzzle } from "./puzzle.ts";

export { PuzzleBox } from "./puzzle-box.tsx";

interface PuzzlesModule {
  readonly puzzles: readonly Puzzle[];
}

const modules: Readonly<Record<string, () => Promise<PuzzlesModule>>> = {
  "derivative-of-code": () => import("../derivative-of-code/puzzles.ts"),
  "forward-mode": () => import("../forward-mode/puzzles.ts"),
  "dependency-graph": () => import("../dependency-graph/puzzles.ts"),
  "reverse-mode": () => import("../reverse-mode/puzzles.ts"),
  "gradient-descent": () => import("../gradient-descent/puzzles.ts"),
  batches: () => import("../batches/puzzles.ts"),
  landscapes: () => import("../landscapes/puzzles.ts"),
  "momentum-and-schedules": () => import("../momentum-and-schedules/puzzles.ts"),
  "adaptive-methods": () => import("../adaptive-methods/puzzles.ts"),
  "a-real-network": () => import("../a-real-network/puzzles.ts"),
  curvature: () => import("../curvature/puzzles.ts"),
  "derivatives-of-programs": () => import("../derivatives-of-programs/puzzles.ts"),
};

/** Loads the puzzles of a chapter. */
export async function loadPuzzles(chapter: string): Promise<readonly Puzzle[]> {
  return (await modules[chapter]!()).puzzles;
}
