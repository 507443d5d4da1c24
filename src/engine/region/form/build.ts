import { internalError } from "../../errors/index.ts";
import { must } from "../../util/assert-never.ts";
import type { ScalarFunctions } from "./functions.ts";
import type { Region, RegionExpr, RegionStmt, RegionType } from "./region.ts";
import { namesOf } from "./names.ts";
import type { UnusedNames } from "./names.ts";

export function constant(type: RegionType, value: number): RegionExpr {
  return { kind: "const", type, value };
}

export type RegionLocal = Extract<RegionExpr, { readonly kind: "local" }>;

export function local(type: RegionType, name: string): RegionLocal {
  return { kind: "local", type, name };
}

export function nameOf(expr: RegionExpr): string {
  if (expr.kind !== "local") throw internalError(`expected a local, got ${expr.kind}`);
  return expr.name;
}

export function lengthOf(array: string, axis: number): RegionExpr {
  return { kind: "length", type: "i32", array, axis };
}

export function load(type: RegionType, array: string, ...places: readonly RegionExpr[]): RegionExpr {
  return { kind: "load", type, array, places };
}

export function isFloating(type: RegionType): boolean {
  return type === "f64" || type === "f32";
}

/** True for constants, locals and lengths. They cost nothing to evaluate, and are the only operands in flat form. */
export function isAtom(expr: RegionExpr): boolean {
  return expr.kind === "const" || expr.kind === "local" || expr.kind === "length";
}

export function isZero(expr: RegionExpr): boolean {
  return expr.kind === "const" && expr.value === 0;
}

/** True if both expressions are the same constant, local or length. */
export function isSameAtom(a: RegionExpr, b: RegionExpr): boolean {
  switch (a.kind) {
    case "const":
      return b.kind === "const" && a.type === b.type && Object.is(a.value, b.value);
    case "local":
      return b.kind === "local" && a.name === b.name;
    case "length":
      return b.kind === "length" && a.array === b.array && a.axis === b.axis;
    case "load":
    case "apply":
    case "convert":
    case "select":
      return false;
  }
}

/** Builder of expressions and names for one region. */
export interface RegionBuilder extends UnusedNames {
  readonly functions: ScalarFunctions;
  /** Applies a scalar function. Returns a constant or one of the arguments if the result equals it. */
  apply(name: string, ...args: readonly RegionExpr[]): RegionExpr;
}

export function makeBuilder(region: Region, functions: ScalarFunctions): RegionBuilder {
  return {
    functions,
    fresh: namesOf(region).fresh,
    apply: (name, ...args) => apply(functions, name, args),
  };
}

/** Applies a scalar function. Returns a constant or one of the arguments if the result equals it. */
export function apply(functions: ScalarFunctions, name: string, args: readonly RegionExpr[]): RegionExpr {
  const f = must(functions.get(name), `the scalar function ${name}`);
  const type = f.typeOf(args.map((x) => x.type));
  if (type === undefined)
    throw internalError(`${name} does not accept (${args.map((x) => x.type).join(", ")})`);
  return f.simplify(args) ?? { kind: "apply", type, function: name, args };
}

/** Returns a `select`, or the side that a constant condition chooses. */
export function select(condition: RegionExpr, x: RegionExpr, y: RegionExpr): RegionExpr {
  if (condition.kind === "const") return condition.value === 0 ? y : x;
  return { kind: "select", type: x.type, condition, x, y };
}

export function convert(type: RegionType, x: RegionExpr): RegionExpr {
  return type === x.type ? x : { kind: "convert", type, x };
}

/**
 * Returns nested loops over all elements of an array with these lengths; `element` returns the statement for one
 * element.
 */
export function forEachElement(
  dims: readonly RegionExpr[],
  { fresh }: UnusedNames,
  element: (places: readonly RegionExpr[]) => RegionStmt,
): RegionStmt {
  const indices = dims.map(() => fresh("i"));
  const from = constant("i32", 0);
  return indices.reduceRight<RegionStmt>(
    (body, index, axis) => ({ kind: "for", index, from, to: dims[axis]!, step: 1, body: [body] }),
    element(indices.map((index) => local("i32", index))),
  );
}

/** Appends statements to one block. */
export interface BlockWriter {
  readonly stmts: RegionStmt[];
  /** Returns the value as an atom: the value itself if it is one, or a new local that is declared here. */
  bind(value: RegionExpr, hint: string): RegionExpr;
}

export function makeWriter(stmts: RegionStmt[], { fresh }: UnusedNames): BlockWriter {
  return {
    stmts,
    bind(value, hint) {
      if (isAtom(value)) return value;
      const name = fresh(hint);
      stmts.push({ kind: "let", name, value });
      return local(value.type, name);
    },
  };
}
