import { expect, test } from "vitest";
import { interpBackend } from "../../backends/interp/index.ts";
import * as k from "../../kernel/build.ts";
import { checkRoutine } from "../../kernel/check.ts";
import type { TypedArray } from "../../kernel/executable.ts";
import { makeArray } from "../../kernel/executable.ts";
import { expandContract } from "../../kernel/expand.ts";
import type { Contract, Dim, Routine, ScalarType, Stmt } from "../../kernel/scalar.ts";
import { tileContract } from "./run-time.ts";

type Role = Dim["role"];
const dim = (role: Role, size: number, out: number, left: number, right: number): Dim => ({ role, size, out, left, right }); // prettier-ignore

/** Dims of out[m, n] = Σ left[m, k] · right[k, n]. */
const product = (m: number, n: number, sums: number): readonly Dim[] => [
  dim("row", m, n, sums, 0),
  dim("column", n, 1, 0, 1),
  dim("sum", sums, 0, 1, n),
];

const shapes: Readonly<Record<string, readonly Dim[]>> = {
  "a row by a matrix": product(1, 5, 300).slice(1),
  "fewer rows than a tile": product(3, 5, 7),
  "whole tiles of rows": product(8, 3, 256),
  "tiles and more rows": product(6, 3, 257),
  "no sums": product(5, 6, 0),
  "outer product": product(5, 6, 1).slice(0, 2),
  "rows contiguous instead of columns": [dim("row", 7, 1, 1, 0), dim("column", 5, 7, 0, 9), dim("sum", 9, 0, 7, 1)],
  "two batches and two sums": [
    dim("batch", 2, 60, 48, 0), dim("batch", 3, 20, 16, 16), dim("row", 5, 4, 1, 0), dim("column", 4, 1, 0, 1),
    dim("sum", 3, 0, 5, 16), dim("sum", 200, 0, 1, 4),
  ],
}; // prettier-ignore

function extent(dims: readonly Dim[], operand: "out" | "left" | "right"): number {
  return dims.reduce((last, { size, ...strides }) => last + Math.max(0, Number(size) - 1) * Number(strides[operand]), 1); // prettier-ignore
}

/** Result of a contraction, which begins at the second element of each array, computed by the statements of `expand`. */
function run(
  { type, dims, accumulate }: Pick<Contract, "type" | "dims" | "accumulate">,
  expand: (stmt: Contract) => readonly Stmt[] | undefined,
): TypedArray {
  const operands = ["out", "left", "right"] as const;
  const arrays = operands.map((operand, i) => {
    const array = makeArray(type, 1 + extent(dims, operand));
    for (let at = 0; at < array.length; at++) array[at] = type === "i32" ? 7 * at + i : Math.sin(7 * at + i);
    return array;
  });
  const pointer = (buffer: string): Contract["out"] => ({ buffer, offset: k.i32(1) });
  const [out, left, right] = [pointer("out"), pointer("left"), pointer("right")];
  const body = expand({ kind: "contract", name: "c", type, out, left, right, dims, accumulate });
  if (body === undefined) throw new Error("no columns are contiguous");
  const [result, ...ins] = arrays.map(
    ({ length }, i) => ({ kind: "buffer", buffer: { name: operands[i]!, type, size: length } }) as const,
  );
  const routine: Routine = { name: "f", inputs: ins, outputs: [result!], temps: [], arenaBytes: 0, body };
  checkRoutine(routine);
  const [made, ...given] = arrays.map((array) => ({ array, offset: 0 }));
  interpBackend.compile(routine)(given, [made!]);
  return made!.array;
}

test.each(Object.entries(shapes))("tiles have the bits of the plain loops: %s", (_, dims) => {
  for (const type of ["f64", "f32", "i32"] as const satisfies readonly ScalarType[])
    for (const accumulate of [false, true]) {
      const statement = { type, dims, accumulate };
      expect(run(statement, tileContract)).toEqual(run(statement, expandContract));
    }
});

test("a contraction without contiguous columns or rows has no tiles", () => {
  const dims = [dim("row", 4, 20, 3, 0), dim("column", 5, 2, 0, 3), dim("sum", 3, 0, 1, 1)];
  expect(() => run({ type: "f64", dims, accumulate: false }, tileContract)).toThrow("no columns");
});
