import * as k from "../../kernel/build.ts";
import type { Block } from "../../kernel/build.ts";
import { makeNames } from "../../kernel/fresh-names.ts";
import { makeFailures } from "../../kernel/failure.ts";
import type { Buffer, Expr, Port, Routine, ScalarType, SizeExpr } from "../../kernel/scalar.ts";
import { layOutAtCall, multiplySizes, sameSize, sizeExpr } from "../../kernel/sizes.ts";
import { must } from "../../util/assert-never.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type { Region, RegionResult } from "../form/region.ts";
import type { ArrayMemoryPlan } from "./sizes.ts";
import { planArrays } from "./sizes.ts";
import { writeRegion } from "./region.ts";
import type { ArrayMemory, ArrayPlace, ErrorSite } from "./scope.ts";
import type { LowerOptions } from "./options.ts";

/**
 * A region as a routine whose sizes are computed at each call. Its inputs are the parameters in order, the lengths of
 * array parameters by axis, and capacities. `results` and `failure` locate its outputs.
 */
export interface LoweredRegion {
  readonly routine: Routine;
  readonly results: readonly ResultPort[];
  /** Inputs for the capacities of arrays whose length is known only at run time. */
  readonly capacities: readonly CapacityInput[];
  /**
   * Index of the first of three outputs: number of an error site, or 0; the requested index or length; the length of
   * the axis.
   */
  readonly failure: number | undefined;
  readonly sites: readonly ErrorSite[];
}

export interface CapacityInput {
  /** Index of the routine input that receives the capacity. */
  readonly input: number;
  /** Names of the arrays that share this capacity. */
  readonly arrays: readonly string[];
}

/** Output that holds a result. */
export type ResultPort =
  | { readonly kind: "scalar"; readonly type: ScalarType; readonly output: number }
  | {
      readonly kind: "array";
      readonly type: ScalarType;
      readonly output: number;
      /** Minimum size of the output in elements. */
      readonly size: SizeExpr;
      /** Lengths of an array result, as arithmetic on the inputs or as the outputs that hold them. */
      readonly dims: { readonly sizes: readonly SizeExpr[] } | { readonly outputs: readonly number[] };
    };

/** Lowers a region to a separate routine. */
export function lowerRegion(
  region: Region,
  functions: ScalarFunctions,
  options: LowerOptions = {},
): LoweredRegion {
  const fresh = makeNames();
  const params = nameParams(region, fresh);
  const plans = planArrays(region, functions, params.scalars, params.arrays);
  const prelude = k.makeBlock();
  const memory = placeArrays(region, plans, prelude, fresh);
  const failure = makeFailures<ErrorSite>(fresh);
  const block = k.makeBlock();
  const host = {
    block,
    failure: failure.locals,
    fresh,
    scalars: params.scalars,
    arrays: params.arrays,
    memoryOf: (name: string) => must(memory.places.get(name), `the memory of "${name}"`),
    scratch: {
      add: (buffer: Buffer) => void memory.temps.push(buffer),
      sizeOf: (buffer: string) => memory.alone.get(buffer),
    },
  };
  const asked = region.results.flatMap((result) => (result.kind === "array" ? [result.name] : []));
  const written = writeRegion(region, functions, host, {
    ...options,
    outOf(name) {
      const buffer = memory.copies.get(name);
      return buffer === undefined ? undefined : { buffer, offset: k.i32(0) };
    },
    dimsOf: asked.filter((name) => must(plans.get(name), "a plan").dims === undefined),
  });
  failure.declare(prelude);
  for (const { type, name } of written.locals) prelude.let(name, k.constant(type, 0));
  const { outputs, results } = outputsOf(region, plans, memory, written);
  const failureAt = failure.sites.length > 0 ? outputs.length : undefined;
  outputs.push(...failure.outputs());
  const capacityPorts = memory.capacities.map(({ name }): Port => ({ kind: "scalar", name, type: "i32" }));
  const inputs = [...params.ports, ...params.lengths, ...capacityPorts];
  return {
    routine: {
      name: region.name,
      inputs,
      outputs,
      ...layOutAtCall(memory.temps),
      body: [...prelude.statements, ...block.statements],
    },
    results,
    capacities: memory.capacities.map(({ arrays }, i) => ({
      input: params.ports.length + params.lengths.length + i,
      arrays,
    })),
    failure: failureAt,
    sites: failure.sites,
  };
}

interface RoutineParams {
  readonly ports: readonly Port[];
  readonly lengths: readonly Port[];
  readonly scalars: ReadonlyMap<string, Expr>;
  readonly arrays: ReadonlyMap<string, ArrayPlace>;
}

function nameParams(region: Region, fresh: (hint: string) => string): RoutineParams {
  const [ports, lengths]: [Port[], Port[]] = [[], []];
  const scalars = new Map<string, Expr>();
  const arrays = new Map<string, ArrayPlace>();
  for (const param of region.params) {
    const { type } = param;
    const name = fresh(param.name);
    if (param.kind === "scalar") {
      scalars.set(param.name, k.local(type, name));
      ports.push({ kind: "scalar", name, type });
      continue;
    }
    const dims = Array.from({ length: param.rank }, (_, axis) => {
      const length = fresh(param.rank === 1 ? `${param.name}.length` : `${param.name}.length${axis}`);
      lengths.push({ kind: "scalar", name: length, type: "i32" });
      return k.local("i32", length);
    });
    const size = dims.reduce((x: SizeExpr, y: SizeExpr) => multiplySizes(x, y), 1);
    arrays.set(param.name, { type, buffer: name, offset: k.i32(0), dims });
    ports.push({ kind: "buffer", buffer: { name, type, size } });
  }
  return { ports, lengths, scalars, arrays };
}

interface RoutineMemory {
  readonly places: ReadonlyMap<string, ArrayMemory>;
  /** Output buffers of array results. */
  readonly results: ReadonlyMap<string, Buffer>;
  /**
   * For results among swapped arrays: the name of the output buffer, by array. These results are copied to their
   * outputs at the end.
   */
  readonly copies: ReadonlyMap<string, string>;
  readonly temps: Buffer[];
  /** For each buffer that contains only one array, the size of the array. */
  readonly alone: ReadonlyMap<string, SizeExpr>;
  readonly capacities: readonly { readonly name: string; readonly arrays: readonly string[] }[];
}

/**
 * Assigns memory to the arrays of a region. An array result that is never swapped is stored in its output, all other
 * arrays in temporaries.
 */
function placeArrays(
  region: Region,
  plans: ReadonlyMap<string, ArrayMemoryPlan>,
  prelude: Block,
  fresh: (hint: string) => string,
): RoutineMemory {
  const asked = new Set(region.results.flatMap((result) => (result.kind === "array" ? [result.name] : [])));
  const places = new Map<string, ArrayMemory>();
  const [results, copies] = [new Map<string, Buffer>(), new Map<string, string>()];
  const temps: Buffer[] = [];
  const alone = new Map<string, SizeExpr>();
  const capacities: { name: string; arrays: readonly string[] }[] = [];
  for (const [name, { declaration, group }] of plans) {
    if (group[0] !== name) continue; // it shares the memory of the first one
    const { type } = declaration;
    let { size, capacity } = sizeOfGroup(group.map((one) => must(plans.get(one), "a plan")));
    if (size === undefined) {
      const input = fresh(`${name}.capacity`);
      capacities.push({ name: input, arrays: group });
      capacity = k.local("i32", input);
      size = capacity;
    }
    const isAlone = group.length === 1;
    const buffer = { name: fresh(name), type, size: multiplySizes(size, group.length) };
    if (isAlone) alone.set(buffer.name, size);
    if (isAlone && asked.has(name)) results.set(name, buffer);
    else temps.push(buffer);
    group.forEach((one, i) => {
      const start = sizeExpr(multiplySizes(size, i));
      const offset = isAlone ? start : prelude.let(fresh(`${one}.at`), start);
      places.set(one, { buffer: buffer.name, offset, capacity });
      if (isAlone || !asked.has(one)) return;
      const out = fresh(`${one}.out`);
      results.set(one, { name: out, type, size });
      copies.set(one, out);
    });
  }
  return { places, results, copies, temps, alone, capacities };
}

/** Number of elements of the largest array in a group of exchanged arrays; `undefined` if known only at run time. */
function sizeOfGroup(plans: readonly ArrayMemoryPlan[]): {
  readonly size: SizeExpr | undefined;
  readonly capacity: Expr | undefined;
} {
  const sizes = plans.map(({ size }) => size);
  const largest = sizes.reduce((x, y) => {
    if (x === undefined || y === undefined) return undefined;
    return sameSize(x, y) ? x : k.max(sizeExpr(x), sizeExpr(y));
  });
  return { size: largest, capacity: undefined };
}

function outputsOf(
  region: Region,
  plans: ReadonlyMap<string, ArrayMemoryPlan>,
  memory: RoutineMemory,
  written: { readonly scalars: readonly Expr[]; readonly dims: ReadonlyMap<string, readonly Expr[]> },
): { readonly outputs: Routine["outputs"][number][]; readonly results: ResultPort[] } {
  const outputs: Routine["outputs"][number][] = [];
  let next = 0;
  const results = region.results.map((result): ResultPort => {
    const output = outputs.length;
    if (result.kind === "scalar") {
      const value = written.scalars[next++]!;
      outputs.push({ kind: "scalar", value });
      return { kind: "scalar", type: value.type, output };
    }
    return arrayPort(result, plans, memory, written.dims, outputs);
  });
  return { outputs, results };
}

function arrayPort(
  { name }: RegionResult & { readonly kind: "array" },
  plans: ReadonlyMap<string, ArrayMemoryPlan>,
  memory: RoutineMemory,
  dims: ReadonlyMap<string, readonly Expr[]>,
  outputs: Routine["outputs"][number][],
): ResultPort {
  const buffer = must(memory.results.get(name), `the result "${name}"`);
  const sizes = must(plans.get(name), "a plan").dims;
  const output = outputs.length;
  outputs.push({ kind: "buffer", buffer });
  const { type, size } = buffer;
  if (sizes !== undefined) return { kind: "array", type, output, size, dims: { sizes } };
  const lengths = must(dims.get(name), `the lengths of "${name}"`);
  const first = outputs.length;
  outputs.push(...lengths.map((value) => ({ kind: "scalar", value }) as const));
  return { kind: "array", type, output, size, dims: { outputs: lengths.map((_, i) => first + i) } };
}
