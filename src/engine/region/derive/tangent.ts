// Forward mode: writes the tangent of each statement next to it.
import { internalError } from "../../errors/index.ts";
import { afterPass } from "../../util/after-pass.ts";
import { assertNever } from "../../util/assert-never.ts";
import { findActiveNames } from "./activity.ts";
import type { RegionBuilder } from "../form/build.ts";
import {
  constant,
  convert,
  isAtom,
  isFloating,
  isZero,
  lengthOf,
  local,
  makeBuilder,
  select,
} from "../form/build.ts";
import { shareCommon } from "../flat/common.ts";
import { eliminateDeadCode } from "../flat/dead-code.ts";
import { flatten } from "../flat/flatten.ts";
import { removeProvenChecks } from "../flat/in-range.ts";
import { hoistInvariants } from "../flat/invariants.ts";
import { type Assignment, interleaveDerivatives } from "./interleave.ts";
import { localiseArrays } from "./local-arrays.ts";
import { tabulate } from "../flat/tables.ts";
import { maskProducts } from "./masked-tangents.ts";
import type { FlatOptions, TangentOptions } from "./options.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type {
  ArrayDeclaration,
  Region,
  RegionExpr,
  RegionLet,
  RegionParam,
  RegionResult,
  RegionStmt,
  RegionType,
} from "../form/region.ts";

/**
 * Returns the derivative of a region along tangents of its parameters. Its parameters are those of the region, then a
 * tangent of each `active` floating parameter, of the same type and lengths. Its results are those of the region (with
 * `primal`), then the tangent of each floating result, 0 if no active parameter reaches it. Conditions, indices and
 * bounds have no derivative.
 *
 * The region is linear in the tangents. Coefficients are locals and constants.
 *
 * @param active for each parameter, true if it has a tangent; integers and booleans never do.
 */
export function tangent(
  region: Region,
  active: readonly boolean[],
  functions: ScalarFunctions,
  options: TangentOptions,
): Region {
  const made = new ForwardMode(makeFlatForm(region, functions, options), active, functions).region(options);
  const isTangent = made.params.map((_, i) => i >= region.params.length);
  let next = 0;
  const masked = region.params.flatMap(({ type }, i) =>
    active[i] === true && isFloating(type) ? [options.masked?.[i] ?? false] : [],
  );
  const isMasked = isTangent.map((is) => is && masked[next++]!);
  const masks = afterPass(maskProducts, made, isTangent, isMasked, functions, options.emptyLoops);
  return afterPass(eliminateDeadCode, masks);
}

/** Returns the flat form that derivatives are built from, after the passes of `FlatOptions`. */
export function makeFlatForm(
  region: Region,
  functions: ScalarFunctions,
  { common = true, hoist = true, localise = true, prove = true, tables = true }: FlatOptions,
): Region {
  const flat = afterPass(flatten, region, functions);
  const localised = localise ? afterPass(localiseArrays, flat) : flat;
  const hoisted = hoist ? afterPass(hoistInvariants, localised) : localised;
  const tabulated = tables ? afterPass(tabulate, hoisted, functions) : hoisted;
  const shared = common ? afterPass(shareCommon, tabulated, functions) : tabulated;
  return prove ? afterPass(removeProvenChecks, shared) : shared;
}

class ForwardMode {
  readonly #flat: Region;
  readonly #build: RegionBuilder;
  readonly #activeParams: readonly RegionParam[];
  readonly #active: ReadonlySet<string>;
  /** Names of tangents by the names of their locals and arrays. */
  readonly #tangents = new Map<string, string>();

  constructor(flat: Region, active: readonly boolean[], functions: ScalarFunctions) {
    this.#flat = flat;
    this.#build = makeBuilder(this.#flat, functions);
    this.#activeParams = flat.params.filter((param, i) => active[i] === true && isFloating(param.type));
    this.#active = findActiveNames(this.#flat, active, functions);
  }

  region({ primal }: TangentOptions): Region {
    const { params, body, results } = this.#flat;
    const tangentParams = this.#activeParams.map((param): RegionParam => {
      const name = this.#tangentName(param.name);
      if (param.kind === "scalar") return { ...param, name };
      return {
        ...param,
        name,
        lengths: Array.from({ length: param.rank }, (_, axis) => lengthOf(param.name, axis)),
      };
    });
    // array results have a tangent even if it is all 0
    const floating = results.filter((result) => isFloating(typeOfResult(result, body)));
    const zeroArrays = new Set(floating.flatMap((result) => (result.kind === "array" ? [result.name] : [])));
    const out = body.flatMap((stmt) =>
      stmt.kind === "array" && zeroArrays.has(stmt.name) && !this.#active.has(stmt.name)
        ? [stmt, { ...stmt, name: this.#tangentName(stmt.name) }]
        : interleaveDerivatives([stmt], this.#active, (one) => this.#tangentsOf(one)),
    );
    const tangentResults = floating.map((result): RegionResult =>
      result.kind === "array"
        ? { kind: "array", name: this.#tangentName(result.name) }
        : { kind: "scalar", value: this.#tangentOrZero(result.value) },
    );
    return {
      ...this.#flat,
      name: `tangent of ${this.#flat.name}`,
      params: [...params, ...tangentParams],
      body: out,
      results: [...(primal ? results : []), ...tangentResults],
    };
  }

  /** Statements that compute the tangent of an assigned local or array. */
  #tangentsOf(stmt: Assignment): readonly RegionStmt[] {
    switch (stmt.kind) {
      case "let":
        return this.#let(stmt);
      case "set":
        return [{ ...stmt, name: this.#tangentName(stmt.name), value: this.#tangentOrZero(stmt.value) }];
      case "array":
        return [{ ...stmt, name: this.#tangentName(stmt.name) }];
      case "store":
        return [
          {
            kind: "store",
            array: this.#tangentName(stmt.array),
            places: stmt.places,
            value: this.#tangentOrZero(stmt.value),
          },
        ];
      case "swap":
        return [{ ...stmt, x: this.#tangentName(stmt.x), y: this.#tangentName(stmt.y) }];
      default:
        return assertNever(stmt, "tangent");
    }
  }

  #let({ name, value, at }: RegionLet): RegionStmt[] {
    const out: RegionStmt[] = [];
    const bind = (coefficient: RegionExpr): RegionExpr => {
      if (isAtom(coefficient)) return coefficient;
      const bound = this.#build.fresh("k");
      out.push({ kind: "let", name: bound, value: coefficient, at });
      return local(coefficient.type, bound);
    };
    const dvalue = this.#tangentOfValue(value, local(value.type, name), bind) ?? constant(value.type, 0);
    out.push({ kind: "let", name: this.#tangentName(name), value: dvalue, at });
    return out;
  }

  /** Tangent of a flat expression whose value is in `result`; `undefined` if the tangent is 0. */
  #tangentOfValue(
    expr: RegionExpr,
    result: RegionExpr,
    bind: (value: RegionExpr) => RegionExpr,
  ): RegionExpr | undefined {
    if (!isFloating(expr.type)) return undefined;
    switch (expr.kind) {
      case "const":
      case "length":
        return undefined;
      case "local":
        return this.#active.has(expr.name) ? local(expr.type, this.#tangentName(expr.name)) : undefined;
      case "load":
        // the load of the primal array has checked the indices
        return this.#active.has(expr.array)
          ? { kind: "load", type: expr.type, array: this.#tangentName(expr.array), places: expr.places }
          : undefined;
      case "apply":
        return this.#build.functions.get(expr.function)!.tangent(
          expr.args,
          result,
          expr.args.map((x) => this.#tangentOf(x)),
          bind,
        );
      case "convert": {
        const dx = this.#tangentOf(expr.x);
        return dx && convert(expr.type, dx);
      }
      case "select": {
        const [dx, dy] = [this.#tangentOrZero(expr.x), this.#tangentOrZero(expr.y)];
        return isZero(dx) && isZero(dy) ? undefined : select(expr.condition, dx, dy);
      }
      default:
        return assertNever(expr, "tangent");
    }
  }

  #tangentOf(atom: RegionExpr): RegionExpr | undefined {
    return this.#tangentOfValue(atom, atom, (value) => value);
  }

  #tangentOrZero(atom: RegionExpr): RegionExpr {
    return this.#tangentOf(atom) ?? constant(atom.type, 0);
  }

  #tangentName(name: string): string {
    let tangentName = this.#tangents.get(name);
    if (tangentName === undefined) {
      tangentName = this.#build.fresh(`d${name}`);
      this.#tangents.set(name, tangentName);
    }
    return tangentName;
  }
}

/** Type of a result. */
export function typeOfResult(result: RegionResult, body: readonly RegionStmt[]): RegionType {
  return result.kind === "scalar" ? result.value.type : declarationOf(result.name, body).type;
}

/** Declaration of an array result, in the outermost block. */
export function declarationOf(name: string, body: readonly RegionStmt[]): ArrayDeclaration {
  for (const stmt of body) if (stmt.kind === "array" && stmt.name === name) return stmt;
  throw internalError(`the array ${name} is not declared in the outermost block`);
}
