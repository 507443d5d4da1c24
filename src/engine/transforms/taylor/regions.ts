// Power series of plain functions: each statement of a region is followed by the statements of its coefficients.
import { isFloating as isFloatingDtype } from "../../ir/types.ts";
import type { DualResults } from "../../ir/primitive.ts";
import type { Program } from "../../ir/program.ts";
import type { RegionSeriesCall, RegionSeriesRule } from "../../ir/region-series.ts";
import { present } from "../../prims/carries.ts";
import { zeros } from "../../prims/linear.ts";
import { remember } from "../../prims/region-shapes.ts";
import { findActiveNames } from "../../region/derive/activity.ts";
import { type Assignment, interleaveDerivatives } from "../../region/derive/interleave.ts";
import type { RegionBuilder } from "../../region/form/build.ts";
import {
  constant,
  convert,
  isAtom,
  isFloating,
  lengthOf,
  load,
  local,
  makeBuilder,
  select,
} from "../../region/form/build.ts";
import type {
  Region,
  RegionExpr,
  RegionLet,
  RegionParam,
  RegionResult,
  RegionStmt,
} from "../../region/form/region.ts";
import { bind, withTrace } from "../../trace/bind.ts";
import { assertNever } from "../../util/assert-never.ts";
import { findMaskedNames } from "./region-masks.ts";
import type { MaskedOrders, SeriesTools } from "./series.ts";
import { coefficient, PowerSeries } from "./series.ts";
import { maskedFromOf } from "./structured.ts";
import { TaylorTrace } from "./trace.ts";

type Apply = RegionExpr & { readonly kind: "apply" };

/** Coefficients 1 to `order` of a value as expressions; `undefined` if it does not vary. */
type Coefficients = readonly RegionExpr[] | undefined;

/**
 * A region that also computes stacks of coefficients. `masked` has, for each result, the lowest order from which on its
 * coefficients may contain masked zeros.
 */
interface SeriesRegion {
  readonly region: Region;
  readonly masked: readonly number[];
}

/** Creates the forward-mode rule of regions for which tangents are stacks of coefficients up to `order`. */
export function regionSeriesTo(order: number, masked: MaskedOrders, toolsOf: SeriesTools): RegionSeriesRule {
  return (call): DualResults => {
    const { prim, ins, tangents, params } = call;
    const active = tangents.map((t) => t !== undefined);
    const key = `series ${order} ${active.join()} ${masked.ins.join()}`;
    const made = remember(params.region, key, () =>
      new RegionSeries(call, active, masked.ins, order, toolsOf).make(),
    );
    const all = bind(prim, [...ins, ...present(tangents)], { ...params, region: made.region, linear: [] });
    const outs = all.slice(0, params.region.results.length);
    let next = outs.length;
    masked.outs.push(...made.masked);
    return [outs, outs.map((out) => (isFloatingDtype(out.dtype) ? all[next++] : undefined))];
  };
}

class RegionSeries {
  readonly #call: RegionSeriesCall;
  readonly #order: number;
  readonly #toolsOf: SeriesTools;
  readonly #flat: Region;
  readonly #build: RegionBuilder;
  readonly #active: ReadonlySet<string>;
  readonly #activeParams: readonly RegionParam[];
  /** Lowest order from which on the coefficients of a local or an array may contain masked zeros. */
  readonly #masked: ReadonlyMap<string, number>;
  /** Names of the locals and arrays that hold coefficients, by order (or `stack`) and original name. */
  readonly #names = new Map<string, string>();
  readonly #programs = new Map<string, { readonly program: Program; readonly maskedFrom: number }>();

  constructor(
    call: RegionSeriesCall,
    active: readonly boolean[],
    masked: readonly number[],
    order: number,
    toolsOf: SeriesTools,
  ) {
    this.#call = call;
    this.#order = order;
    this.#toolsOf = toolsOf;
    this.#flat = call.flat();
    this.#build = makeBuilder(this.#flat, call.functions);
    this.#active = findActiveNames(this.#flat, active, call.functions);
    this.#activeParams = this.#flat.params.filter((param, i) => active[i] === true && isFloating(param.type));
    this.#masked = findMaskedNames(this.#flat, this.#active, masked, (expr, froms) =>
      froms.every((from) => from === undefined) ? 1 : this.#programOf(expr, froms).maskedFrom,
    );
  }

  make(): SeriesRegion {
    const { params, body, results } = this.#flat;
    const dims = constant("i32", this.#order);
    const stacks = this.#activeParams.map((param): RegionParam => {
      const { type, name } = param;
      const lengths = param.kind === "scalar" ? [] : Array.from({ length: param.rank }, (_, axis) => lengthOf(name, axis)); // prettier-ignore
      return { kind: "array", name: this.#name(name, "stack"), type, rank: lengths.length + 1, lengths: [...lengths, dims] }; // prettier-ignore
    });
    const first = this.#activeParams.flatMap((param) =>
      param.kind === "scalar" && this.#active.has(param.name)
        ? this.#eachOrder((k): RegionStmt => {
            const value = load(param.type, this.#name(param.name, "stack"), constant("i32", k - 1));
            return { kind: "let", name: this.#name(param.name, k), value };
          })
        : [],
    );
    const floating = results.filter((result) => isFloating(this.#typeOf(result)));
    const wanted = new Set(floating.flatMap((result) => (result.kind === "array" ? [result.name] : [])));
    const last: RegionStmt[] = [];
    const stackResults = floating.map((result): RegionResult => {
      if (result.kind === "array") return { kind: "array", name: this.#name(result.name, "stack") };
      const name = this.#build.fresh("stack");
      last.push({ kind: "array", name, type: result.value.type, dims: [dims] });
      (this.#seriesOf(result.value) ?? []).forEach((value, i) =>
        last.push({ kind: "store", array: name, places: [constant("i32", i)], value }),
      );
      return { kind: "array", name };
    });
    const statements = body.flatMap((stmt) =>
      stmt.kind === "array" && wanted.has(stmt.name) && !this.#active.has(stmt.name)
        ? [stmt, { ...stmt, name: this.#name(stmt.name, "stack"), dims: [...stmt.dims, dims] }]
        : interleaveDerivatives([stmt], this.#active, (one) => this.#coefficientsOf(one)),
    );
    const masked = results.map((result) => {
      const name = result.kind === "array" ? result.name : result.value.kind === "local" ? result.value.name : ""; // prettier-ignore
      return this.#active.has(name) ? this.#maskedFrom(name) : 1;
    });
    return {
      region: {
        ...this.#flat,
        name: `series of ${this.#flat.name}`,
        params: [...params, ...stacks],
        body: [...first, ...statements, ...last],
        results: [...results, ...stackResults],
      },
      masked,
    };
  }

  #typeOf(result: RegionResult): RegionExpr["type"] {
    if (result.kind === "scalar") return result.value.type;
    const declaration = this.#flat.body.find((stmt) => stmt.kind === "array" && stmt.name === result.name);
    return declaration?.kind === "array" ? declaration.type : "bool";
  }

  #eachOrder<T>(f: (k: number) => T): T[] {
    return Array.from({ length: this.#order }, (_, i) => f(i + 1));
  }

  /** Statements that compute the coefficients of an assigned local or array. */
  #coefficientsOf(stmt: Assignment): readonly RegionStmt[] {
    switch (stmt.kind) {
      case "let":
        return this.#let(stmt);
      case "set":
        return this.#eachCoefficient(stmt.value, (value, k) => ({
          ...stmt,
          name: this.#name(stmt.name, k),
          value,
        }));
      case "array":
        return [{ ...stmt, name: this.#name(stmt.name, "stack"), dims: [...stmt.dims, constant("i32", this.#order)] }]; // prettier-ignore
      case "store":
        return this.#eachCoefficient(stmt.value, (value, k) => ({
          kind: "store",
          array: this.#name(stmt.array, "stack"),
          places: [...stmt.places, constant("i32", k - 1)],
          value,
        }));
      case "swap":
        return [{ ...stmt, x: this.#name(stmt.x, "stack"), y: this.#name(stmt.y, "stack") }];
      default:
        return assertNever(stmt, "series");
    }
  }

  /** A statement per coefficient of a flat expression, or of its series if that is given. */
  #eachCoefficient(
    expr: RegionExpr,
    make: (value: RegionExpr, k: number) => RegionStmt,
    series: Coefficients = this.#seriesOf(expr),
  ): RegionStmt[] {
    return this.#eachOrder((k) => make(series?.[k - 1] ?? constant(expr.type, 0), k));
  }

  #let({ name, value, at }: RegionLet): RegionStmt[] {
    const out: RegionStmt[] = [];
    const keep = (x: RegionExpr): RegionExpr => {
      if (isAtom(x)) return x;
      const bound = this.#build.fresh("k");
      out.push({ kind: "let", name: bound, value: x, at });
      return local(x.type, bound);
    };
    const series = value.kind === "apply" ? this.#applied(value, local(value.type, name), keep) : this.#seriesOf(value); // prettier-ignore
    const lets = this.#eachCoefficient(value, (term, k) => ({ kind: "let", name: this.#name(name, k), value: term, at }), series); // prettier-ignore
    return [...out, ...lets];
  }

  /** Coefficients of a flat expression; `undefined` if it does not vary or applies a function. */
  #seriesOf(expr: RegionExpr): Coefficients {
    if (!isFloating(expr.type)) return undefined;
    switch (expr.kind) {
      case "local":
        return this.#active.has(expr.name)
          ? this.#eachOrder((k) => local(expr.type, this.#name(expr.name, k)))
          : undefined;
      case "load": {
        if (!this.#active.has(expr.array)) return undefined;
        const stack = this.#name(expr.array, "stack");
        return this.#eachOrder((k) => load(expr.type, stack, ...expr.places, constant("i32", k - 1)));
      }
      case "convert":
        return this.#seriesOf(expr.x)?.map((c) => convert(expr.type, c));
      case "select": {
        const [x, y] = [this.#seriesOf(expr.x), this.#seriesOf(expr.y)];
        if (x === undefined && y === undefined) return undefined;
        const zero = constant(expr.type, 0);
        return this.#eachOrder((k) => select(expr.condition, x?.[k - 1] ?? zero, y?.[k - 1] ?? zero));
      }
      case "const":
      case "length":
      case "apply":
        return undefined;
      default:
        return assertNever(expr, "series");
    }
  }

  /**
   * Coefficients of an applied scalar function whose value is `result`; `undefined` if no argument varies. `keep`
   * stores an expression in a local.
   */
  #applied(expr: Apply, result: RegionExpr, keep: (x: RegionExpr) => RegionExpr): Coefficients {
    const series = expr.args.map((x) => this.#seriesOf(x));
    if (series.every((s) => s === undefined)) return undefined;
    const masked = expr.args.map((x, i) => series[i] && (x.kind === "local" ? this.#maskedFrom(x.name) : Infinity)); // prettier-ignore
    const { program } = this.#programOf(expr, masked);
    const free = expr.args.filter((x) => x.kind !== "const");
    const ins = [...free, ...series.flatMap((s) => s ?? []), result];
    return this.#call.programs.write(program, ins, keep);
  }

  /**
   * Program that computes the coefficients of a scalar function. Its inputs are the arguments, their coefficients and
   * the value of the function.
   */
  #programOf(
    expr: Apply,
    masked: readonly (number | undefined)[],
  ): { readonly program: Program; readonly maskedFrom: number } {
    const args = expr.args.map((x) => (x.kind === "const" ? `${x.type} ${x.value}` : x.type));
    const key = `${expr.function} ${args.join()} ${masked.join()}`;
    let known = this.#programs.get(key);
    if (known === undefined) {
      let maskedFrom = 1;
      const more = expr.args.flatMap((x, i) =>
        masked[i] === undefined ? [] : this.#eachOrder(() => x.type),
      );
      const whole = this.#call.programs.trace(expr.function, expr.args, more, (apply, xs, given) =>
        withTrace(
          expr.function,
          (level) => new TaylorTrace(level, this.#order, this.#toolsOf),
          (trace) => {
            let next = 0;
            const values = xs.map((x, i) => {
              const from = next;
              if (masked[i] === undefined) return x;
              next += this.#order;
              return trace.wrap(new PowerSeries(x, masked[i], (k) => given[from + k - 1]));
            });
            const y = apply(...values);
            const found = trace.seriesOf(y);
            maskedFrom = found === undefined ? 1 : maskedFromOf(found, this.#order);
            const series = this.#eachOrder((k) => coefficient(trace, y, k) ?? zeros(y.type));
            return [coefficient(trace, y, 0)!, ...series];
          },
        ),
      );
      // the value is computed already
      const [value, ...outs] = whole.outs;
      const eqns = whole.eqns.filter((eqn) => eqn.outs[0] !== value);
      const program = { ...whole, ins: [...whole.ins, value!], eqns, outs };
      this.#programs.set(key, (known = { program, maskedFrom }));
    }
    return known;
  }

  #maskedFrom(name: string): number {
    return this.#masked.get(name) ?? Infinity;
  }

  /** Name of the local with coefficient k of a local, or of the array with the stack of an array or parameter. */
  #name(name: string, k: number | "stack"): string {
    const key = `${k} ${name}`;
    let found = this.#names.get(key);
    if (found === undefined) this.#names.set(key, (found = this.#build.fresh(`${name}${k === "stack" ? "s" : k}`))); // prettier-ignore
    return found;
  }
}
