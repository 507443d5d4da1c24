import { expect, test } from "vitest";
import { rangeAround } from "./ranges.ts";

test.each([
  [0, 0, undefined, [-4, 4]],
  [2, 2, undefined, [-4, 4]],
  [3, 3, undefined, [-6, 6]],
  [3, 300, undefined, [-600, 600]],
  [7, 2, undefined, [-4, 8]], // a value typed outside the range extends it
  [-51, 2, undefined, [-60, 4]],
  [1, 2, [0, 2], [0, 2]],
  [3, 2, [0, 2], [0, 3]],
  [Number.NaN, 1, undefined, [-4, 4]],
] as const)(
  "a number %d that starts at %d with the range %j is looked at in %j",
  (value, start, chosen, expected) => {
    expect(rangeAround(value, start, chosen)).toEqual(expected);
  },
);
