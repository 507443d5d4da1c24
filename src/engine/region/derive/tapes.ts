// Memory use of tapes: a region that counts the elements of its tapes while it runs.
import { constant, convert, local } from "../form/build.ts";
import type {
  ArrayDeclaration,
  PositionIndex,
  Region,
  RegionExpr,
  RegionStmt,
  RegionType,
} from "../form/region.ts";
import { mapBlocksOf } from "../form/walk.ts";
import { namesOf } from "../form/names.ts";

export interface TapeUsage {
  /** Name in the region of the value that the tape saves. */
  readonly name: string;
  /** Position of the definition of this value. */
  readonly at: PositionIndex | undefined;
  readonly bytesPerElement: number;
}

const bytesOf: Readonly<Record<RegionType, number>> = { f64: 8, f32: 4, i32: 4, bool: 4 };

/**
 * Returns a region that computes like the given one but counts tape elements. Its results are, for each tape in the
 * order of `tapes`, the largest number of elements that it contains at any time, as f64.
 */
export function countTapes(region: Region): {
  readonly region: Region;
  readonly tapes: readonly TapeUsage[];
} {
  const { fresh } = namesOf(region);
  const tapes: TapeUsage[] = [];
  const counters: string[] = [];
  const counterOf = new Map<string, string>();
  const f64 = (name: string, ...args: readonly RegionExpr[]): RegionExpr => ({
    kind: "apply",
    type: "f64",
    function: name,
    args,
  });
  const raise = (counter: string, to: RegionExpr): RegionStmt => ({
    kind: "set",
    name: counter,
    value: f64("maximum", local("f64", counter), to),
  });
  const declared = (stmt: ArrayDeclaration, { name, at }: TapeSource): readonly RegionStmt[] => {
    const counter = fresh("recorded");
    tapes.push({ name, at, bytesPerElement: bytesOf[stmt.type] });
    counters.push(counter);
    if (stmt.growable === true) {
      counterOf.set(stmt.name, counter);
      return [stmt];
    }
    const elements = stmt.dims.map((dim) => convert("f64", dim)).reduce((n, dim) => f64("mul", n, dim));
    return [stmt, raise(counter, elements)];
  };
  const block = (stmts: readonly RegionStmt[]): readonly RegionStmt[] =>
    stmts.flatMap((given): readonly RegionStmt[] => {
      const stmt = mapBlocksOf(given, block);
      if (stmt.kind === "array" && stmt.records !== undefined) return declared(stmt, stmt.records);
      const counter = stmt.kind === "store" ? counterOf.get(stmt.array) : undefined;
      if (stmt.kind !== "store" || counter === undefined) return [stmt];
      return [stmt, raise(counter, f64("add", convert("f64", stmt.places[0]!), constant("f64", 1)))];
    });
  const body = block(region.body);
  return {
    region: {
      ...region,
      name: `tapes of ${region.name}`,
      body: [
        ...counters.map((name): RegionStmt => ({ kind: "let", name, value: constant("f64", 0) })),
        ...body,
      ],
      results: counters.map((name) => ({ kind: "scalar", value: local("f64", name) })),
    },
    tapes,
  };
}

type TapeSource = NonNullable<ArrayDeclaration["records"]>;
