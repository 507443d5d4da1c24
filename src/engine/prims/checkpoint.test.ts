import { describe } from "vitest";
import type { Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import { traceProgram } from "../trace/staging.ts";
import type { CheckpointPolicy } from "./checkpoint.ts";
import * as checkpoints from "./checkpoint.ts";
import { add, dotGeneral, mul, take } from "./index.ts";
import { sin } from "./transcendental.ts";

type Body = (...xs: Tensor[]) => readonly Tensor[];
const within =
  (f: Body, policy: CheckpointPolicy): Body =>
  (...ins) => {
    const types = ins.map((x) => x.type);
    return checkpoints.checkpoint(ins, { program: traceProgram("f", types, f).program, policy });
  };
const matrices = { contract: [[1], [0]], batch: [[], []] } as const;
const square = (numbers: number[]): Tensor => f64(numbers, [2, 2]);
const layers: Body = (x, w) => {
  const hidden = sin(dotGeneral(sin(x), w, matrices));
  return [dotGeneral(hidden, w, matrices), hidden];
};

describe("checkpoint", () => {
  checkFamily(checkpoints, {
    checkpoint: (["nothing", "products"] as const).flatMap((policy) => [
      on(
        within((x, y) => [mul(sin(mul(x, y)), y), x], policy),
        [
          { ins: [f64([0.7], []), f64([0.3], [])] },
          { ins: [f64([0.7, 1.1]), f64([0.3, -0.2])] },
          { ins: [f32([0.7, 1.1]), f32([0.3, -0.2])] },
          { ins: [f64([]), f64([])] },
        ],
      ),
      on(within(layers, policy), [{ ins: [square([0.5, -1, 2, 0.1]), square([0.3, 0.7, -0.2, 1.1])] }]),
      // integers, and a result that depends on nothing else
      on(
        within((x, i) => [take(sin(x), i, 0), add(i, i)], policy),
        [{ ins: [f64([0.5, -1, 2]), i32([2], [])] }],
      ),
      // nested checkpoints
      on(
        within((x, y) => within((a) => [sin(mul(a, a))], policy)(mul(x, y)), policy),
        [{ ins: [f64([0.7], []), f64([0.3], [])] }],
      ),
    ]),
  });
});
