// What shapes and plain numbers say of a region inside a program, where all lengths are known.
import { DownhillError, showType } from "../errors/index.ts";
import type { ArrayType, DType } from "../ir/types.ts";
import { arrayType } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { constantSize } from "../kernel/sizes.ts";
import { eliminateDeadCode } from "../region/flat/dead-code.ts";
import type { ArrayMemoryPlan } from "../region/lower/sizes.ts";
import { planArrays } from "../region/lower/sizes.ts";
import type { Region, RegionExpr, RegionStmt, RegionType } from "../region/form/region.ts";
import {
  expressionsOf,
  mapBlocksOf,
  mapExpr,
  mapExpressionsOf,
  walkExpr,
  walkExpressions,
  walkStmts,
} from "../region/form/walk.ts";
import { must } from "../util/assert-never.ts";
import { scalarFunctions } from "./scalar-functions.ts";

export const dtypes: Readonly<Record<RegionType, DType>> = {
  f64: "float64",
  f32: "float32",
  i32: "int32",
  bool: "bool",
};

/** Plans the memory of the arrays that a region declares, for operands of these types. */
export function plansFor(region: Region, ins: readonly ArrayType[]): ReadonlyMap<string, ArrayMemoryPlan> {
  const scalars = new Map<string, ReturnType<typeof k.i32>>();
  const arrays = new Map<string, { readonly dims: readonly ReturnType<typeof k.i32>[] }>();
  region.params.forEach((param, i) => {
    if (param.kind === "scalar") scalars.set(param.name, k.local(param.type, param.name));
    else arrays.set(param.name, { dims: ins[i]!.shape.map((n) => k.i32(n)) });
  });
  return planArrays(region, scalarFunctions, scalars, arrays);
}

/**
 * Returns the types of a region's results for operands of these types.
 *
 * @throws DownhillError `shape` or `dtype` for operands that do not match the parameters, `trace` if the shape of a
 *   result depends on a value.
 */
export function typesOf(region: Region, ins: readonly ArrayType[]): readonly ArrayType[] {
  region.params.forEach((param, i) => checkOperand(region, param, ins[i]));
  const plans = plansFor(region, ins);
  return region.results.map((result) => {
    if (result.kind === "scalar") return arrayType(dtypes[result.value.type], []);
    const { declaration, dims } = must(plans.get(result.name), `the array "${result.name}"`);
    const shape = dims?.map(constantSize);
    if (shape?.every((n) => n !== undefined) !== true)
      throw new DownhillError(
        "trace",
        `${region.name}: how long the result "${result.name}" is depends on a value. Inside of jit, vmap and other functions of ` +
          "tensors shapes are fixed: pass a plain number.",
      );
    return arrayType(dtypes[declaration.type], shape);
  });
}

function checkOperand(
  { name: owner }: Region,
  param: Region["params"][number],
  given: ArrayType | undefined,
): void {
  const rank = param.kind === "scalar" ? 0 : param.rank;
  const dtype = dtypes[param.type];
  if (given === undefined || given.shape.length !== rank)
    throw new DownhillError(
      "shape",
      `${owner}: ${param.name} is ${given === undefined ? "missing" : showType(given)}, not ${
        rank === 0 ? "a number" : `an array of ${rank === 1 ? "one axis" : `${rank} axes`}`
      }.`,
    );
  if (given.dtype !== dtype)
    throw new DownhillError(
      "dtype",
      `${owner}: ${param.name} is ${showType(given)}, not ${dtype}. Convert it with astype("${dtype}").`,
    );
}

/** Names of the integer parameters that lengths of declared arrays depend on. */
export function sizeParams(region: Region): ReadonlySet<string> {
  let names = sizes.get(region);
  if (names !== undefined) return names;
  const definitions = new Map<string, RegionExpr[]>();
  const define = (name: string, ...values: readonly RegionExpr[]): void =>
    void definitions.set(name, [...(definitions.get(name) ?? []), ...values]);
  const reached = new Set<string>();
  const reach = (expr: RegionExpr): void =>
    walkExpr(expr, (x) => {
      if (x.kind !== "local" || reached.has(x.name)) return;
      reached.add(x.name);
      for (const value of definitions.get(x.name) ?? []) reach(value);
    });
  walkStmts(region.body, (stmt) => {
    if (stmt.kind === "let" || stmt.kind === "set") define(stmt.name, stmt.value);
    else if (stmt.kind === "for") define(stmt.index, stmt.from, stmt.to);
  });
  walkStmts(region.body, (stmt) => {
    if (stmt.kind === "array" && stmt.growable !== true) stmt.dims.forEach(reach);
  });
  names = new Set(
    region.params.flatMap(({ kind, name, type }) =>
      kind === "scalar" && type === "i32" && reached.has(name) ? [name] : [],
    ),
  );
  sizes.set(region, names);
  return names;
}

const sizes = /* @__PURE__ */ new WeakMap<Region, ReadonlySet<string>>();

/**
 * Returns the region with some integer parameters replaced by constants. These parameters are removed; the remaining
 * parameters keep their order.
 */
export function withIntegers(region: Region, values: ReadonlyMap<string, number>): Region {
  if (values.size === 0) return region;
  const key = [...values].map(([name, value]) => `${name} ${value}`).join();
  return remember(region, `integers ${key}`, () => {
    const lets = [...values].map(([name, value]): RegionStmt => ({
      kind: "let",
      name,
      value: { kind: "const", type: "i32", value },
    }));
    const constantOf = (expr: RegionExpr): RegionExpr => {
      const value = expr.kind === "local" ? values.get(expr.name) : undefined;
      return value === undefined ? expr : { kind: "const", type: "i32", value };
    };
    const params = region.params.flatMap((param) => {
      if (values.has(param.name)) return [];
      if (param.kind === "scalar" || param.lengths === undefined) return [param];
      return [{ ...param, lengths: param.lengths.map((n) => mapExpr(n, constantOf)) }];
    });
    return { ...region, params, body: [...lets, ...region.body] };
  });
}

/** Cached results of `remember`, by region and key. */
const made = /* @__PURE__ */ new WeakMap<Region, Map<string, object>>();

/** Maximum number of cached results per region. The cache is cleared when it is full. */
const mostForms = 64;

/**
 * Returns the object that `make` builds for a region, from a cache if an object with this key was built before. Equal
 * requests thus yield the same object, and facts that are cached for this object are found again.
 */
export function remember<T extends object = Region>(region: Region, key: string, make: () => T): T {
  let forms = made.get(region);
  if (forms === undefined) made.set(region, (forms = new Map<string, object>()));
  let form = forms.get(key) as T | undefined;
  if (form === undefined) {
    if (forms.size >= mostForms) forms.clear();
    forms.set(key, (form = make()));
  }
  return form;
}

/** A part of a region; `params` marks the parameters of the region that the part keeps. */
export interface RegionPart {
  readonly region: Region;
  readonly params: readonly boolean[];
}

/** Returns the part of a region that computes only the results marked in `wanted`. */
export function withResults(region: Region, wanted: readonly boolean[]): RegionPart {
  if (!wanted.includes(false)) return withUsedParams(region);
  const slim = remember(region, `results ${wanted.join()}`, () =>
    eliminateDeadCode({ ...region, results: region.results.filter((_, i) => wanted[i]) }),
  );
  return withUsedParams(slim);
}

/**
 * Returns the part of a region that does not depend on the marked parameters. It omits the statements and the results
 * that the marked parameters influence, including statements that may end the call with an error. Returns `undefined`
 * if the part still needs the length of a marked parameter.
 */
export function withoutParams(region: Region, marked: readonly boolean[]): RegionPart | undefined {
  const slim = remember(region, `without ${marked.join()}`, () => {
    const { names, reads, results } = affectedBy(region, marked);
    const lengths = new Map(
      region.params.flatMap((param, i) =>
        param.kind === "array" && param.lengths !== undefined && marked[i] === true
          ? [[param.name, param.lengths] as const]
          : [],
      ),
    );
    const told = (expr: RegionExpr): RegionExpr =>
      mapExpr(expr, (x) => (x.kind === "length" ? (lengths.get(x.array)?.[x.axis] ?? x) : x));
    const isLeft = (stmt: RegionStmt): boolean => {
      const target = stmt.kind === "let" || stmt.kind === "set" ? stmt.name : undefined;
      const array = stmt.kind === "store" ? stmt.array : stmt.kind === "swap" ? stmt.x : undefined;
      const isWritten = [target, array].some((name) => name !== undefined && names.has(name));
      return !isWritten && !expressionsOf(stmt).some(reads);
    };
    const rest = (block: readonly RegionStmt[]): readonly RegionStmt[] =>
      block.filter(isLeft).map((stmt) => mapBlocksOf(mapExpressionsOf(stmt, told), rest));
    return eliminateDeadCode({
      ...region,
      body: rest(region.body),
      results: region.results.filter((_, i) => results[i] === false),
    });
  });
  const part = withUsedParams(slim);
  return part.params.some((isKept, i) => isKept && marked[i] === true) ? undefined : part;
}

/** Returns a region without the parameters that it does not read. */
function withUsedParams(region: Region): RegionPart {
  const used = new Set<string>();
  const visit = (expr: RegionExpr): void => {
    if (expr.kind === "local") used.add(expr.name);
    else if (expr.kind === "load" || expr.kind === "length") used.add(expr.array);
  };
  walkExpressions(region.body, visit);
  for (const result of region.results) if (result.kind === "scalar") walkExpr(result.value, visit);
  for (const param of region.params.toReversed())
    if (param.kind === "array" && used.has(param.name))
      for (const n of param.lengths ?? []) walkExpr(n, visit);
  const params = region.params.map(({ name }) => used.has(name));
  if (!params.includes(false)) return { region, params };
  const kept = remember(region, "used parameters", () => ({
    ...region,
    params: region.params.filter((_, i) => params[i]),
  }));
  return { region: kept, params };
}

/** Parts of a region that some parameters influence, by their values or by deciding which statements run. */
interface ParameterInfluence {
  readonly names: ReadonlySet<string>;
  /**
   * True if an expression reads a local or an array element of one of `names`. The length of an array does not count.
   */
  reads(expr: RegionExpr): boolean;
  /** For each result, true if the marked parameters influence it. */
  readonly results: readonly boolean[];
}

/** Determines which names and results of a region depend on the marked parameters. */
export function affectedBy(region: Region, marked: readonly boolean[]): ParameterInfluence {
  const names = new Set(region.params.flatMap(({ name }, i) => (marked[i] === true ? [name] : [])));
  const reads = (expr: RegionExpr): boolean => {
    let found = false;
    walkExpr(expr, (x) => {
      if (x.kind === "local") found ||= names.has(x.name);
      else if (x.kind === "load") found ||= names.has(x.array);
    });
    return found;
  };
  for (let before = -1; before < names.size;) {
    before = names.size;
    const visit = (block: readonly RegionStmt[], isMarked: boolean): void => {
      for (const stmt of block) visitStmt(stmt, isMarked);
    };
    const visitStmt = (stmt: RegionStmt, isMarked: boolean): void => {
      switch (stmt.kind) {
        case "let":
        case "set":
          if (isMarked || reads(stmt.value)) names.add(stmt.name);
          return;
        case "array":
          if (isMarked || stmt.dims.some(reads)) names.add(stmt.name);
          return;
        case "store":
          if (isMarked || reads(stmt.value) || stmt.places.some(reads)) names.add(stmt.array);
          return;
        case "swap":
          if (!isMarked && !names.has(stmt.x) && !names.has(stmt.y)) return;
          names.add(stmt.x);
          names.add(stmt.y);
          return;
        case "for": {
          const bounds = stmt.live === undefined ? [stmt.from, stmt.to] : [stmt.from, stmt.to, stmt.live];
          const isInside = isMarked || bounds.some(reads);
          if (isInside) names.add(stmt.index);
          return visit(stmt.body, isInside);
        }
        case "while":
          return visit(stmt.body, isMarked || reads(stmt.condition));
        case "if": {
          const isInside = isMarked || reads(stmt.condition);
          visit(stmt.then, isInside);
          return visit(stmt.otherwise, isInside);
        }
        case "throw":
          return;
      }
    };
    visit(region.body, false);
  }
  const results = region.results.map((result) =>
    result.kind === "scalar" ? reads(result.value) : names.has(result.name),
  );
  return { names, reads, results };
}
