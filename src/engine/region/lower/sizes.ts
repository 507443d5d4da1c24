import { isSizeOperation, sizeOperation } from "../../kernel/call-sizes.ts";
import * as k from "../../kernel/build.ts";
import type { BinaryOp, Expr, SizeExpr } from "../../kernel/scalar.ts";
import { constantSize, multiplySizes, sizeExpr } from "../../kernel/sizes.ts";
import { must } from "../../util/assert-never.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type { ArrayDeclaration, RegionFor, Region, RegionExpr, RegionStmt } from "../form/region.ts";
import { walkStmts } from "../form/walk.ts";
import type { ArrayPlace } from "./scope.ts";

/** Memory requirement of an array that a region declares. */
export interface ArrayMemoryPlan {
  readonly declaration: ArrayDeclaration;
  /**
   * Upper bound of the number of elements: arithmetic on scalar parameters and lengths of array parameters. `undefined`
   * if known only at run time.
   */
  readonly size: SizeExpr | undefined;
  /** Exact lengths of the axes, as arithmetic on the same inputs; `undefined` if unknown. */
  readonly dims: readonly SizeExpr[] | undefined;
  /**
   * Arrays that it is exchanged with by `swap`, directly or through other arrays, including itself, in the order of
   * their declarations.
   */
  readonly group: readonly string[];
}

/** Lower and upper bound of an integer. */
interface SizeBounds {
  readonly low: SizeExpr;
  readonly high: SizeExpr;
  readonly isPositive: boolean; // at least 0
}

/** Plans the memory of the arrays that a region declares, by name. */
export function planArrays(
  region: Region,
  functions: ScalarFunctions,
  scalars: ReadonlyMap<string, Expr>,
  arrays: ReadonlyMap<string, Pick<ArrayPlace, "dims">>,
): ReadonlyMap<string, ArrayMemoryPlan> {
  const settable = new Set<string>();
  walkStmts(region.body, (stmt) => void (stmt.kind === "set" && settable.add(stmt.name)));
  const known = new Map<string, SizeBounds>();
  const lengths = new Map<string, readonly (SizeBounds | undefined)[]>();
  for (const [name, value] of scalars)
    if (value.type === "i32") known.set(name, exactly(sizeOf(value), false));
  for (const [name, { dims }] of arrays)
    lengths.set(
      name,
      dims.map((n) => exactly(sizeOf(n), true)),
    );
  const facts: SizeFacts = { functions, known, lengths };
  const groups = groupsOf(region.body);
  const plans = new Map<string, ArrayMemoryPlan>();
  walkStmts(region.body, (stmt) => {
    if (stmt.kind === "let" && !settable.has(stmt.name) && stmt.value.type === "i32") {
      const value = boundsOfInteger(facts, stmt.value);
      if (value !== undefined) known.set(stmt.name, value);
    } else if (stmt.kind === "for") {
      const index = boundsOfIndex(facts, stmt);
      if (index !== undefined) known.set(stmt.index, index);
    } else if (stmt.kind === "array") {
      const dims = stmt.dims.map((n) => boundsOfInteger(facts, n));
      lengths.set(stmt.name, dims);
      plans.set(stmt.name, planOf(stmt, dims, must(groups.get(stmt.name), "a group")));
    }
  });
  return plans;
}

function planOf(
  declaration: ArrayDeclaration,
  dims: readonly (SizeBounds | undefined)[],
  group: readonly string[],
): ArrayMemoryPlan {
  const isKnown = dims.every((n) => n !== undefined) && declaration.growable !== true;
  if (!isKnown) return { declaration, size: undefined, dims: undefined, group };
  const highest = dims.map(({ high, isPositive }) => (isPositive ? high : atLeastZero(high)));
  const isExact = dims.every(({ low, high }) => low === high);
  return {
    declaration,
    size: highest.reduce(multiplySizes),
    dims: isExact ? highest : undefined,
    group,
  };
}

interface SizeFacts {
  readonly functions: ScalarFunctions;
  readonly known: ReadonlyMap<string, SizeBounds>;
  readonly lengths: ReadonlyMap<string, readonly (SizeBounds | undefined)[]>;
}

function sizeOf(value: Expr): SizeExpr {
  return value.kind === "const" ? value.value : value;
}

function exactly(size: SizeExpr, isPositive: boolean): SizeBounds {
  const known = constantSize(size);
  return { low: size, high: size, isPositive: isPositive || (known !== undefined && known >= 0) };
}

/** Lower and upper bound of an integer, as far as they are known before the call; `undefined` if not at all. */
function boundsOfInteger(facts: SizeFacts, expr: RegionExpr): SizeBounds | undefined {
  switch (expr.kind) {
    case "const":
      return exactly(expr.value, false);
    case "local":
      return facts.known.get(expr.name);
    case "length":
      return facts.lengths.get(expr.array)?.[expr.axis];
    case "apply": {
      const args = expr.args.map((arg) => boundsOfInteger(facts, arg));
      const [x, y] = args;
      if (args.length !== 2 || x === undefined || y === undefined || expr.type !== "i32") return undefined;
      return arithmetic(facts, expr.function, x, y);
    }
    case "load":
    case "convert":
    case "select":
      return undefined;
  }
}

function arithmetic(
  { functions }: SizeFacts,
  name: string,
  x: SizeBounds,
  y: SizeBounds,
): SizeBounds | undefined {
  const f = must(functions.get(name), `the function "${name}"`);
  const block = k.makeBlock();
  const written = f.lower([k.local("i32", "x"), k.local("i32", "y")], block);
  const isArithmetic =
    written.kind === "binary" && block.statements.length === 0 && isSizeOperation(written.op);
  if (!isArithmetic || written.x.kind !== "local" || written.y.kind !== "local") return undefined;
  const { op } = written;
  const of = (a: SizeExpr, b: SizeExpr): SizeExpr => combineSizes(op, a, b);
  const [isExact, arePositive] = [x.low === x.high && y.low === y.high, x.isPositive && y.isPositive];
  const made = (low: SizeExpr, high: SizeExpr, isPositive: boolean): SizeBounds =>
    isExact ? { low: high, high, isPositive } : { low, high, isPositive };
  if (op === "sub") return made(of(x.low, y.high), of(x.high, y.low), false);
  // all other operations are monotonic in both operands
  if (op === "mul" && !arePositive && !isExact) return undefined;
  const divisor = constantSize(y.high);
  if (op === "div" && (divisor === undefined || divisor <= 0 || y.low !== y.high)) return undefined;
  if (op === "shl" || op === "shr") return undefined;
  const isPositive = op === "max" ? x.isPositive || y.isPositive : arePositive;
  return made(of(x.low, y.low), of(x.high, y.high), isPositive);
}

/** Combines two sizes: a number if both are numbers and the result is an int32. */
function combineSizes(op: BinaryOp, a: SizeExpr, b: SizeExpr): SizeExpr {
  const [x, y] = [constantSize(a), constantSize(b)];
  if (x !== undefined && y !== undefined) {
    const value = sizeOperation(op)?.(x, y) ?? NaN;
    if (value === (value | 0)) return value;
  }
  return k.binary(op, sizeExpr(a), sizeExpr(b));
}

function atLeastZero(size: SizeExpr): SizeExpr {
  return combineSizes("max", size, 0);
}

/**
 * Returns a size as arithmetic on the inputs of a call. Names in `given` are inputs. Other locals are replaced by their
 * definitions in `made`, and float64 integers by the int32 value that they were converted from. `undefined` if the size
 * has another form.
 */
export function sizeBeforeCall(
  size: SizeExpr,
  made: ReadonlyMap<string, Expr>,
  given: ReadonlySet<string>,
  depth = 0,
): SizeExpr | undefined {
  if (typeof size === "number" || size.kind === "const") return size;
  if (depth > deepest) return undefined;
  const of = (x: Expr): SizeExpr | undefined => sizeBeforeCall(x, made, given, depth + 1);
  switch (size.kind) {
    case "local": {
      if (given.has(size.name)) return size.type === "i32" ? size : undefined;
      const value = made.get(size.name);
      return value && of(value);
    }
    case "convert":
      return size.type === "i32" || size.x.type === "i32" ? of(size.x) : undefined;
    case "select": // a product that is NaN where float64 does not hold it
      return size.y.kind === "const" && Number.isNaN(size.y.value) ? of(size.x) : undefined;
    case "binary": {
      const [x, y] = [of(size.x), of(size.y)];
      const isExact = ["add", "sub", "mul", "min", "max"].includes(size.op);
      return x === undefined || y === undefined || !isExact ? undefined : combineSizes(size.op, x, y);
    }
    case "load":
    case "table":
    case "unary":
    case "mulAdd":
    case "call":
      return undefined;
  }
}

/** Maximum number of definitions that are followed one after the other when a bound is computed. */
const deepest = 24;

/**
 * Bounds of a loop index, valid if the loop has an iteration; `undefined` if a bound of the loop is not known before
 * the call.
 */
function boundsOfIndex(facts: SizeFacts, { from, to, step }: RegionFor): SizeBounds | undefined {
  const [first, end] = [boundsOfInteger(facts, from), boundsOfInteger(facts, to)];
  if (first === undefined || end === undefined) return undefined;
  if (step > 0)
    return { low: first.low, high: combineSizes("sub", end.high, 1), isPositive: first.isPositive };
  const low = combineSizes("add", end.low, 1);
  return { low, high: first.high, isPositive: end.isPositive || (constantSize(low) ?? -1) >= 0 };
}

/** Groups of arrays that are exchanged with one another. Each other array is a group of its own. */
function groupsOf(body: readonly RegionStmt[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  walkStmts(body, (stmt) => void (stmt.kind === "array" && groups.set(stmt.name, [stmt.name])));
  const order = [...groups.keys()];
  walkStmts(body, (stmt) => {
    if (stmt.kind !== "swap") return;
    const [x, y] = [must(groups.get(stmt.x), "an array"), must(groups.get(stmt.y), "an array")];
    if (x === y) return;
    const both = [...x, ...y].toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
    for (const name of both) groups.set(name, both);
  });
  return groups;
}
