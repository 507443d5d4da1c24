import { describe } from "vitest";
import type { Sample } from "downhill/testing";
import { bool, checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as indexOps from "./index-ops.ts";

const { batchAlong, iota, moveAxis, moveBlock, pad, part, reverse, slice } = indexOps;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(i + 1));
const vector: Sample[] = [
  { ins: [f64(numbers(5))] },
  { ins: [f32(numbers(5))] },
  { ins: [i32([5, 4, 3, 2, 1])] },
];
const matrix: Sample[] = [
  { ins: [f64(numbers(12), [3, 4])] },
  { ins: [f32(numbers(12), [3, 4])] },
  {
    ins: [
      bool(
        numbers(12).map((x) => (x > 0 ? 1 : 0)),
        [3, 4],
      ),
    ],
  },
];
const cube: Sample[] = [{ ins: [f64(numbers(24), [2, 3, 4])] }, { ins: [f32(numbers(24), [2, 3, 4])] }];
const empty: Sample[] = [{ ins: [f64([], [0, 4])] }];

describe("index operations", () => {
  checkFamily(
    indexOps,
    {
      iota: [
        on(() => iota("int32", [2, 3], 1), [{ ins: [] }]),
        on(() => iota("float32", [2, 3], 0), [{ ins: [] }]),
        on(() => iota("uint32", [0], 0), [{ ins: [] }]),
      ],
      slice: [
        on((x) => slice(x, { starts: [1], limits: [4], strides: [1] }), vector),
        on((x) => slice(x, { starts: [0], limits: [5], strides: [2] }), vector),
        on((x) => slice(x, { starts: [2], limits: [2], strides: [1] }), vector),
        on((x) => slice(x, { starts: [1, 0], limits: [3, 4], strides: [1, 3] }), matrix),
      ],
      pad: [
        on((x) => pad(x, { low: [1], high: [2], interior: [0] }), vector),
        on((x) => pad(x, { low: [0], high: [0], interior: [2] }), vector),
        on((x) => pad(x, { low: [1, 0], high: [0, 2], interior: [0, 1] }), matrix),
        on((x) => pad(x, { low: [1, 0], high: [1, 0], interior: [1, 0] }), empty),
      ],
      part: [on((x) => part(x, 1, 1, 3), [...matrix, ...cube])],
      batchAlong: [on((x) => batchAlong(x, 2), [...vector, { ins: [1.5] }, ...empty])],
      reverse: [
        on((x) => reverse(x, [0]), [...vector, ...matrix, ...empty]),
        on((x) => reverse(x, [0, 2]), cube),
        on((x) => reverse(x, []), vector),
      ],
      moveAxis: [
        on((x) => moveAxis(x, 2, 0), cube),
        on((x) => moveAxis(x, 0, 1), [...matrix, ...cube, ...empty]),
      ],
      moveBlock: [on((x) => moveBlock(x, 1, 2, 0), cube)],
    },
    { fewMoved: "a number of elements" },
  );
});
