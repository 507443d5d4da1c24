import { maximum, sub } from "../../array/elementwise.ts";
import { max } from "../../array/reduce.ts";
import { ravel } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { bound } from "../../../engine/transforms/plain.ts";
import type { ViolationFunction } from "./constraint.ts";
import { nameOf, requireRow } from "./row-functions.ts";

/** Largest violation of a constraint at parameters, as a function over tensors. */
export const violationFunction: ViolationFunction = (operation, constraints, args) => {
  const all = constraints.map((constraint) => bound(constraint.f as never, args));
  const ends = all.map((_, k) =>
    all.slice(0, k + 1).reduce((total, { operands }) => total + operands.length, 0),
  );
  return {
    operands: all.flatMap(({ operands }) => operands),
    violation: (params, given) =>
      constraints
        .map(({ low, high }, k) => {
          const own = given.slice(k === 0 ? 0 : ends[k - 1]!, ends[k]);
          const row = requireRow(operation, nameOf(constraints, k), all[k]!.call(params, own));
          return max(maximum(ravel(maximum(sub(low, row), sub(row, high))), 0));
        })
        .reduce((most: Tensor, part) => maximum(most, part)),
  };
};
