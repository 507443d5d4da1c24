// Loops of the article, which differ in the values that their gradients save.
import type { ProgramExample } from "../../live/program-field.tsx";
import { growth, squareRoot } from "../programs.ts";

export const examples: readonly ProgramExample[] = [
  {
    name: "growth",
    text: growth(6),
    values: { x: "0.2", r: "0.8" },
  },
  {
    name: "a sum",
    text: `function total(x: number, r: number) {
  "use ad";
  let sum = 0;
  for (let i = 0; i < 6; i++) {
    sum = sum + r * x;
  }
  return sum;
}`,
    values: { x: "0.2", r: "0.8" },
  },
  {
    name: "a branch inside",
    text: `function fold(x: number, r: number) {
  "use ad";
  let p = x;
  for (let i = 0; i < 6; i++) {
    if (p > 1) {
      p = 2 - p;
    } else {
      p = r * p;
    }
  }
  return p;
}`,
    values: { x: "0.5", r: "1.7" },
  },
  {
    name: "an open end",
    text: squareRoot,
    values: { a: "2" },
  },
  {
    name: "two loops",
    text: `function mix(x: number, r: number) {
  "use ad";
  let p = x;
  for (let i = 0; i < 3; i++) {
    let s = 0;
    for (let k = 0; k < 2; k++) {
      s = s + r * Math.sin(p);
    }
    p = p + s;
  }
  return p;
}`,
    values: { x: "0.4", r: "0.3" },
  },
];
