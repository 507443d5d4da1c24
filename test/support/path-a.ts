// Evaluates a region with tensors of the public API: locals are tensors, loops are `foriLoop`, branches are `cond`,
// arrays are read by `at` and written by `dynamicUpdateSlice`. Its derivatives use those of the primitives only.
import type { Tensor } from "downhill";
import * as d from "downhill";
import type {
  RegionFor,
  Region,
  RegionExpr,
  RegionStmt,
  RegionType,
} from "../../src/engine/region/form/region.ts";
import { convertFunction } from "../../src/engine/kernel/operations.ts";
import { assertNever, must } from "../../src/engine/util/assert-never.ts";
import type { RegionCounts } from "./evaluate-region.ts";
import { plainScalarValues } from "./scalar-values.ts";

/** Bounds unknown while a region is traced: the longest loop and the longest axis, measured by an evaluation. */
export type TraceBounds = Pick<RegionCounts, "longestLoop" | "longestAxis">;

/** Maximum trip count, known at tracing, of an unrolled loop. */
const unrolled = 3;

/** An integer or bool that is known during tracing, or a tensor. */
type Value = number | Tensor;

interface ArrayValue {
  /** The tensor has the length of the array, or `longestAxis` if the length is unknown. */
  readonly tensor: Tensor;
  readonly lengths: readonly Value[];
}

const dtypes = { f64: "float64", f32: "float32", i32: "int32", bool: "bool" } as const;

type Elementwise = (...xs: readonly Tensor[]) => Tensor;
const renamed: Readonly<Record<string, string>> = { bitwiseAnd: "logicalAnd", bitwiseOr: "logicalOr" };

/**
 * Returns the function from a region's parameters to its results. Integers and bools may be plain numbers; values that
 * depend only on them are known during tracing. Errors in branches or loops of unknown length are not thrown, so give
 * arguments that raise none.
 */
export function pathA(region: Region, bounds: TraceBounds): (...args: readonly Value[]) => Tensor[] {
  return (...args) => new Trace(region, bounds, args).run();
}

class Trace {
  readonly #region: Region;
  readonly #bounds: TraceBounds;
  #scalars = new Map<string, { readonly type: RegionType; readonly value: Value }>();
  #arrays = new Map<string, ArrayValue>();
  /** Whether the traced code may never run. */
  #isUncertain = false;

  constructor(region: Region, bounds: TraceBounds, args: readonly Value[]) {
    this.#region = region;
    this.#bounds = bounds;
    region.params.forEach(({ kind, name, type }, i) => {
      const value = must(args[i], "an argument");
      if (kind === "scalar")
        this.#scalars.set(name, { type, value: isWhole(type) ? value : asTensor(value, type) });
      else {
        const tensor = asTensor(value, type);
        this.#arrays.set(name, { tensor, lengths: tensor.shape });
      }
    });
  }

  run(): Tensor[] {
    this.#statements(this.#region.body);
    return this.#region.results.map((result) =>
      result.kind === "array"
        ? this.#array(result.name).tensor
        : asTensor(this.#value(result.value), result.value.type),
    );
  }

  #statements(stmts: readonly RegionStmt[]): void {
    for (const stmt of stmts) this.#statement(stmt);
  }

  #statement(stmt: RegionStmt): void {
    switch (stmt.kind) {
      case "let":
      case "set":
        this.#scalars.set(stmt.name, { type: stmt.value.type, value: this.#value(stmt.value) });
        return;
      case "array": {
        const lengths = stmt.dims.map((n) => this.#value(n));
        const shape = lengths.map((n) => (typeof n === "number" ? n : this.#bounds.longestAxis));
        this.#arrays.set(stmt.name, { tensor: d.zeros(shape, { dtype: dtypes[stmt.type] }), lengths });
        return;
      }
      case "store": {
        const { tensor, lengths } = this.#array(stmt.array);
        const places = stmt.places.map((place) => asTensor(this.#place(place), "i32"));
        const value = asTensor(this.#value(stmt.value), stmt.value.type);
        const block = d.reshape(
          value,
          lengths.map(() => 1),
        );
        this.#arrays.set(stmt.array, { tensor: d.dynamicUpdateSlice(tensor, block, places), lengths });
        return;
      }
      case "swap": {
        const [x, y] = [this.#array(stmt.x), this.#array(stmt.y)];
        this.#arrays.set(stmt.x, y).set(stmt.y, x);
        return;
      }
      case "if":
        this.#branch(
          this.#value(stmt.condition),
          () => this.#statements(stmt.then),
          () => this.#statements(stmt.otherwise),
          changedIn([...stmt.then, ...stmt.otherwise]),
        );
        return;
      case "for":
        this.#for(stmt);
        return;
      case "while":
        this.#repeat(
          this.#bounds.longestLoop,
          changedIn(stmt.body),
          () => this.#value(stmt.condition),
          () => this.#statements(stmt.body),
        );
        return;
      case "throw":
        if (!this.#isUncertain) throw new Error(stmt.message);
        return;
      default:
        assertNever(stmt, "pathA");
    }
  }

  #for({ index, from, to, step, reverse, live, body }: RegionFor): void {
    const changed = changedIn(body);
    const first = this.#value(from);
    // distance to the end, rounded up to whole steps
    const distance = integer("sub", this.#value(to), first);
    const iterations = integer(
      "maximum",
      integer("div", integer("add", distance, step - Math.sign(step)), step),
      0,
    );
    const setIndex = (i: Value): void => {
      const place = reverse === true ? integer("sub", integer("sub", iterations, 1), i) : i;
      this.#scalars.set(index, { type: "i32", value: integer("add", first, integer("mul", place, step)) });
    };
    const iteration = (i: Value): void => {
      setIndex(i);
      this.#statements(body);
    };
    if (typeof iterations !== "number" || live !== undefined) {
      const most = typeof iterations === "number" ? iterations : this.#bounds.longestLoop;
      const goesOn = (i: Tensor): Value => {
        setIndex(i);
        const isBelow = integer("less", i, iterations);
        return live === undefined
          ? isBelow
          : this.#choose(
              isBelow,
              "bool",
              () => this.#value(live),
              () => 0,
            );
      };
      this.#repeat(most, changed, goesOn, iteration);
    } else if (iterations <= unrolled) for (let i = 0; i < iterations; i++) iteration(i);
    else {
      const names = this.#carried(changed);
      const body_ = (i: Tensor, carry: Tensor[]): Tensor[] => this.#within(names, carry, () => iteration(i));
      this.#assign(names, d.foriLoop(0, iterations, body_, this.#read(names)));
    }
  }

  /** Repeats `body` while `goesOn` holds, at most `most` times. */
  #repeat(
    most: number,
    changed: ReadonlySet<string>,
    goesOn: (i: Tensor) => Value,
    body: (i: Tensor) => void,
  ): void {
    const names = this.#carried(changed);
    const step = (i: Tensor, [alive, ...carry]: Tensor[]): Tensor[] => {
      let runs: Tensor | undefined;
      const next = this.#within(names, carry, () => {
        runs = asTensor(
          this.#choose(
            alive!,
            "bool",
            () => goesOn(i),
            () => 0,
          ),
          "bool",
        );
        this.#branch(
          runs,
          () => body(i),
          () => {},
          changed,
        );
      });
      return [must(runs, "whether it goes on"), ...next];
    };
    const [, ...last] = d.foriLoop(0, most, step, [asTensor(1, "bool"), ...this.#read(names)]);
    this.#assign(names, last);
  }

  #branch(condition: Value, then: () => void, otherwise: () => void, changed: ReadonlySet<string>): void {
    if (typeof condition === "number") return condition === 0 ? otherwise() : then();
    const names = this.#carried(changed);
    if (names.length === 0) return;
    const now = this.#read(names);
    const side = (run: () => void) => (): Tensor[] => this.#within(names, now, run);
    const wasUncertain = this.#isUncertain;
    this.#isUncertain = true;
    this.#assign(names, d.cond(condition, side(then), side(otherwise)));
    this.#isUncertain = wasUncertain;
  }

  #choose(condition: Value, type: RegionType, x: () => Value, y: () => Value): Value {
    if (typeof condition === "number") return condition === 0 ? y() : x();
    return d.cond(
      condition,
      () => asTensor(x(), type),
      () => asTensor(y(), type),
    );
  }

  /** The names that are in scope here, in a fixed order. */
  #carried(changed: ReadonlySet<string>): string[] {
    return [...changed].filter((name) => this.#scalars.has(name) || this.#arrays.has(name));
  }

  #read(names: readonly string[]): Tensor[] {
    return names.map((name) => {
      const scalar = this.#scalars.get(name);
      return scalar === undefined ? this.#array(name).tensor : asTensor(scalar.value, scalar.type);
    });
  }

  #assign(names: readonly string[], values: readonly Tensor[]): void {
    names.forEach((name, i) => {
      const [value, scalar] = [must(values[i], "a value"), this.#scalars.get(name)];
      if (scalar === undefined) this.#arrays.set(name, { ...this.#array(name), tensor: value });
      else this.#scalars.set(name, { ...scalar, value });
    });
  }

  /** Returns the values of names after `run`, which starts from `values`. The environment is restored. */
  #within(names: readonly string[], values: readonly Tensor[], run: () => void): Tensor[] {
    const [scalars, arrays] = [this.#scalars, this.#arrays];
    this.#scalars = new Map(scalars);
    this.#arrays = new Map(arrays);
    this.#assign(names, values);
    run();
    const after = this.#read(names);
    this.#scalars = scalars;
    this.#arrays = arrays;
    return after;
  }

  #value(expr: RegionExpr): Value {
    switch (expr.kind) {
      case "const":
        return isWhole(expr.type) ? expr.value : asTensor(expr.value, expr.type);
      case "local":
        return must(this.#scalars.get(expr.name), expr.name).value;
      case "load": {
        let { tensor } = this.#array(expr.array);
        for (const place of expr.places) tensor = d.at(tensor, this.#place(place));
        return tensor;
      }
      case "length":
        return must(this.#array(expr.array).lengths[expr.axis], "an axis");
      case "apply":
        return applied(
          expr.function,
          expr.args.map(({ type }) => type),
          expr.args.map((x) => this.#value(x)),
        );
      case "convert": {
        const x = this.#value(expr.x);
        if (typeof x !== "number") return d.astype(x, dtypes[expr.type]);
        const value = convertFunction(expr.type, expr.x.type)(x);
        return isWhole(expr.type) ? value : asTensor(value, expr.type);
      }
      case "select":
        return this.#choose(
          this.#value(expr.condition),
          expr.type,
          () => this.#value(expr.x),
          () => this.#value(expr.y),
        );
      default:
        return assertNever(expr, "pathA");
    }
  }

  #place(expr: RegionExpr): Value {
    const place = this.#value(expr);
    return typeof place === "number" ? place : d.astype(place, "int32");
  }

  #array(name: string): ArrayValue {
    return must(this.#arrays.get(name), name);
  }
}

function applied(name: string, types: readonly RegionType[], args: readonly Value[]): Value {
  if (args.every((x) => typeof x === "number"))
    return must(plainScalarValues(name, types), name).value(...args);
  const tensors = args.map((x, i) => asTensor(x, types[i]!));
  if (name === "div" && types[0] === "i32") {
    // tensor quotients are not truncated
    const [x, y] = tensors.map((t) => d.astype(t, "float64")) as [Tensor, Tensor];
    return d.astype(d.trunc(d.div(x, y)), "int32");
  }
  const f = (d as unknown as Readonly<Record<string, Elementwise>>)[renamed[name] ?? name];
  return must(f, name)(...tensors);
}

const integer = (name: string, x: Value, y: Value): Value => applied(name, ["i32", "i32"], [x, y]);

function asTensor(value: Value, type: RegionType): Tensor {
  if (typeof value !== "number") return value;
  return d.tensor(type === "bool" ? value !== 0 : value, { dtype: dtypes[type] });
}

const isWhole = (type: RegionType): boolean => type === "i32" || type === "bool";

/** Outer names that statements set, write to or swap. */
function changedIn(stmts: readonly RegionStmt[]): Set<string> {
  const [names, declared] = [new Set<string>(), new Set<string>()];
  const walk = (list: readonly RegionStmt[]): void => {
    for (const stmt of list)
      switch (stmt.kind) {
        case "set":
          names.add(stmt.name);
          break;
        case "store":
          names.add(stmt.array);
          break;
        case "swap":
          names.add(stmt.x).add(stmt.y);
          break;
        case "for":
        case "while":
          walk(stmt.body);
          break;
        case "if":
          walk(stmt.then);
          walk(stmt.otherwise);
          break;
        case "let":
        case "array":
          declared.add(stmt.name);
          break;
        case "throw":
          break;
        default:
          assertNever(stmt, "changedIn");
      }
  };
  walk(stmts);
  return new Set([...names].filter((name) => !declared.has(name)));
}
