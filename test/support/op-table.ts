import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BooleanLike, DType, Tensor } from "downhill";
import { tensor } from "downhill";
import type { CheckPrimitiveOptions, Operation, Sample } from "downhill/testing";
import { setChoices, withDefaults } from "../../src/engine/runtime/choices.ts";
import { engine } from "../../src/engine/runtime/engine.ts";
import { checkSamples } from "../../src/testing/check-primitive.ts";
import { extent } from "./extent.ts";
import { checkPatterns } from "./pattern-check.ts";
import { checkSeries } from "./series-check.ts";

/** An operation and the operands at which it is checked. */
export interface Line {
  readonly op: Operation;
  readonly samples: readonly Sample[];
  readonly options: CheckPrimitiveOptions;
}

/** The lines of a family: the checks of `checkPrimitive` for each export, by name. */
export type Table = Readonly<Record<string, readonly Line[]>>;

export function on(op: Operation, samples: readonly Sample[], options: CheckPrimitiveOptions = {}): Line {
  return { op, samples, options };
}

/** Number of samples of an operation for each one that is checked completely. */
const samplesForEachWhole = extent(12, 1, 6);

/**
 * Checks every line of the table, and that every export of the module has a line, except constructors of equations for
 * passes. `others` lists exports that are not operations, with the reason.
 *
 * The quick extent checks the samples from `drawWhole` (one in six, and at least one per operation) completely: on
 * every backend, with every mode over every mode, compiled and batched. At the other samples it checks one backend in
 * turn and the first derivatives of both modes. The thorough extent checks the full product of samples, backends and
 * nestings. The sparsity patterns of the operation and of its gradient are compared with dense derivatives at the samples
 * from `drawForPatterns`, and Taylor coefficients with repeated forward mode at those from `drawForSeries`.
 */
export function checkFamily(
  module: object,
  table: Table,
  others: Readonly<Record<string, string>> = {},
): void {
  test("every export has a line in the table", () => {
    const functions = Object.keys(module).filter((name) => !(name in others) && !name.endsWith("Equation"));
    expect(
      Object.keys(table).toSorted(),
      "add a line to the table of this file or, for a special function, to test/support/special-functions.ts",
    ).toEqual(functions.toSorted());
  });
  describe("checkPrimitive passes", () => {
    if (extent(0, 1, 1) === 0) compileOnce();
    test.each(Object.entries(table))("%s", (name, lines) => {
      expect(lines).not.toHaveLength(0);
      const whole = drawWhole(name, lines);
      let first = 0;
      for (const { op, samples, options } of lines) {
        const from = first;
        const onlyAt = (i: number): number | undefined => (whole.has(from + i) ? undefined : from + i);
        expect(checkSamples(op, samples, { name, ...options }, onlyAt).samples).toBeGreaterThan(0);
        first += samples.length;
      }
      for (const { op, sample } of drawForPatterns(name, lines)) checkPatterns(name, op, sample);
      for (const { op, sample } of drawForSeries(name, lines)) checkSeries(name, op, sample);
    });
  });
}

/**
 * Saves compilations in the surrounding block. `verify` is off, because `checkPrimitive` itself compares every sample with the
 * interpreter. Results are reproducible throughout, so that comparisons of bits compile nothing anew.
 */
function compileOnce(): void {
  const before = engine.defaults;
  beforeAll(() => {
    engine.defaults = { ...before, verify: "off" };
    setChoices(withDefaults({ reproducible: true }));
  });
  afterAll(() => {
    engine.defaults = before;
    setChoices(withDefaults({}));
  });
}

/**
 * Draws the indices of the samples of an operation, over all of its lines, that are checked completely. They are one in
 * `samplesForEachWhole`, evenly spaced from a start that depends on the name, so that a family covers every kind of
 * sample. The next sample with derivatives in both modes is added, so that every operation is checked in both.
 */
function drawWhole(name: string, lines: readonly Line[]): Set<number> {
  const modes = lines.flatMap(({ samples, options }) =>
    samples.map(({ ins, differentiable = true }) =>
      differentiable && ins.some(isFilledFloat) ? (options.modes?.length ?? 2) : 0,
    ),
  );
  const hash = hashOf(name);
  const turned = modes.map((_, i) => (hash + i) % modes.length);
  const drawn = turned.filter((_, i) => i % samplesForEachWhole === 0);
  const most = Math.max(...modes);
  return new Set([...drawn, turned.find((place) => modes[place] === most)!]);
}

function hashOf(name: string): number {
  return [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_521, 7);
}

/** Number of operations for each one whose patterns are checked in the quick extent. */
const operationsForEachPattern = 4;

/**
 * Draws the samples at which patterns are checked: all in the thorough extent; otherwise one, of each operation in CI and
 * of every fourth operation in the quick extent.
 */
function drawForPatterns(
  name: string,
  lines: readonly Line[],
): readonly { readonly op: Operation; readonly sample: Sample }[] {
  const all = lines.flatMap(({ op, samples }) => samples.map((sample) => ({ op, sample })));
  if (extent(0, 1) === 1) return all;
  const hash = hashOf(name);
  if (hash % extent(operationsForEachPattern, 1, 1) !== 0) return [];
  const filled = all.filter(({ sample }) => sample.ins.some(isFilledFloat));
  return filled.length === 0 ? [] : [filled[hash % filled.length]!];
}

/** Number of operations for each one whose Taylor coefficients are checked in the quick extent. */
const operationsForEachSeries = 16;

/**
 * Draws the samples at which Taylor coefficients are compared with repeated forward mode: all in the thorough extent;
 * otherwise the first differentiable one, of each operation in CI and of every sixteenth operation in the quick extent.
 */
function drawForSeries(
  name: string,
  lines: readonly Line[],
): readonly { readonly op: Operation; readonly sample: Sample }[] {
  if (hashOf(name) % extent(operationsForEachSeries, 1, 1) !== 0) return [];
  const all = lines.flatMap(({ op, samples }) => samples.map((sample) => ({ op, sample })));
  const filled = all.filter(({ sample }) => sample.ins.some(isFilledFloat));
  if (extent(0, 1) === 1) return filled;
  return filled.filter(({ sample }) => sample.differentiable !== false).slice(0, 1);
}

function isFilledFloat(x: BooleanLike): boolean {
  const { dtype, shape } = tensor(x);
  return (dtype === "float64" || dtype === "float32") && !shape.includes(0);
}

type Maker = (numbers: readonly number[], shape?: readonly number[]) => Tensor;
const at =
  (dtype: DType): Maker =>
  (numbers, shape = [numbers.length]) =>
    tensor(numbers, { dtype, shape });
export const f64: Maker = at("float64");
export const f32: Maker = at("float32");
export const i32: Maker = at("int32");
export const u32: Maker = at("uint32");
export const bool: Maker = at("bool");

/**
 * Samples of operands of one type, from one list of six numbers per operand: scalars, a vector, a matrix and an empty
 * array in float64, some in float32.
 */
export function floats(...operands: readonly (readonly number[])[]): Sample[] {
  const take = (make: Maker, shape: readonly number[], from = 0): Sample => {
    const n = shape.reduce((a, b) => a * b, 1);
    return { ins: operands.map((numbers) => make(numbers.slice(from, from + n), shape)) };
  };
  return [
    { ins: operands.map((numbers) => numbers[0]!) }, // plain numbers: weak scalars
    take(f64, [], 1),
    take(f64, [3]),
    take(f64, [2, 3]),
    take(f64, [0]),
    take(f64, [2, 0]),
    take(f32, [], 2),
    take(f32, [2, 3]),
  ];
}

/** Samples of integers (or of booleans, with `bools`), from one list of six per operand. */
export function integers(...operands: readonly (readonly number[])[]): Sample[] {
  return [
    { ins: operands.map((numbers) => i32(numbers.slice(0, 1), [])) },
    { ins: operands.map((numbers) => i32(numbers, [2, 3])) },
    {
      ins: operands.map((numbers) =>
        u32(
          numbers.map((x) => x >>> 0),
          [2, 3],
        ),
      ),
    },
    { ins: operands.map(() => i32([])) },
  ];
}

/** Samples of booleans: all pairs. */
export function booleans(operands: number): Sample[] {
  const columns = [bool([0, 0, 1, 1]), bool([0, 1, 0, 1]), bool([1, 0, 0, 1])];
  return [{ ins: columns.slice(0, operands) }, { ins: [true, false, true].slice(0, operands) }];
}

/** Kinks, poles, signed zeros, infinities and NaN: checked without finite differences. */
export function special(...operands: readonly (readonly number[])[]): Sample[] {
  return [
    { ins: operands.map((numbers) => f64(numbers)), differentiable: false },
    { ins: operands.map((numbers) => f32(numbers)), differentiable: false },
    { ins: operands.map((numbers) => f64(numbers.slice(0, 1), [])), differentiable: false },
  ];
}

/** Samples of two operands that NumPy's rules broadcast and promote, from two lists of six numbers. */
export function broadcasting(x: readonly number[], y: readonly number[]): Sample[] {
  return [
    { ins: [f64(x, [2, 3]), f64(y.slice(0, 3))] },
    { ins: [f64(x.slice(0, 2), [2, 1]), f64(y.slice(0, 3), [1, 3])] },
    { ins: [f64(x.slice(0, 1), []), f32(y.slice(0, 3))] },
    { ins: [f32(x.slice(0, 3)), y[1]!] }, // a plain number adapts
    { ins: [f64([], [0, 1]), f64(y.slice(0, 2))] },
  ];
}
