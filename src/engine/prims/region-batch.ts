// A region over a batch: a loop over the items around all that it does, one after the other.
import type { ArrayType } from "../ir/types.ts";
import type { Region, RegionExpr, RegionParam, RegionResult, RegionStmt } from "../region/form/region.ts";
import { mapBlocksOf, mapExpr, mapExpressionsOf, walkStmts } from "../region/form/walk.ts";
import { constantSize } from "../kernel/sizes.ts";
import { must } from "../util/assert-never.ts";
import { plansFor, remember } from "./region-shapes.ts";
import { append } from "../util/append.ts";
import { declaredBy, namesOf } from "../region/form/names.ts";

const i32 = (value: number): RegionExpr => ({ kind: "const", type: "i32", value });

/**
 * Vectorises a region over `size` items. The operands marked in `batched`, and all results, have an additional first
 * axis of length `size`. `ins` are the types of the operands, with this axis.
 */
export function batchRegion(
  region: Region,
  ins: readonly ArrayType[],
  batched: readonly boolean[],
  size: number,
): Region {
  const items = ins.map((type, i) => (batched[i] === true ? { ...type, shape: type.shape.slice(1) } : type));
  const shapes = items.map(({ shape }) => shape.join("x")).join();
  return remember(region, `batch ${size} ${batched.join()} ${shapes}`, () =>
    makeBatch(region, items, batched, size),
  );
}

function makeBatch(
  region: Region,
  items: readonly ArrayType[],
  batched: readonly boolean[],
  size: number,
): Region {
  const { fresh } = namesOf(region);
  const item: RegionExpr = { kind: "local", type: "i32", name: fresh("item") };
  const split = new Set(region.params.flatMap(({ name }, i) => (batched[i] === true ? [name] : [])));
  const exchanged = new Set<string>();
  walkStmts(region.body, (stmt) => {
    if (stmt.kind === "swap") exchanged.add(stmt.x).add(stmt.y);
  });
  const plans = plansFor(region, items);
  const outer: RegionStmt[] = [];
  const after: RegionStmt[] = [];
  /** For each array of the body that is stored directly in a batched result: the name of that result. */
  const merged = new Map<string, string>();
  const results = region.results.map((result): RegionResult => {
    const name = fresh("items");
    if (result.kind === "scalar") {
      outer.push({ kind: "array", name, type: result.value.type, dims: [i32(size)] });
      after.push({ kind: "store", array: name, places: [item], value: result.value });
      return { kind: "array", name };
    }
    const { declaration, dims } = must(plans.get(result.name), `the array "${result.name}"`);
    const shape = must(dims, "lengths that are known").map((n) => must(constantSize(n), "a known length"));
    const { type } = declaration;
    outer.push({ kind: "array", name, type, dims: [size, ...shape].map(i32) });
    if (exchanged.has(result.name)) append(after, copyOf(result.name, name, type, shape, item, fresh));
    else merged.set(result.name, name);
    return { kind: "array", name };
  });
  const lengthOf = (name: string, axis: number): RegionExpr => ({
    kind: "length",
    type: "i32",
    array: name,
    axis,
  });
  const inItem = (expr: RegionExpr): RegionExpr =>
    mapExpr(expr, (x): RegionExpr => {
      if (x.kind === "local" && split.has(x.name))
        return { kind: "load", type: x.type, array: x.name, places: [item] };
      if (x.kind !== "load" && x.kind !== "length") return x;
      const array = merged.get(x.array) ?? x.array;
      if (array === x.array && !split.has(x.array)) return x;
      return x.kind === "length" ? lengthOf(array, x.axis + 1) : { ...x, array, places: [item, ...x.places] };
    });
  const statement = (stmt: RegionStmt): readonly RegionStmt[] => {
    const moved = mapBlocksOf(mapExpressionsOf(stmt, inItem), (block) => block.flatMap(statement));
    const name = declaredBy(moved);
    if (moved.kind === "array" && name !== undefined && merged.has(name)) return [];
    if (moved.kind !== "store" || !merged.has(moved.array)) return [moved];
    return [{ ...moved, array: merged.get(moved.array)!, places: [item, ...moved.places] }];
  };
  const body = [...region.body.flatMap(statement), ...after.map((stmt) => statement(stmt)).flat()];
  return {
    ...region,
    params: region.params.map((param, i) => batchParam(param, batched[i] === true, split, size)),
    body: [
      ...outer,
      {
        kind: "for",
        index: (item as { readonly name: string }).name,
        from: i32(0),
        to: i32(size),
        step: 1,
        body,
      },
    ],
    results,
  };
}

function batchParam(
  param: RegionParam,
  isBatched: boolean,
  split: ReadonlySet<string>,
  size: number,
): RegionParam {
  if (param.kind === "scalar")
    return isBatched
      ? { kind: "array", name: param.name, type: param.type, rank: 1, lengths: [i32(size)] }
      : param;
  const lengths = param.lengths?.map((n) =>
    mapExpr(n, (x) => (x.kind === "length" && split.has(x.array) ? { ...x, axis: x.axis + 1 } : x)),
  );
  if (!isBatched) return lengths === undefined ? param : { ...param, lengths };
  const { rank, ...rest } = param;
  if (lengths === undefined) return { ...rest, rank: rank + 1 };
  return { ...rest, rank: rank + 1, lengths: [i32(size), ...lengths] };
}

/** Statements that copy an array into item `item` of a batched result. */
function copyOf(
  from: string,
  to: string,
  type: RegionExpr["type"],
  shape: readonly number[],
  item: RegionExpr,
  fresh: (hint: string) => string,
): readonly RegionStmt[] {
  const indices = shape.map((): RegionExpr & { readonly kind: "local" } => ({
    kind: "local",
    type: "i32",
    name: fresh("i"),
  }));
  const store: RegionStmt = {
    kind: "store",
    array: to,
    places: [item, ...indices],
    value: { kind: "load", type, array: from, places: indices },
  };
  return [
    indices.reduceRight<RegionStmt>(
      (body, { name }, axis) => ({
        kind: "for",
        index: name,
        from: i32(0),
        to: i32(shape[axis]!),
        step: 1,
        body: [body],
      }),
      store,
    ),
  ];
}
