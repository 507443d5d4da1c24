// Puzzles: the learner writes code, and checks run it. A puzzle is data; its checks run in a worker (`judge.ts`).

/** Name of a puzzle, for lists: the puzzle itself is loaded when its chapter shows it. */
export interface PuzzleLink {
  /** Unique in its chapter. */
  readonly id: string;
  readonly title: string;
}

/** A puzzle as the page shows it. In texts, code is between backquotes and formulas are between dollar signs. */
export interface Puzzle {
  readonly id: string;
  /** Task, in paragraphs that are separated by an empty line. */
  readonly task: string;
  /** Initial code. It does not pass the checks. */
  readonly start: string;
  /** Names that the code defines. */
  readonly names: readonly string[];
  /** Three hints: the idea, the first step, and nearly the solution. */
  readonly hints: readonly [idea: string, step: string, nearly: string];
  /** A solution. It passes the checks. */
  readonly solution: string;
}

/** Result of one check. */
export interface CheckResult {
  /** Claim about the code: "the rule equals the difference quotient at 0.5". */
  readonly claim: string;
  readonly isMet: boolean;
  /** The difference found, in words. Empty for a claim that is met. */
  readonly found: string;
}

/** Judgement of a program. */
export interface PuzzleVerdict {
  /** Error of the program itself, before any check. Empty if it ran. */
  readonly problem: string;
  readonly checks: readonly CheckResult[];
  /** Advice on code that does not pass. Empty if there is none. */
  readonly note: string;
  readonly isSolved: boolean;
}
