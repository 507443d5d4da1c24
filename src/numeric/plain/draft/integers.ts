import type { RegionFor, Region, RegionExpr, RegionStmt } from "../../../engine/region/form/region.ts";
import { mapExpressionsOf, walkStmts } from "../../../engine/region/form/walk.ts";
import { apply, compare, convert, local, number, select, toInt32, truth } from "./draft.ts";
import type { ValueRange, ValueRanges } from "./ranges.ts";
import { isInt32, rangesOf } from "./ranges.ts";
import { integerParams, usesOf } from "./uses.ts";

/**
 * Converts a draft to a region: indices, bounds and lengths become machine integers if they are known to stay in range.
 * All other numbers stay f64, with their meaning in JavaScript, to the bit.
 *
 * An index computed from integers uses machine integers even if it could leave their range: the region treats such an
 * index as out of range when it runs. Bounds of loops that could leave the range are checked before the loop.
 */
export function withMachineIntegers(draft: Region): Region {
  const uses = usesOf(draft.body, draft.results);
  const params = integerParams(draft.params, uses);
  const ranges = rangesOf(draft.body, params);
  const integers = new Set(params);
  const note = (name: string, value: RegionExpr): void => {
    const range = ranges.of(local(name, "f64"));
    const isExact = !range.maybeMinusZero || !uses.value.has(name);
    const isUsed = uses.place.has(name) || uses.size.has(name);
    if (value.type === "f64" && isUsed && isExact && isInt32(range)) integers.add(name);
  };
  walkStmts(draft.body, (stmt) => {
    if (stmt.kind === "let") note(stmt.name, stmt.value);
    if (stmt.kind === "for" && isCounted(stmt, ranges)) integers.add(stmt.index);
  });
  const writer = new IntegerWriter(integers, ranges);
  return {
    ...draft,
    params: draft.params.map((param) => (params.has(param.name) ? { ...param, type: "i32" } : param)),
    body: writer.block(draft.body),
    results: draft.results.map((result) =>
      result.kind === "scalar" ? { ...result, value: writer.value(result.value) } : result,
    ),
  };
}

/** True if the index of a loop can be a machine integer: its start is one, and a constant end is in the int32 range. */
function isCounted({ from, to }: RegionFor, ranges: ValueRanges): boolean {
  return isInt32(ranges.of(from)) && !(to.kind === "const" && !isInt32(ranges.of(to)));
}

const most = 2 ** 31 - 1;
const least = -(2 ** 31);

const bitFunctions: ReadonlySet<string> = new Set(["bitwiseAnd", "bitwiseOr", "bitwiseXor"]);

/** Writes expressions with machine integers. */
class IntegerWriter {
  readonly #integers: ReadonlySet<string>;
  readonly #ranges: ValueRanges;
  /** The statement that is being rewritten, if it is a `let` or `set`. */
  #at: RegionStmt | undefined;

  constructor(integers: ReadonlySet<string>, ranges: ValueRanges) {
    this.#integers = integers;
    this.#ranges = ranges;
  }

  #rangeOf(expr: RegionExpr): ValueRange {
    return this.#ranges.of(expr, this.#at);
  }

  block(body: readonly RegionStmt[]): RegionStmt[] {
    return body.flatMap((stmt) => this.#statement(stmt));
  }

  /** Rewrites an expression without changing its type. */
  value(expr: RegionExpr): RegionExpr {
    switch (expr.kind) {
      case "const":
      case "length":
        return expr;
      case "local":
        return this.#integers.has(expr.name) ? convert("f64", local(expr.name, "i32")) : expr;
      case "load": {
        const places = expr.places.map((place) => this.#place(place));
        if (!this.#integers.has(expr.array)) return { ...expr, places };
        return convert("f64", { ...expr, type: "i32", places });
      }
      case "convert": {
        const inner = expr.type === "i32" ? this.#exact(expr.x) : undefined;
        return inner ?? { ...expr, x: this.value(expr.x) };
      }
      case "select":
        return select(this.value(expr.condition), this.value(expr.x), this.value(expr.y));
      case "apply":
        return this.#applied(expr);
    }
  }

  #applied(expr: RegionExpr & { readonly kind: "apply" }): RegionExpr {
    if (expr.function === toInt32) return convert("f64", this.#wrapped(expr.args[0]!));
    if (expr.type === "f64" && bitFunctions.has(expr.function)) return convert("f64", this.#bits(expr));
    const isComparison = expr.type === "bool" && expr.args.every(({ type }) => type === "f64");
    if (isComparison && expr.args.some(({ kind }) => kind !== "const")) {
      const args = expr.args.map((arg) => this.#integer(arg, { guarded: false, converted: false }));
      if (args.every((arg) => arg !== undefined)) return { ...expr, args };
    }
    return { ...expr, args: expr.args.map((arg) => this.value(arg)) };
  }

  /** Rewrites a bitwise function, whose operands become i32. */
  #bits({ function: name, args }: RegionExpr & { readonly kind: "apply" }): RegionExpr {
    return apply(name, "i32", ...args.map((arg) => this.#exact(arg) ?? convert("i32", this.value(arg))));
  }

  /** Returns the number as an i32 expression; `undefined` unless it is known to be a machine integer. */
  #exact(expr: RegionExpr): RegionExpr | undefined {
    return this.#integer(expr, { guarded: false, converted: true });
  }

  /**
   * Rewrites an index. The result is an integer expression, which may leave the int32 range, or a number that is
   * checked to be an integer.
   */
  #place(expr: RegionExpr): RegionExpr {
    const { args, function: name } = expr.kind === "apply" ? expr : { args: [], function: "" };
    if (name === "rem" && !isInt32(this.#rangeOf(expr))) {
      // the remainder by 0 is NaN, which is not a valid index; `least`, which replaces it, is not valid either
      const [x, y] = args.map((arg) => this.#integer(arg, { guarded: false, converted: false }));
      if (x !== undefined && y !== undefined)
        return select(compare("equal", y, integer(0)), integer(least), apply("rem", "i32", x, y));
    }
    return this.#integer(expr, { guarded: true, converted: true }) ?? this.value(expr);
  }

  /** Rewrites `x | 0`, which converts to int32 as in JavaScript. */
  #wrapped(expr: RegionExpr): RegionExpr {
    const exact = this.#exact(expr);
    if (exact !== undefined) return exact;
    const { low, high } = this.#rangeOf(expr);
    const x = this.value(expr);
    if (low > least - 1 && high < most + 1) return convert("i32", x); // truncates, and converts NaN to 0
    const whole = apply("trunc", "f64", x);
    const wraps = 2 ** 32;
    const times = apply("floor", "f64", apply("div", "f64", whole, number(wraps)));
    const rest = apply("sub", "f64", whole, apply("mul", "f64", times, number(wraps))); // exact: a power of two
    const isAbove = compare("lessEqual", number(2 ** 31), rest);
    return convert("i32", select(isAbove, apply("sub", "f64", rest, number(wraps)), rest));
  }

  /**
   * Rewrites an expression as a machine integer; `undefined` if it may not be one. `guarded`: intermediate sums and
   * products may leave the range. `converted`: also accepts expressions that are computed in f64 and whose result is a
   * machine integer.
   */
  #integer(
    expr: RegionExpr,
    how: { readonly guarded: boolean; readonly converted: boolean },
  ): RegionExpr | undefined {
    const isSafe = isInt32(this.#rangeOf(expr));
    switch (expr.kind) {
      case "const":
        return isSafe ? integer(expr.value) : undefined;
      case "local":
        if (this.#integers.has(expr.name)) return local(expr.name, "i32");
        break;
      case "load":
        if (this.#integers.has(expr.array))
          return { ...expr, type: "i32", places: expr.places.map((place) => this.#place(place)) };
        break;
      case "convert":
        if (expr.x.type === "i32") return this.value(expr.x);
        break;
      case "select": {
        const [x, y] = [this.#integer(expr.x, how), this.#integer(expr.y, how)];
        if (x !== undefined && y !== undefined) return select(this.value(expr.condition), x, y);
        break;
      }
      case "apply": {
        const found = this.#integerFunction(expr, how, isSafe);
        if (found !== undefined) return found;
        break;
      }
      case "length":
        return expr;
    }
    return how.converted && isSafe ? convert("i32", this.value(expr)) : undefined;
  }

  #integerFunction(
    expr: RegionExpr & { readonly kind: "apply" },
    how: { readonly guarded: boolean; readonly converted: boolean },
    isSafe: boolean,
  ): RegionExpr | undefined {
    const { function: name, args } = expr;
    if (expr.type === "f64" && bitFunctions.has(name)) return this.#bits(expr);
    const exact = { guarded: false, converted: how.converted };
    const all = (inner: typeof how): RegionExpr[] | undefined => {
      const parts = args.map((arg) => this.#integer(arg, inner));
      return parts.every((part) => part !== undefined) ? parts : undefined;
    };
    switch (name) {
      case "add":
      case "sub":
      case "mul":
      case "neg": {
        const parts = isSafe || how.guarded ? all(isSafe && !how.guarded ? exact : how) : undefined;
        return parts && apply(name, "i32", ...parts);
      }
      case "minimum":
      case "maximum":
      case "abs":
      case "rem": {
        const parts = isSafe ? all(exact) : undefined;
        return parts && apply(name, "i32", ...parts);
      }
      case "floor":
      case "ceil":
      case "trunc":
        return this.#rounded(name, args[0]!, exact);
      case toInt32:
        return this.#wrapped(args[0]!);
      default:
        return undefined;
    }
  }

  /**
   * Rewrites `trunc(a / b)`, or `floor(a / b)` for a ≥ 0, of integers with b > 0 as an integer division, which
   * truncates. Removes rounding functions of integers. `undefined` for other operands.
   */
  #rounded(
    name: string,
    x: RegionExpr,
    how: { readonly guarded: boolean; readonly converted: boolean },
  ): RegionExpr | undefined {
    if (this.#rangeOf(x).whole) return this.#integer(x, how);
    if (x.kind !== "apply" || x.function !== "div") return undefined;
    const [a, b] = x.args.map((arg) => this.#integer(arg, { ...how, converted: false }));
    const [over, under] = x.args.map((arg) => this.#rangeOf(arg));
    if (a === undefined || b === undefined || under!.low <= 0) return undefined;
    return name === "trunc" || (name === "floor" && over!.low >= 0) ? apply("div", "i32", a, b) : undefined;
  }

  #statement(stmt: RegionStmt): RegionStmt[] {
    switch (stmt.kind) {
      case "let":
      case "set": {
        this.#at = stmt;
        const isInteger = this.#integers.has(stmt.name);
        const value = isInteger
          ? (this.#exact(stmt.value) ?? convert("i32", this.value(stmt.value)))
          : this.value(stmt.value);
        this.#at = undefined;
        return [{ ...stmt, value }];
      }
      case "array":
        return [{ ...stmt, dims: stmt.dims.map((dim) => this.#length(dim)) }];
      case "store": {
        const places = stmt.places.map((place) => this.#place(place));
        return [{ ...stmt, places, value: this.value(stmt.value) }];
      }
      case "throw":
        return [mapExpressionsOf(stmt, (value) => this.value(value))];
      case "swap":
        return [stmt];
      case "if":
        return [
          {
            ...stmt,
            condition: this.value(stmt.condition),
            then: this.block(stmt.then),
            otherwise: this.block(stmt.otherwise),
          },
        ];
      case "while":
        return [{ ...stmt, condition: this.value(stmt.condition), body: this.block(stmt.body) }];
      case "for":
        return this.#integers.has(stmt.index) ? this.#counted(stmt) : this.#asWhile(stmt);
    }
  }

  /** Rewrites a length: its fraction is truncated, as in JavaScript. */
  #length(expr: RegionExpr): RegionExpr {
    return this.#integer(expr, { guarded: true, converted: true }) ?? convert("i32", this.value(expr));
  }

  #counted(stmt: RegionFor): RegionStmt[] {
    const from = this.#exact(stmt.from)!;
    const exact = this.#exact(stmt.to);
    const loop = {
      ...stmt,
      from,
      ...(stmt.live && { live: this.value(stmt.live) }),
      body: this.block(stmt.body),
    };
    if (exact !== undefined) return [{ ...loop, to: exact }];
    const to = this.value(stmt.to);
    const isTooFar = stmt.step > 0 ? compare("less", number(most), to) : compare("less", to, number(least));
    const message = "the loop goes on beyond 2147483647";
    const guard: RegionStmt = {
      kind: "if",
      condition: isTooFar,
      then: [{ kind: "throw", message, at: stmt.at }],
      otherwise: [],
      at: stmt.at,
    };
    const whole = this.#integer(stmt.to, { guarded: true, converted: false });
    if (whole !== undefined) return [guard, { ...loop, to: whole }];
    // NaN ends the loop before it starts, but as an integer it is 0
    const isNeverAbove0 = stmt.step > 0 && this.#rangeOf(stmt.from).low >= 0;
    const end = isNeverAbove0
      ? convert("i32", to)
      : select(compare("equal", to, to), convert("i32", to), from);
    return [guard, { ...loop, to: end }];
  }

  /** Rewrites a loop whose index is not a machine integer as a `while` loop. */
  #asWhile({ index, from, to, step, live, body, at }: RegionFor): RegionStmt[] {
    const i = local(index, "f64");
    const goesOn = this.value(reached(i, to, step));
    const condition = live === undefined ? goesOn : select(goesOn, this.value(live), truth(false));
    const next: RegionStmt = { kind: "set", name: index, value: apply("add", "f64", i, number(step)) };
    return [
      { kind: "let", name: index, value: this.value(from) },
      { kind: "while", condition, body: [...this.block(body), next], at },
    ];
  }
}

function integer(value: number): RegionExpr {
  return { kind: "const", type: "i32", value: value === 0 ? 0 : value }; // −0 is 0
}

/**
 * Condition that an index, which need not be an integer, has not reached the end of a loop. `endOf` has rounded the
 * bound of this loop to an integer.
 */
function reached(i: RegionExpr, to: RegionExpr, step: number): RegionExpr {
  const { function: name, args } = to.kind === "apply" ? to : { function: "", args: [] };
  const inner = args[0]?.kind === "apply" ? args[0] : undefined;
  if (step > 0) {
    if (name === "ceil") return compare("less", i, args[0]!);
    if (name === "add" && inner?.function === "floor") return compare("lessEqual", i, inner.args[0]!);
    return compare("less", i, to);
  }
  if (name === "floor") return compare("less", args[0]!, i);
  if (name === "sub" && inner?.function === "ceil") return compare("lessEqual", inner.args[0]!, i);
  return compare("less", to, i);
}
