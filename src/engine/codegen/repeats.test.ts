import { expect, test } from "vitest";
import * as k from "../kernel/build.ts";
import type { Expr, Port, Routine, SizeExpr, Stmt } from "../kernel/scalar.ts";
import { repeatsIn, withoutRepeats } from "./repeats.ts";
import { fewestRepeats } from "./tuning.ts";

const size = 16;
const fewest = Array.from({ length: fewestRepeats }, (_, j) => j);

function buffer(name: string, length: SizeExpr): Port & { readonly kind: "buffer" } {
  return { kind: "buffer", buffer: { name, type: "f64", size: length } };
}

/** Routine with a loop `outJ[i] = valueJ` for each value, which reads `aJ`, `bJ` and `i`. */
function loops(values: readonly ((j: number, i: Expr) => Expr)[], length: SizeExpr = size): Routine {
  const block = k.makeBlock();
  values.forEach((value, j) =>
    block.forEach(`i${j}`, k.i32(0), k.i32(size), (inner, i) => inner.store(`out${j}`, i, value(j, i))),
  );
  return {
    name: "loops",
    inputs: values.flatMap((_, j) => [buffer(`a${j}`, length), buffer(`b${j}`, length)]),
    outputs: values.map((_, j) => buffer(`out${j}`, length)),
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

const load = (name: string, i: Expr): Expr => k.load("f64", name, i);
const sum = (j: number, i: Expr): Expr => k.add(load(`a${j}`, i), load(`b${j}`, i));

test("loops that are equal except for names are found, with their buffers in the same order", () => {
  const routine = loops([(_, i) => load("a0", i), ...fewest.map(() => sum)]);
  const repeats = repeatsIn(routine);
  const names = [...repeats.values()].map(({ buffers }) => buffers.map(({ name }) => name));
  expect(names).toEqual(fewest.map((j) => [`out${j + 1}`, `a${j + 1}`, `b${j + 1}`]));
  for (const { first } of repeats.values()) expect(first).toBe(routine.body[1]);
  expect(withoutRepeats(routine, repeats).body).toEqual(routine.body.slice(0, 2));
});

test("a few equal loops are not worth a function", () => {
  expect(repeatsIn(loops(fewest.slice(1).map(() => sum))).size).toBe(0);
});

const others: Readonly<Record<string, (j: number, i: Expr) => Expr>> = {
  "that read one buffer twice": (j, i) => k.add(load(`a${j}`, i), load(`a${j}`, i)),
  "that read their own output": (j, i) => k.add(load(`a${j}`, i), load(`out${j}`, i)),
  "with another operation": (j, i) => k.mul(load(`a${j}`, i), load(`b${j}`, i)),
};
test.each(Object.keys(others))("loops %s are no repetitions of sums", (kind) => {
  const values = [...fewest.slice(1).map(() => sum), others[kind]!];
  expect(repeatsIn(loops(values)).size).toBe(0);
  const repeats = repeatsIn(loops([...values, sum]));
  expect(repeats.size).toBe(fewestRepeats);
});

test("zeros of different signs are different constants", () => {
  const plus = (zero: number) => (j: number, i: Expr) => k.add(load(`a${j}`, i), k.f64(zero));
  const values = [...fewest.slice(1).map(() => plus(0)), plus(-0)];
  expect(repeatsIn(loops(values)).size).toBe(0);
  expect(repeatsIn(loops([...values, plus(0)])).size).toBe(fewestRepeats);
});

test("loops that read a local from outside, or buffers of unknown sizes, have code of their own", () => {
  const reads = (j: number, i: Expr): Expr => k.mul(load(`a${j}`, i), k.local("f64", "x"));
  expect(repeatsIn(loops(fewest.map(() => reads))).size).toBe(0);
  expect(repeatsIn(loops(fewest.map(() => sum), k.local("i32", "n"))).size).toBe(0); // prettier-ignore
});

test("products are equal if their dims are", () => {
  const product = (j: number, stride: number): Stmt => ({
    kind: "contract",
    name: `p${j}`,
    type: "f64",
    out: { buffer: `out${j}`, offset: k.i32(0) },
    left: { buffer: `a${j}`, offset: k.i32(0) },
    right: { buffer: `b${j}`, offset: k.i32(0) },
    dims: [
      { role: "row", size: 4, out: 4, left: 4, right: 0 },
      { role: "sum", size: 4, out: 0, left: 1, right: stride },
    ],
    accumulate: false,
  });
  const base = loops([...fewest, fewestRepeats].map(() => sum));
  const body = [...fewest.map((j) => product(j, 1)), product(fewestRepeats, 2)];
  const repeats = repeatsIn({ ...base, body });
  expect([...repeats.keys()]).toEqual(body.slice(0, -1));
});
