// Runs programs of learners in a worker, so that an endless loop does not freeze the page.
import type { Work } from "../../live/job.ts";
import { work } from "../../live/job.ts";
import { type CodeOptions, runCode } from "./code.ts";
import { judgePuzzle, type PuzzleChecks, wordsOf } from "./judge.ts";
import type { PuzzleVerdict } from "./puzzle.ts";

/** A program to run, or to judge as the answer to a puzzle. */
export interface LabOrder {
  readonly text: string;
  /** Syntax tree, for programs with types or functions marked `"use ad"`: workers cannot load the parser. */
  readonly tree: NonNullable<CodeOptions["tree"]> | undefined;
  readonly puzzle?: { readonly chapter: string; readonly id: string; readonly names: readonly string[] };
}

/** Messages of the worker. `begun` is sent when everything is loaded and the program starts. */
export type LabMessage =
  | { readonly kind: "begun" }
  | { readonly kind: "printed"; readonly line: string }
  | { readonly kind: "failed"; readonly problem: string }
  | { readonly kind: "judged"; readonly verdict: PuzzleVerdict };

/** Messages between the page and its worker. */
export interface LabWork extends Work {
  readonly order: LabOrder;
  readonly told: LabMessage;
}

type Checks = Readonly<Record<string, PuzzleChecks>>;

/** Checks by chapter, loaded on demand. */
const checksOf: Readonly<Record<string, () => Promise<{ readonly checks: Checks }>>> = {
  "derivative-of-code": () => import("../derivative-of-code/checks.ts"),
  "forward-mode": () => import("../forward-mode/checks.ts"),
  "dependency-graph": () => import("../dependency-graph/checks.ts"),
  "reverse-mode": () => import("../reverse-mode/checks.ts"),
  "gradient-descent": () => import("../gradient-descent/checks.ts"),
  batches: () => import("../batches/checks.ts"),
  landscapes: () => import("../landscapes/checks.ts"),
  "momentum-and-schedules": () => import("../momentum-and-schedules/checks.ts"),
  "adaptive-methods": () => import("../adaptive-methods/checks.ts"),
  "a-real-network": () => import("../a-real-network/checks.ts"),
  curvature: () => import("../curvature/checks.ts"),
  "derivatives-of-programs": () => import("../derivatives-of-programs/checks.ts"),
};

work<LabWork>(async ({ text, tree, puzzle }, tell) => {
  const options: CodeOptions = {
    ...(tree === undefined ? {} : { tree }),
    print: (line) => tell({ kind: "printed", line }),
    begin: () => tell({ kind: "begun" }),
  };
  if (puzzle === undefined) {
    await runCode(text, options).catch((error: unknown) =>
      tell({ kind: "failed", problem: wordsOf(error, text) }),
    );
    return;
  }
  const { checks } = await checksOf[puzzle.chapter]!();
  tell({ kind: "judged", verdict: await judgePuzzle(puzzle, checks[puzzle.id]!, text, options) });
});
