// A draft of a region: all numbers are f64, including bounds and indices of loops and arrays, as in JavaScript.
// `integers.ts` determines which of them are machine integers. Statements are those of regions, with one additional
// function: `toInt32` is JavaScript's `| 0`.
import type {
  Position,
  PositionIndex,
  RegionExpr,
  RegionStmt,
  RegionType,
} from "../../../engine/region/form/region.ts";
import { partsOf } from "../../../engine/region/form/walk.ts";
import type { Node } from "../syntax/ast.ts";
import type { SourceText } from "../syntax/refuse.ts";
import { lineStarts, placeOf } from "../syntax/refuse.ts";

/** Name in drafts of the function `x | 0` of JavaScript. Its result is an f64 integer from −2^31 to 2^31 − 1. */
export const toInt32 = "toInt32";

/**
 * Statements in the order in which they run. Insertion points in between can be reserved for statements that turn out
 * to be needed.
 */
export class StatementBlock {
  readonly #items: (RegionStmt | StatementBlock)[] = [];
  readonly #around: StatementBlock | undefined;
  #size = 0;

  constructor(around?: StatementBlock) {
    this.#around = around;
  }

  push(stmt: RegionStmt): void {
    this.#items.push(stmt);
    this.#grow();
  }

  #grow(): void {
    this.#size++;
    if (this.#around !== undefined) this.#around.#grow();
  }

  /** Reserves a position at the current end of the block, at which later statements can be inserted. */
  reserve(): StatementBlock {
    const reserved = new StatementBlock(this);
    this.#items.push(reserved);
    return reserved;
  }

  /** Number of statements so far. */
  get size(): number {
    return this.#size;
  }

  statements(): RegionStmt[] {
    return this.#items.flatMap((item) => (item instanceof StatementBlock ? item.statements() : [item]));
  }
}

/** Unique names: `x`, `x_2`, `x_3`, … */
export class FreshNames {
  readonly #used = new Set<string>();
  readonly #next = new Map<string, number>();

  fresh(wanted: string): string {
    let name = wanted;
    for (let n = this.#next.get(wanted) ?? 2; this.#used.has(name); n++) {
      name = `${wanted}_${n}`;
      this.#next.set(wanted, n + 1);
    }
    this.#used.add(name);
    return name;
  }
}

/** Table of source positions of statements and guards, without duplicates. */
export class PositionTable {
  readonly list: Position[] = [];
  readonly #known = new Map<string, PositionIndex>();

  of(source: SourceText, node: Node, end: number = node.end): PositionIndex {
    const key = `${source.file} ${node.start} ${end}`;
    let index = this.#known.get(key);
    if (index === undefined) {
      const text = source.text.slice(node.start, end).replace(/\s+/g, " ").trim();
      index = this.list.push({ ...placeOf(lineStarts(source), node.start), text }) - 1;
      this.#known.set(key, index);
    }
    return index;
  }
}

export function number(value: number): RegionExpr {
  return { kind: "const", type: "f64", value };
}

export function truth(value: boolean): RegionExpr {
  return { kind: "const", type: "bool", value: value ? 1 : 0 };
}

export function local(name: string, type: RegionType): RegionExpr {
  return { kind: "local", name, type };
}

export function apply(name: string, type: RegionType, ...args: readonly RegionExpr[]): RegionExpr {
  return { kind: "apply", type, function: name, args };
}

export function convert(type: RegionType, x: RegionExpr): RegionExpr {
  return x.type === type ? x : { kind: "convert", type, x };
}

export function lengthOf(array: string, axis: number): RegionExpr {
  return convert("f64", { kind: "length", type: "i32", array, axis });
}

const folded: Readonly<Record<string, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  neg: (x) => -x,
  abs: Math.abs,
  sqrt: Math.sqrt, // rounded identically everywhere, unlike sin or exp
  floor: Math.floor,
  ceil: Math.ceil,
};

/**
 * Builds the application of a function of numbers. If all arguments are constants and the result has the same bits on
 * every machine, it is computed at once.
 */
export function arithmetic(name: string, ...args: readonly RegionExpr[]): RegionExpr {
  const fold = folded[name];
  const values = args.map((arg) => (arg.kind === "const" ? arg.value : undefined));
  if (fold !== undefined && values.every((value) => value !== undefined))
    return number(fold(values[0]!, values[1]!));
  return apply(name, "f64", ...args);
}

export function compare(
  name: "less" | "lessEqual" | "equal" | "notEqual",
  x: RegionExpr,
  y: RegionExpr,
): RegionExpr {
  return apply(name, "bool", x, y);
}

export function not(x: RegionExpr): RegionExpr {
  if (x.kind === "const") return truth(x.value === 0);
  return compare("equal", x, truth(false));
}

/**
 * Builds `x && y` or `x || y`. If evaluating y could end the call with an error, y is only evaluated when x does not
 * decide the result.
 */
export function and(x: RegionExpr, y: RegionExpr): RegionExpr {
  if (x.kind === "const") return x.value === 0 ? x : y;
  if (isTrue(y)) return x;
  return mayFail(y) ? select(x, y, truth(false)) : apply("bitwiseAnd", "bool", x, y);
}

export function or(x: RegionExpr, y: RegionExpr): RegionExpr {
  if (x.kind === "const") return x.value === 0 ? y : x;
  return mayFail(y) ? select(x, truth(true), y) : apply("bitwiseOr", "bool", x, y);
}

export function isTrue(x: RegionExpr): boolean {
  return x.kind === "const" && x.value !== 0;
}

export function select(condition: RegionExpr, x: RegionExpr, y: RegionExpr): RegionExpr {
  if (condition.kind === "const") return condition.value === 0 ? y : x;
  return { kind: "select", type: x.type, condition, x, y };
}

export function someExpr(expr: RegionExpr, test: (part: RegionExpr) => boolean): boolean {
  return test(expr) || partsOf(expr).some((part) => someExpr(part, test));
}

/**
 * Largest nesting depth of a region's expressions. Deeper expressions are split by locals, because later stages are
 * recursive and support 500 levels. (Locals may change the order in which a gradient adds, and with it the last bits.)
 */
const mostLevels = 400;

const levels = new WeakMap<RegionExpr, number>();

/** Number of nested levels of an expression. Cached per expression. */
function levelsOf(expr: RegionExpr): number {
  let depth = levels.get(expr);
  if (depth === undefined) {
    depth = 1;
    for (const part of partsOf(expr)) depth = Math.max(depth, 1 + levelsOf(part));
    levels.set(expr, depth);
  }
  return depth;
}

/** True if an expression is nested so deeply that it should be kept in a local. */
export function isDeep(expr: RegionExpr): boolean {
  return levelsOf(expr) > mostLevels;
}

/** True if evaluating the expression could end the call with an error. */
function mayFail(expr: RegionExpr): boolean {
  return someExpr(expr, (part) => part.kind === "load" && part.at !== undefined);
}
