// A region as it is first written down: all numbers are f64, bounds and places of loops and arrays too, as in JavaScript.
// `integers.ts` finds out which of them are machine integers. Statements are those of regions, and one function more:
// `toInt32` is JavaScript's `| 0`.
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

/** The name of JavaScript's `| 0` in drafts: a whole number of f64 from −2^31 to 2^31 − 1. */
export const toInt32 = "toInt32";

/** Statements in the order in which they run. Places in between can be kept for statements that turn out to be needed. */
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

  /** A place here for statements to come. */
  reserve(): StatementBlock {
    const reserved = new StatementBlock(this);
    this.#items.push(reserved);
    return reserved;
  }

  /** How many statements there are. */
  get size(): number {
    return this.#size;
  }

  statements(): RegionStmt[] {
    return this.#items.flatMap((item) => (item instanceof StatementBlock ? item.statements() : [item]));
  }
}

/** Names that are used once: `x`, `x_2`, `x_3`, … */
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

/** Places in the text that statements and guards refer to, each once. */
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
  sqrt: Math.sqrt, // rounded once everywhere, unlike sin or exp
  floor: Math.floor,
  ceil: Math.ceil,
};

/** A function of numbers, computed at once where all are known and every machine agrees. */
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

/** `x && y` and `x || y`; y is evaluated only where it matters if it could end the call. */
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
 * Most levels of an expression of a region: what is deeper is kept in a local on the way. Later stages, which follow expressions by
 * recursion and add levels of their own, take 500. (Locals may change the order in which a gradient adds, and with it the last bits.)
 */
const mostLevels = 400;

const levels = new WeakMap<RegionExpr, number>();

/** Levels of an expression; those of its parts have been asked for before, or are few. */
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

/** Whether evaluating it could end the call. */
function mayFail(expr: RegionExpr): boolean {
  return someExpr(expr, (part) => part.kind === "load" && part.at !== undefined);
}
