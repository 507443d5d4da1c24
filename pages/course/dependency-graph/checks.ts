// Checks of the chapter's puzzles.
import {
  check,
  differenceTolerance,
  expectNear,
  expectThat,
  type PuzzleChecks,
  slopeByDifference,
} from "../lab/judge.ts";

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly local: number;
}

interface Derivative {
  derivative(edges: readonly Edge[], from: string, to: string): unknown;
}

interface Link {
  value(x: number): number;
  slope(x: number): number;
}

const sine: Link = { value: Math.sin, slope: Math.cos };
const square: Link = { value: (x) => x * x, slope: (x) => 2 * x };
const exponential: Link = { value: Math.exp, slope: Math.exp };

const chainCheck = (name: string, links: readonly Link[], x: number) =>
  check<{ chain(links: readonly Link[], x: number): unknown }>(`${name} at ${x}`, (mine) => {
    const value = (start: number): number => links.reduce((y, link) => link.value(y), start);
    expectNear(mine.chain(links, x), slopeByDifference(value, x), "The derivative", differenceTolerance);
  });

/** The program of the chapter, u = x·y, v = u + x, z = u·v, at x = 2 and y = 3. */
const chapter: readonly Edge[] = [
  { from: "x", to: "u", local: 3 },
  { from: "y", to: "u", local: 2 },
  { from: "u", to: "v", local: 1 },
  { from: "x", to: "v", local: 1 },
  { from: "u", to: "z", local: 8 },
  { from: "v", to: "z", local: 6 },
];

const graphChecks = [
  check<Derivative>("dz/dx in the graph of the chapter", (mine) =>
    expectNear(mine.derivative(chapter, "x", "z"), 48, "The derivative"),
  ),
  check<Derivative>("dz/dy, which has fewer paths", (mine) =>
    expectNear(mine.derivative(chapter, "y", "z"), 28, "The derivative"),
  ),
  check<Derivative>("0 where no path leads", (mine) =>
    expectNear(mine.derivative(chapter, "v", "u"), 0, "The derivative of u in v"),
  ),
];

/** A chain of values in which each value is read twice, with edges that count how often they are read. */
function ladder(length: number, mostReads: number): Edge[] {
  let reads = 0;
  return Array.from({ length: 2 * length }, (_, i) => {
    const at = Math.floor(i / 2);
    return {
      from: `v${at}`,
      to: `v${at + 1}`,
      get local(): number {
        reads += 1;
        expectThat(
          reads <= mostReads,
          `The edges were read more than ${mostReads} times: that is a visit to every path.`,
        );
        return 0.5;
      },
    };
  });
}

/** Checks by puzzle. */
export const checks: Readonly<Record<string, PuzzleChecks>> = {
  "school-chain-rule": {
    checks: [0.5, 1.3, -2].map((x) =>
      check<{ slope(x: number): unknown }>(`slope(${x}) equals the difference quotient`, (mine) =>
        expectNear(
          mine.slope(x),
          slopeByDifference((y) => Math.sin(y * y), x),
          `slope(${x})`,
          differenceTolerance,
        ),
      ),
    ),
    mistakes: [
      "function slope(x) { return Math.cos(2 * x); }",
      "function slope(x) { return Math.cos(x) * 2 * x; }",
    ],
  },
  "long-chain": {
    checks: [
      chainCheck("the sine of a square", [square, sine], 0.7),
      chainCheck("the square of a sine", [sine, square], 0.7),
      chainCheck("four links", [sine, exponential, square, sine], 0.4),
    ],
    mistakes: [
      "function chain(links, x) { let p = 1; for (const link of links) { x = link.value(x); p *= link.slope(x); } return p; }",
    ],
  },
  "sum-over-paths": {
    checks: graphChecks,
    mistakes: [
      "function derivative(edges, from, to) { if (from === to) return 1; for (const e of edges) if (e.from === from) return e.local * derivative(edges, e.to, to); return 0; }",
    ],
  },
  "without-paths": {
    checks: [
      ...graphChecks,
      check<Derivative>("40 values that are each read twice", (mine) =>
        expectNear(mine.derivative(ladder(40, 400), "v0", "v40"), 1, "The derivative"),
      ),
    ],
    mistakes: [
      "function derivative(edges, from, to) { if (from === to) return 1; let sum = 0; for (const e of edges) if (e.from === from) sum += e.local * derivative(edges, e.to, to); return sum; }",
    ],
  },
};
