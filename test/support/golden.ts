// Reads, runs and compares cases of reference values made with PyTorch (test/testdata/golden).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { configure, grad, jit, jvp, tensor, vjp } from "downhill";
import { extent } from "./extent.ts";
import { root } from "./snippets.ts";

interface Given {
  readonly name: string;
  readonly diff: boolean;
  readonly shape: readonly number[];
  readonly dtype: "float64" | "int64" | "bool";
  readonly data: readonly (number | string)[];
}

type Flat = readonly (number | string)[];
export type Args = Readonly<Record<string, unknown>>;

export interface Case {
  readonly id: string;
  readonly op: string;
  readonly args: Args;
  readonly inputs: readonly Given[];
  readonly outputs: readonly {
    readonly shape: readonly number[];
    readonly dtype: string;
    readonly data: Flat;
  }[];
  readonly cotangents: readonly (Flat | null)[];
  readonly grads: Readonly<Record<string, Flat | null>>;
  readonly tangents: Readonly<Record<string, Flat>>;
  readonly jvp: readonly (Flat | null)[];
  readonly hvp: Readonly<Record<string, Flat>> | null;
}

/** An operation on its inputs in order. `named` finds an input by name, `args` are PyTorch's keywords. */
export type Op = (
  xs: readonly Tensor[],
  args: Args,
  named: (name: string) => Tensor | undefined,
) => Tensor | readonly Tensor[];

const dtypes = { float64: "float64", int64: "int32", bool: "bool" } as const;
const make = ({ shape, dtype, data }: Given): Tensor =>
  tensor(data.map(Number), { shape, dtype: dtypes[dtype] });

/** Compares all elements, relative to the largest. */
function expectClose(actual: Tensor, expected: Flat, what: string, tolerance: number): void {
  const numbers = expected.map(Number);
  const given = Array.from(actual.data());
  expect(given.length, what).toBe(numbers.length);
  const scale = Math.max(1e-300, ...numbers.filter(Number.isFinite).map(Math.abs));
  for (const [i, value] of numbers.entries()) {
    const ok = Object.is(given[i]! + 0, value + 0) || Math.abs(given[i]! - value) <= tolerance * scale;
    if (!ok) expect(given, `${what}, element ${i}`).toEqual(numbers);
  }
}

/** Way to compute the functions of a case: eager or compiled. */
type Way = (f: (...xs: Tensor[]) => readonly Tensor[]) => (...xs: Tensor[]) => readonly Tensor[];

function check(
  ops: Readonly<Record<string, Op>>,
  way: Way,
  tolerance: number,
  { id, op, args, inputs, outputs, cotangents, grads, tangents, jvp: tangentsOut, hvp }: Case,
): void {
  const all = inputs.map(make);
  const active = inputs.map((input) => input.diff);
  const primals = all.filter((_, i) => active[i]);
  const names = inputs.filter((input) => input.diff).map((input) => input.name);
  const among = (xs: readonly Tensor[]): Tensor[] => {
    let next = 0;
    return all.map((x, i) => (active[i] === true ? xs[next++]! : x));
  };
  const run = (xs: readonly Tensor[]): readonly Tensor[] => {
    const given = among(xs);
    const named = (name: string): Tensor | undefined =>
      given[inputs.findIndex((input) => input.name === name)];
    const out = ops[op.replace("torch.", "")]!(given, args, named);
    return Array.isArray(out) ? (out as Tensor[]) : [out as Tensor];
  };
  way((...xs) => run(xs))(...primals).forEach((out, k) => {
    expect(out.shape, `${id}: shape`).toEqual(outputs[k]!.shape);
    expectClose(out, outputs[k]!.data, `${id}: value`, tolerance);
  });
  const differentiable = outputs.map((_, k) => cotangents[k] !== null && tangentsOut[k] !== null);
  if (primals.length === 0 || !differentiable.includes(true)) return;
  const floats = (...xs: Tensor[]): Tensor[] => run(xs).filter((_, k) => differentiable[k]);
  const like = (flat: Flat, x: { readonly shape: readonly number[] }): Tensor =>
    tensor(flat.map(Number), { shape: x.shape });
  const cts = cotangents.flatMap((ct, k) => (differentiable[k] ? [like(ct!, outputs[k]!)] : []));
  const dxs = names.map((name, i) => like(tangents[name]!, primals[i]!));
  const pulled = way((...xs) => vjp(floats, ...xs)[1](cts))(...primals);
  names.forEach(
    (name, i) => grads[name] && expectClose(pulled[i]!, grads[name], `${id}: gradient of ${name}`, tolerance),
  );
  const pushed = way((...xs) => jvp(floats, xs, dxs)[1])(...primals);
  tangentsOut
    .filter((_, k) => differentiable[k])
    .forEach((t, k) => expectClose(pushed[k]!, t!, `${id}: jvp`, tolerance));
  if (hvp === null) return;
  const total = (xs: Tensor[]): Tensor =>
    floats(...xs)
      .map((out, k) => out.mul(cts[k]!).sum())
      .reduce((a, b) => a.add(b));
  const curved = way((...point) => jvp((xs: Tensor[]) => grad(total)(xs), [point], [dxs])[1])(...primals);
  names.forEach(
    (name, i) => hvp[name] && expectClose(curved[i]!, hvp[name], `${id}: hvp of ${name}`, tolerance),
  );
}

/**
 * Runs every case of a file: operation by operation, and as a whole in WebAssembly. Results may differ by 1e-9 of the
 * largest number, or by the entry of `tolerances` for an operation whose reference is less accurate.
 */
export function checkFile(
  file: string,
  ops: Readonly<Record<string, Op>>,
  tolerances: Readonly<Record<string, number>> = {},
): void {
  const { cases } = JSON.parse(readFileSync(join(root, "test/testdata/golden", `${file}.json`), "utf8")) as {
    cases: Case[];
  };
  const names = [...new Set(cases.map(({ op }) => op))];
  /**
   * In the quick extent, checks every second case of an operation, from the first or the second; a single case is
   * always checked.
   */
  const checkAll = (op: string, way: Way, from: 0 | 1): void => {
    const all = cases.filter((given) => given.op === op);
    const some = all.filter((_, i) => all.length === 1 || i % 2 === from);
    for (const given of extent(0, 1) === 1 ? all : some)
      check(ops, way, tolerances[op.replace("torch.", "")] ?? 1e-9, given);
    expect.hasAssertions();
  };
  describe(`golden cases: ${file}`, () => {
    test.each(names)("%s", (op) => checkAll(op, (f) => f, 1));
  });
  describe(`golden cases in WebAssembly: ${file}`, () => {
    beforeAll(() => configure({ backend: "wasm", reproducible: true }));
    afterAll(() => configure({}));
    test.each(names)("%s", (op) => {
      checkAll(
        op,
        (f) => {
          const compiled = jit((...xs: Tensor[]) => f(...xs));
          return (...xs) => {
            const outs = compiled(...xs);
            expect(compiled.stats().backends, "all of it runs in WebAssembly").toEqual(["wasm"]);
            return outs;
          };
        },
        0,
      );
    });
  });
}
