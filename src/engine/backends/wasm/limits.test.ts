// Routines beyond a limit of WebAssembly functions have the interpreter's bits.
import { expect, test } from "vitest";
import * as k from "../../kernel/build.ts";
import type { KernelValue } from "../../kernel/executable.ts";
import type { Routine, Stmt } from "../../kernel/scalar.ts";
import { interpBackend } from "../interp/index.ts";
import { wasmBackend } from "./index.ts";

/** Largest number of locals per function in engines. */
const mostLocals = 50_000;

function resultsOf(routine: Routine, inputs: readonly KernelValue[]): readonly KernelValue[][] {
  return [interpBackend, wasmBackend].map((backend) => {
    const outputs = routine.outputs.map((): KernelValue => 0);
    backend.compile(routine)(inputs, outputs);
    return outputs;
  });
}

test("more arguments and results than the largest number of locals", () => {
  const n = mostLocals + 1;
  const names = Array.from({ length: n }, (_, i) => `x${i}`);
  const x = (i: number): ReturnType<typeof k.local> => k.local("f64", names[i]!);
  const body: Stmt[] = [{ kind: "let", name: "sum", value: k.add(x(0), x(n - 1)) }];
  const routine: Routine = {
    name: "many",
    inputs: names.map((name) => ({ kind: "scalar", name, type: "f64" })),
    outputs: names.map((_, i) => ({
      kind: "scalar",
      value: i % 2 === 0 ? k.mul(x(i), k.local("f64", "sum")) : x(n - 1 - i),
    })),
    temps: [],
    arenaBytes: 0,
    body,
  };
  const [expected, got] = resultsOf(
    routine,
    names.map((_, i) => Math.sin(i)),
  );
  expect(got).toEqual(expected);
});

test("a fold with more locals than a function may have", () => {
  const n = mostLocals / 2 + 100;
  const block = k.makeBlock();
  let value: ReturnType<typeof k.local> = k.load("f64", "a", k.local("i32", "i"));
  for (let i = 0; i < n; i++)
    value = block.let(`v${i}`, i % 2 === 0 ? k.mul(value, k.f64(0.999)) : k.add(value, k.local("f64", "c")));
  const fold: Stmt = {
    kind: "reduce",
    name: "sum",
    op: "add",
    start: k.f64(0),
    index: "i",
    from: k.i32(0),
    to: k.i32(11),
    body: block.statements,
    value,
  };
  const routine: Routine = {
    name: "fold",
    inputs: [
      { kind: "buffer", buffer: { name: "a", type: "f64", size: 11 } },
      { kind: "scalar", name: "c", type: "f64" },
    ],
    outputs: [{ kind: "scalar", value: k.local("f64", "sum") }],
    temps: [],
    arenaBytes: 0,
    body: [fold],
  };
  const array = Float64Array.from({ length: 11 }, (_, i) => Math.cos(i));
  const [expected, got] = resultsOf(routine, [{ array, offset: 0 }, 0.25]);
  expect(got).toEqual(expected);
});
