// What derivatives of a region are, along directions: by hyper-dual numbers, by the primitives of the tensor API, and as
// a primitive itself.
import type { Tensor } from "downhill";
import { DownhillError, jit, jvp, tensor, vjp } from "downhill";
import { applyRegion } from "../../src/engine/prims/region.ts";
import type { LowerOptions } from "../../src/engine/region/lower/options.ts";
import type { Region, RegionType } from "../../src/engine/region/form/region.ts";
import type { RegionCounts, RegionValue } from "./evaluate-region.ts";
import { evaluateOver, isArray } from "./evaluate-region.ts";
import type { HyperDual } from "./hyper-dual.ts";
import { hyperDuals } from "./hyper-dual.ts";
import type { TraceBounds } from "./path-a.ts";
import { pathA } from "./path-a.ts";
import type { ScalarValues } from "./scalar-values.ts";
import { plainScalarValues } from "./scalar-values.ts";

export const isReal = (type: RegionType): boolean => type === "f64" || type === "f32";

/** For each parameter, whether it is floating. */
export function realParams({ params }: Region): boolean[] {
  return params.map(({ type }) => isReal(type));
}

/** The type of each result, an array's by its declaration. */
export function resultTypes({ results, body }: Region): RegionType[] {
  return results.map((result) => {
    if (result.kind === "scalar") return result.value.type;
    const declared = body.find((stmt) => stmt.kind === "array" && stmt.name === result.name);
    if (declared?.kind !== "array") throw new Error(`${result.name} is not declared outermost`);
    return declared.type;
  });
}

export function numbersOf(value: RegionValue): number[] {
  return isArray(value) ? Array.from(value.data) : [value];
}

/** A value with each of its numbers replaced. */
export function mapValue<S, T>(value: RegionValue<S>, f: (x: S, i: number) => T): RegionValue<T> {
  return isArray(value) ? { data: Array.from(value.data, f), dims: value.dims } : f(value, 0);
}

/** Numbers between −1 and 1 of the shapes of values, rounded to the type of each. */
export function direction(
  values: readonly RegionValue[],
  types: readonly RegionType[],
  salt: number,
): RegionValue[] {
  return values.map((value, i) =>
    mapValue(value, (_, j) => {
      const x = Math.cos(1 + 1.7 * i + 2.3 * j + 0.37 * salt);
      return types[i] === "f32" ? Math.fround(x) : x;
    }),
  );
}

/** Sum of products of all numbers. */
export function inner(xs: readonly RegionValue[], ys: readonly RegionValue[]): number {
  return xs.reduce<number>((total, x, i) => {
    const y = numbersOf(ys[i]!);
    return numbersOf(x).reduce(
      (sum, value, j) => (value === 0 || y[j] === 0 ? sum : sum + value * y[j]!),
      total,
    );
  }, 0);
}

/** Derivatives of floating results along directions of floating parameters. */
export interface Along {
  /** All results. */
  readonly results: RegionValue[];
  readonly counts: RegionCounts;
  /** Of the floating ones along the first direction, and the second derivative along both. */
  readonly first: RegionValue[];
  readonly second: RegionValue[];
}

/** Runs a region on hyper-dual numbers. Directions have an entry for each floating parameter. */
export function along(
  region: Region,
  args: readonly RegionValue[],
  a: readonly RegionValue[],
  b: readonly RegionValue[],
  values: ScalarValues = plainScalarValues,
): Along {
  const isMoving = realParams(region);
  let next = 0;
  const duals = args.map((arg, i) => {
    const k = isMoving[i] === true ? next++ : undefined;
    const [da, db] = k === undefined ? [[], []] : [numbersOf(a[k]!), numbersOf(b[k]!)];
    return mapValue(arg, (x, j): HyperDual => ({ x, a: da[j] ?? 0, b: db[j] ?? 0, ab: 0 }));
  });
  const { results, counts } = evaluateOver(hyperDuals(values), region, duals);
  const types = resultTypes(region);
  const moving = results.filter((_, i) => isReal(types[i]!));
  return {
    results: results.map((value) => mapValue(value, ({ x }) => x)),
    counts,
    first: moving.map((value) => mapValue(value, (y) => y.a)),
    second: moving.map((value) => mapValue(value, (y) => y.ab)),
  };
}

const dtypes = { f64: "float64", f32: "float32", i32: "int32", bool: "bool" } as const;

type Run = (...args: (Tensor | number)[]) => readonly Tensor[];

/** A region that tensors are given to, as a function of its floating parameters to its floating results. */
function throughTensors(
  region: Region,
  args: readonly RegionValue[],
  run: Run,
): { readonly f: (...xs: Tensor[]) => Tensor[]; readonly xs: Tensor[] } {
  const isMoving = realParams(region);
  const types = resultTypes(region);
  const all = args.map((arg, i) =>
    isArray(arg) || isMoving[i] === true ? tensorOf(arg, region.params[i]!.type) : arg,
  );
  return {
    f(...xs) {
      let next = 0;
      return run(...all.map((arg, i) => (isMoving[i] === true ? xs[next++]! : arg))).filter((_, i) =>
        isReal(types[i]!),
      );
    },
    xs: all.filter((_, i) => isMoving[i]) as Tensor[],
  };
}

function tensorOf(value: RegionValue, type: RegionType): Tensor {
  const dtype = dtypes[type];
  return isArray(value)
    ? tensor(Array.from(value.data), { dtype }).reshape(value.dims)
    : tensor(value, { dtype });
}

export function valueOf(x: Tensor): RegionValue {
  return x.ndim === 0 ? x.item() : { data: x.reshape([-1]).tolist() as number[], dims: x.shape };
}

/** Cotangents of the floating parameters, and the tangents of floating results, by the rules of the primitives. */
export function byTensors(
  region: Region,
  args: readonly RegionValue[],
  bounds: TraceBounds,
  tangents: readonly RegionValue[],
  cotangents: readonly RegionValue[],
): { readonly values: RegionValue[]; readonly forward: RegionValue[]; readonly backward: RegionValue[] } {
  const { f, xs } = throughTensors(region, args, pathA(region, bounds));
  const like = (values: readonly RegionValue[], types: readonly RegionType[]): Tensor[] =>
    values.map((value, i) => tensorOf(value, types[i]!));
  const paramTypes = region.params.map(({ type }) => type).filter(isReal);
  const [outs, pull] = vjp(f, ...xs) as [Tensor[], (cts: Tensor[]) => Tensor[]];
  const backward = pull(like(cotangents, resultTypes(region).filter(isReal)));
  const [, forward] = jvp(f, xs, like(tangents, paramTypes)) as [unknown, Tensor[]];
  return { values: outs.map(valueOf), forward: forward.map(valueOf), backward: backward.map(valueOf) };
}

/**
 * Floating results, and cotangents of the floating parameters, by a compiled program in which the region is a primitive that is written as
 * `lowering` says; `undefined` where a length depends on what is computed, which programs refuse.
 */
export function inProgram(
  region: Region,
  args: readonly RegionValue[],
  cotangents: readonly RegionValue[],
  lowering: LowerOptions,
): { readonly values: RegionValue[]; readonly backward: RegionValue[] } | undefined {
  const { f, xs } = throughTensors(region, args, (...all) => applyRegion(region, all, lowering));
  const types = resultTypes(region).filter(isReal);
  const cts = cotangents.map((value, i) => tensorOf(value, types[i]!));
  try {
    const [outs, back] = jit((given: Tensor[], seeds: Tensor[]) => {
      const [values, pull] = vjp(f, ...given) as [Tensor[], (seeds: Tensor[]) => Tensor[]];
      return [values, pull(seeds)] as const;
    })(xs, cts);
    return { values: outs.map(valueOf), backward: back.map(valueOf) };
  } catch (error) {
    if (error instanceof DownhillError && error.code === "trace") return undefined;
    throw error;
  }
}
