// Programs of the first figure.
import type { ProgramExample } from "../../live/program-field.tsx";
import { growth, squareRoot } from "../programs.ts";

/** Examples: a loop, a branch, a loop of unknown length, an array that is overwritten, and a helper function. */
export const examples: readonly ProgramExample[] = [
  {
    name: "a loop",
    text: growth(6),
    values: { x: "0.2", r: "0.8" },
  },
  {
    name: "a branch",
    text: `function bounce(x: number) {
  "use ad";
  if (x > 1) {
    return x * x;
  } else {
    return 2 * x - 1;
  }
}`,
    values: { x: "1.5" },
  },
  {
    name: "an open loop",
    text: squareRoot,
    values: { a: "2" },
  },
  {
    name: "an array",
    text: `function smooth(x: number) {
  "use ad";
  const a = [x, x * x, 1, 0.5];
  for (let i = 1; i < 4; i++) {
    a[i] = a[i - 1] * a[i];
  }
  return a[3];
}`,
    values: { x: "1.5" },
  },
  {
    name: "a helper",
    text: `function square(x: number) {
  return x * x;
}
function length(x: number, y: number) {
  "use ad";
  return Math.sqrt(square(x) + square(y));
}`,
    values: { x: "3", y: "4" },
  },
];
