// Short constructors for parts of regions. Result types are those of `Math`'s functions and of the kernel's operations.
import type {
  ArrayDeclaration,
  PositionIndex,
  RegionExpr,
  RegionResult,
  RegionStmt,
  RegionType,
} from "../../src/engine/region/form/region.ts";
import { plainScalarValues } from "./scalar-values.ts";

export function constant(type: RegionType, value: number): RegionExpr {
  return { kind: "const", type, value: type === "f32" ? Math.fround(value) : value };
}
export const f64 = (value: number): RegionExpr => constant("f64", value);
export const i32 = (value: number): RegionExpr => constant("i32", value);
export const local = (type: RegionType, name: string): RegionExpr => ({ kind: "local", type, name });
export const int = (name: string): RegionExpr => local("i32", name);
export const real = (name: string): RegionExpr => local("f64", name);

export function apply(name: string, ...args: readonly RegionExpr[]): RegionExpr {
  const types = args.map(({ type }) => type);
  const type = plainScalarValues(name, types)?.type;
  if (type === undefined) throw new Error(`there is no ${name}(${types.join(", ")})`);
  return { kind: "apply", type, function: name, args };
}

export function load(
  type: RegionType,
  named: string,
  places: readonly RegionExpr[],
  at?: PositionIndex,
): RegionExpr {
  return { kind: "load", type, array: named, places, ...(at === undefined ? {} : { at }) };
}

export const length = (named: string, axis = 0): RegionExpr => ({
  kind: "length",
  type: "i32",
  array: named,
  axis,
});

export function convert(type: RegionType, x: RegionExpr): RegionExpr {
  return x.type === type ? x : { kind: "convert", type, x };
}

export const select = (condition: RegionExpr, x: RegionExpr, y: RegionExpr): RegionExpr => ({
  kind: "select",
  type: x.type,
  condition,
  x,
  y,
});

export const scalar = (value: RegionExpr): RegionResult => ({ kind: "scalar", value });
export const arrayOf = (name: string): RegionResult => ({ kind: "array", name });

export const loop = (
  index: string,
  from: RegionExpr,
  to: RegionExpr,
  body: readonly RegionStmt[],
  more: object = {},
): RegionStmt => ({ kind: "for", index, from, to, step: 1, body, ...more });

export const when = (
  condition: RegionExpr,
  then: readonly RegionStmt[],
  otherwise: readonly RegionStmt[] = [],
): RegionStmt => ({ kind: "if", condition, then, otherwise });

export const declare = (name: string, value: RegionExpr): RegionStmt => ({ kind: "let", name, value });
export const set = (name: string, value: RegionExpr): RegionStmt => ({ kind: "set", name, value });

export function store(
  named: string,
  places: readonly RegionExpr[],
  value: RegionExpr,
  at?: PositionIndex,
): RegionStmt {
  return { kind: "store", array: named, places, value, ...(at === undefined ? {} : { at }) };
}

export function array(name: string, type: RegionType, dims: readonly RegionExpr[]): ArrayDeclaration {
  return { kind: "array", name, type, dims };
}
