// Forward mode through masks: a tangent that is 0 because a mask chose a constant stays 0 in products with infinite slopes.
import { assertNever } from "../../util/assert-never.ts";
import { apply } from "../form/build.ts";
import { isWholeArray } from "./coverage.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import { linearityOf, linearPart } from "./linearity.ts";
import { findFiniteNames, isHarmless } from "./masks.ts";
import { accumulatedTerms, isElement } from "./sums.ts";
import type {
  ArrayDeclaration,
  Region,
  RegionExpr,
  RegionFor,
  RegionLoop,
  RegionStmt,
  RegionStore,
} from "../form/region.ts";
import { mapBlocksOf, walkStmts } from "../form/walk.ts";
import type { LetsByName } from "../form/names.ts";
import { immutableLets, readsAny } from "../form/names.ts";

/** A linear expression. `isMasked` is true if its value may be a masked zero, a 0 that a mask has set. */
interface MaskedValue {
  readonly expr: RegionExpr;
  readonly isMasked: boolean;
}

/**
 * Rewrites products with tangents that may be masked zeros (docs/masks.md) as calls of `maskedMul` and similar
 * functions. The region is linear in its `linear` parameters, as a tangent region is.
 *
 * A masked zero arises where a branch or a `select` chooses a constant, where no value is stored in an element, and
 * where a `while` loop has no iterations. A sum may be a masked zero only if all its terms may.
 *
 * @param masked for each linear parameter, true if it may contain masked zeros.
 * @param emptyLoops true if counted loops may have no iterations; otherwise each is assumed to have at least one.
 */
export function maskProducts(
  region: Region,
  linear: readonly boolean[],
  masked: readonly boolean[],
  functions: ScalarFunctions,
  emptyLoops = false,
): Region {
  const { body } = analyse(region, linear, masked, functions, emptyLoops);
  return body.every((stmt, i) => stmt === region.body[i]) ? region : { ...region, body };
}

/** Returns, for each result, true if it may contain masked zeros. Only linear results may. */
export function findMaskedResults(
  region: Region,
  linear: readonly boolean[],
  masked: readonly boolean[],
  functions: ScalarFunctions,
): readonly boolean[] {
  const { tangents, zeros } = analyse(region, linear, masked, functions);
  return region.results.map((result) =>
    result.kind === "array" ? zeros.has(result.name) : tangents.isMasked(result.value, zeros),
  );
}

function analyse(
  region: Region,
  linear: readonly boolean[],
  masked: readonly boolean[],
  functions: ScalarFunctions,
  emptyLoops = false,
): {
  readonly body: readonly RegionStmt[];
  readonly tangents: MaskedTangents;
  readonly zeros: ReadonlySet<string>;
} {
  const zeros = new Set(region.params.flatMap(({ name }, i) => (masked[i] === true ? [name] : [])));
  const names = linearityOf(region, linear, []).linear;
  const tangents = new MaskedTangents(region, names, functions, emptyLoops);
  return { body: tangents.block(region.body, zeros), tangents, zeros };
}

/**
 * Rewrites the products of a block, statement by statement. `zeros` are the linear locals and arrays that may contain
 * masked zeros at the current statement.
 */
class MaskedTangents {
  readonly #linear: ReadonlySet<string>;
  readonly #functions: ScalarFunctions;
  readonly #emptyLoops: boolean;
  readonly #finite: ReadonlySet<string>;
  readonly #definitions: LetsByName;
  /** Declarations of linear arrays. */
  readonly #arrays = new Map<string, ArrayDeclaration>();
  /** Arrays in which the innermost loop around the visited statement stores values that may be masked zeros. */
  #stored = new Set<string>();

  constructor(
    { body }: Region,
    linear: ReadonlySet<string>,
    functions: ScalarFunctions,
    emptyLoops: boolean,
  ) {
    this.#emptyLoops = emptyLoops;
    this.#linear = linear;
    this.#functions = functions;
    this.#finite = findFiniteNames(body);
    this.#definitions = immutableLets(body);
    walkStmts(body, (stmt) => {
      if (stmt.kind === "array" && linear.has(stmt.name)) this.#arrays.set(stmt.name, stmt);
    });
  }

  /** True if an expression is linear and its value may be a masked zero. */
  isMasked(expr: RegionExpr, zeros: ReadonlySet<string>): boolean {
    return readsAny(expr, this.#linear) && this.#rewrite(expr, zeros).isMasked;
  }

  /** Returns the rewritten block. Updates `zeros`, the names that may contain masked zeros, to the end of the block. */
  block(stmts: readonly RegionStmt[], zeros: Set<string>): readonly RegionStmt[] {
    return stmts.map((stmt) => this.#stmt(stmt, zeros));
  }

  #stmt(stmt: RegionStmt, zeros: Set<string>): RegionStmt {
    switch (stmt.kind) {
      case "let":
      case "set": {
        if (!this.#linear.has(stmt.name)) return stmt;
        const { expr, isMasked } = this.#rewrite(stmt.value, zeros);
        if (isMasked) zeros.add(stmt.name);
        else zeros.delete(stmt.name);
        return expr === stmt.value ? stmt : { ...stmt, value: expr };
      }
      case "store":
        return this.#linear.has(stmt.array) ? this.#store(stmt, zeros) : stmt;
      case "array": {
        const isTape = stmt.records !== undefined || stmt.growable === true; // elements without a store are never read
        if (this.#linear.has(stmt.name) && !isTape) zeros.add(stmt.name);
        return stmt;
      }
      case "swap":
        if (zeros.has(stmt.x) || zeros.has(stmt.y)) zeros.add(stmt.x).add(stmt.y);
        return stmt;
      case "if": {
        const other = new Set(zeros);
        const then = this.block(stmt.then, zeros);
        const otherwise = this.block(stmt.otherwise, other);
        other.forEach((name) => zeros.add(name));
        return mapBlocksOf(stmt, (block) => (block === stmt.then ? then : otherwise));
      }
      case "for":
      case "while":
        return this.#loop(stmt, zeros);
      case "throw":
        zeros.clear(); // the statements after it do not run
        return stmt;
      default:
        return assertNever(stmt, "maskProducts");
    }
  }

  #store(stmt: RegionStore, zeros: Set<string>): RegionStmt {
    const { array, places, value } = stmt;
    const { expr, isMasked } = this.#rewrite(value, zeros);
    const terms = accumulatedTerms(value, (leaf) => isElement(leaf, array, places));
    // a sum leaves the 0 of a mask in an element only if none of its terms is anything else
    const isZero = terms?.every((term) => this.#rewrite(term.expr, zeros).isMasked) ?? isMasked;
    if (isZero) this.#stored.add(array);
    if (isMasked) zeros.add(array);
    return expr === value ? stmt : { ...stmt, value: expr };
  }

  #loop(stmt: RegionLoop, zeros: Set<string>): RegionStmt {
    const around = this.#stored;
    let body = stmt.body;
    let end: Set<string>;
    let size: number;
    do {
      size = zeros.size;
      this.#stored = new Set();
      end = new Set(zeros);
      body = this.block(stmt.body, end);
      end.forEach((name) => zeros.add(name)); // an iteration begins in the state before the loop or at the end of another iteration
    } while (zeros.size !== size);
    if (stmt.kind === "for" && stmt.live === undefined && !this.#emptyLoops) {
      zeros.clear();
      end.forEach((name) => zeros.add(name));
      for (const array of this.#filledBy(stmt)) if (!this.#stored.has(array)) zeros.delete(array);
    }
    this.#stored.forEach((array) => around.add(array));
    this.#stored = around;
    return mapBlocksOf(stmt, () => body);
  }

  /** Returns the arrays that a nest of counted loops fills: the loops store a value in each of their elements. */
  #filledBy(nest: RegionFor): ReadonlySet<string> {
    const filled = new Set<string>();
    const visit = (stmt: RegionStmt, loops: readonly RegionFor[]): void => {
      if (stmt.kind === "for" && stmt.live === undefined)
        for (const inner of stmt.body) visit(inner, [...loops, stmt]);
      if (stmt.kind !== "store") return;
      const declaration = this.#arrays.get(stmt.array);
      if (declaration !== undefined && isWholeArray(stmt.places, declaration.dims, loops, this.#definitions))
        filled.add(stmt.array);
    };
    visit(nest, []);
    return filled;
  }

  /** Rewrites the products in a linear expression, and determines if its value may be a masked zero. */
  #rewrite(expr: RegionExpr, zeros: ReadonlySet<string>): MaskedValue {
    const part = linearPart(expr, this.#linear);
    switch (part.kind) {
      case "zero":
        return { expr, isMasked: true };
      case "read":
        return { expr, isMasked: zeros.has(part.leaf.kind === "local" ? part.leaf.name : part.leaf.array) };
      case "sum":
      case "select": {
        const [x, y] = [this.#rewrite(part.x, zeros), this.#rewrite(part.y, zeros)];
        const isMasked = part.kind === "sum" ? x.isMasked && y.isMasked : x.isMasked || y.isMasked;
        return { expr: replacePart(replacePart(expr, part.x, x.expr), part.y, y.expr), isMasked };
      }
      case "neg":
      case "convert": {
        const x = this.#rewrite(part.x, zeros);
        return { expr: replacePart(expr, part.x, x.expr), isMasked: x.isMasked };
      }
      case "scaled": {
        const x = this.#rewrite(part.x, zeros);
        const isPlain = x.isMasked && !part.isStrong && !isHarmless(part.factor, part.by, this.#finite);
        const masked = part.by === "mul" ? "maskedMul" : "maskedDiv";
        return {
          expr: isPlain ? this.#apply(masked, x.expr, part.factor) : replacePart(expr, part.x, x.expr),
          isMasked: x.isMasked,
        };
      }
      case "strongly": {
        const x = this.#rewrite(part.x, zeros);
        const isPlain = x.isMasked && !part.isBoth;
        return {
          expr: isPlain
            ? this.#apply("maskedMulBoth", x.expr, part.factor)
            : replacePart(expr, part.x, x.expr),
          isMasked: true, // a 0 of the factor counts as that of a mask
        };
      }
      default:
        return assertNever(part, "maskProducts");
    }
  }

  #apply(name: string, dx: RegionExpr, factor: RegionExpr): RegionExpr {
    return apply(this.#functions, name, [dx, factor]);
  }
}

/** Returns an expression with its operand `part` replaced by `other`. */
function replacePart(expr: RegionExpr, part: RegionExpr, other: RegionExpr): RegionExpr {
  if (part === other) return expr;
  const replaced = (x: RegionExpr): RegionExpr => (x === part ? other : x);
  switch (expr.kind) {
    case "apply":
      return { ...expr, args: expr.args.map(replaced) };
    case "convert":
      return { ...expr, x: replaced(expr.x) };
    case "select":
      return { ...expr, x: replaced(expr.x), y: replaced(expr.y) };
    case "const":
    case "local":
    case "length":
    case "load":
      return expr;
    default:
      return assertNever(expr, "maskProducts");
  }
}
