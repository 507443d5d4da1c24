// Short ways to write regions down in tests.
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import type { Region, RegionExpr, RegionStmt, RegionType } from "../../src/engine/region/region.ts";
import { must } from "../../src/engine/util/assert-never.ts";

export const f64 = (value: number): RegionExpr => ({ kind: "const", type: "f64", value });
export const i32 = (value: number): RegionExpr => ({ kind: "const", type: "i32", value });
export const bool = (value: boolean): RegionExpr => ({ kind: "const", type: "bool", value: value ? 1 : 0 });
export const real = (name: string): RegionExpr => ({ kind: "local", type: "f64", name });
export const int = (name: string): RegionExpr => ({ kind: "local", type: "i32", name });
export const flag = (name: string): RegionExpr => ({ kind: "local", type: "bool", name });
export const lengthOf = (array: string, axis = 0): RegionExpr => ({
  kind: "length",
  type: "i32",
  array,
  axis,
});

/** A function of scalars applied. */
export function fn(name: string, ...args: readonly RegionExpr[]): RegionExpr {
  const f = must(scalarFunctions.get(name), `the function ${name}`);
  const type = must(f.typeOf(args.map((arg) => arg.type)), `the type of ${name}`);
  return { kind: "apply", type, function: name, args };
}
export const add = (x: RegionExpr, y: RegionExpr): RegionExpr => fn("add", x, y);
export const sub = (x: RegionExpr, y: RegionExpr): RegionExpr => fn("sub", x, y);
export const mul = (x: RegionExpr, y: RegionExpr): RegionExpr => fn("mul", x, y);
export const less = (x: RegionExpr, y: RegionExpr): RegionExpr => fn("less", x, y);
export const select = (condition: RegionExpr, x: RegionExpr, y: RegionExpr): RegionExpr => ({
  kind: "select",
  type: x.type,
  condition,
  x,
  y,
});
export const toReal = (x: RegionExpr): RegionExpr => ({ kind: "convert", type: "f64", x });
export const toInt = (x: RegionExpr): RegionExpr => ({ kind: "convert", type: "i32", x });

/** An element: checked where `at` is a position. */
export const load = (
  array: string,
  places: RegionExpr | readonly RegionExpr[],
  at?: number,
  type: RegionType = "f64",
): RegionExpr => ({ kind: "load", type, array, places: listed(places), ...(at === undefined ? {} : { at }) });
export const store = (
  array: string,
  places: RegionExpr | readonly RegionExpr[],
  value: RegionExpr,
  at?: number,
): RegionStmt => ({
  kind: "store",
  array,
  places: listed(places),
  value,
  ...(at === undefined ? {} : { at }),
});
function listed(places: RegionExpr | readonly RegionExpr[]): readonly RegionExpr[] {
  return "kind" in places ? [places] : places;
}

export const declare = (name: string, value: RegionExpr): RegionStmt => ({ kind: "let", name, value });
export const set = (name: string, value: RegionExpr): RegionStmt => ({ kind: "set", name, value });
export const array = (name: string, ...dims: readonly RegionExpr[]): RegionStmt => ({
  kind: "array",
  name,
  type: "f64",
  dims,
  at: 0,
});
export const loop = (
  index: string,
  from: RegionExpr,
  to: RegionExpr,
  body: readonly RegionStmt[],
  more: Partial<RegionStmt & { readonly kind: "for" }> = {},
): RegionStmt => ({ kind: "for", index, from, to, step: 1, body, ...more });
export const when = (
  condition: RegionExpr,
  then: readonly RegionStmt[],
  otherwise: readonly RegionStmt[] = [],
): RegionStmt => ({ kind: "if", condition, then, otherwise });

export const scalarResult = (value: RegionExpr): Region["results"][number] => ({ kind: "scalar", value });
export const arrayResult = (name: string): Region["results"][number] => ({ kind: "array", name });
export const realParam = (name: string): Region["params"][number] => ({ kind: "scalar", name, type: "f64" });
export const intParam = (name: string): Region["params"][number] => ({ kind: "scalar", name, type: "i32" });
export const arrayParam = (name: string, rank = 1): Region["params"][number] => ({
  kind: "array",
  name,
  type: "f64",
  rank,
});

/** A region with three positions. */
export function region(
  params: Region["params"],
  body: readonly RegionStmt[],
  results: Region["results"],
  name = "f",
): Region {
  const positions = [0, 1, 2].map((i) => ({ line: i + 1, column: 3, text: `xs[i + ${i}]` }));
  return { name, params, body, results, file: "f.ts", positions };
}
