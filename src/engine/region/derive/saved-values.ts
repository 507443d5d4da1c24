// Plans tapes. A value that the backward pass needs is saved in an array of its own, one element per iteration of the loops around its
// definition. The array has an axis per loop if the trip counts are known before the outermost loop, and grows otherwise.
import { must } from "../../util/assert-never.ts";
import type { RegionBuilder, RegionLocal } from "../form/build.ts";
import { constant, isZero, load, local, makeWriter } from "../form/build.ts";
import type {
  ArrayDeclaration,
  RegionBlock,
  RegionExpr,
  RegionFor,
  RegionLet,
  RegionLoop,
  RegionStmt,
} from "../form/region.ts";
import type { Polynomial } from "../../loops/polynomial.ts";
import { blocksOf, walkStmts } from "../form/walk.ts";
import { atomExpr } from "../form/whole-numbers.ts";
import type { SavedNeed } from "./needs.ts";
import type { NameFacts } from "./overwrites.ts";
import type { IterationCounter } from "./prepare.ts";
import type { IterationPlan, OffsetMove, TapedValue } from "./reverse-plan.ts";
import { boundTrips } from "./trips.ts";

/** Initial capacity of a growable tape, in elements. */
const firstCapacity = 64;

/** Indices at which an iteration stores its values on tapes. */
interface IterationIndex {
  /** Number of the iteration, from 0. */
  readonly number: RegionExpr;
  /**
   * Number of iterations before this one in all executions of its loop, that is, the index on growable tapes;
   * `undefined` for loops without such tapes.
   */
  readonly offset: RegionExpr | undefined;
}

/** A loop around the definitions of saved values. */
interface TapedLoop {
  /** Running offset on growable tapes: the number of iterations in earlier executions of the loop. */
  position: RegionLocal | undefined;
  /** Number of iterations, or an upper bound of it, that is known before the outermost loop. */
  trips: RegionExpr | undefined;
  forward: IterationIndex | undefined;
  backward: IterationIndex | undefined;
}

export interface TapeFacts {
  readonly build: RegionBuilder;
  readonly counters: ReadonlyMap<RegionStmt, IterationCounter>;
  readonly names: NameFacts;
}

/** Plans the tapes of one scope, and the iteration numbers by which the forward and the backward pass index them. */
export class TapePlanner {
  readonly saved: Map<string, TapedValue> = new Map();
  readonly tapesBefore: Map<RegionStmt, readonly TapedValue[]> = new Map();
  readonly #build: RegionBuilder;
  readonly #counters: TapeFacts["counters"];
  readonly #names: NameFacts;
  readonly #loops = new Map<RegionLoop, TapedLoop>();
  readonly #forward = new Map<RegionLoop, IterationPlan>();

  constructor(
    { build, counters, names }: TapeFacts,
    block: RegionBlock,
    needs: ReadonlyMap<string, SavedNeed>,
  ) {
    this.#build = build;
    this.#counters = counters;
    this.#names = names;
    const declared = block.map(
      (stmt) => [stmt, neededIn(stmt, needs).map((need) => this.#declare(need))] as const,
    );
    for (const loop of this.#loops.keys()) this.#forward.set(loop, this.#planForward(loop));
    for (const [stmt, tapes] of declared) {
      if (tapes.length === 0) continue;
      const values = tapes.map(({ need, ...tape }): TapedValue => {
        const indices = this.#indices(need.loops, "forward");
        return { ...tape, value: need.value, indices };
      });
      this.tapesBefore.set(stmt, values);
      for (const value of values) this.saved.set(value.value.name, value);
    }
  }

  /** Plan of the iteration numbers of a loop in the forward pass. */
  forward(loop: RegionLoop): IterationPlan {
    return this.#forward.get(loop) ?? { definitions: [], move: undefined };
  }

  /**
   * Plan of the iteration numbers of a loop in the backward pass.
   *
   * @param bounds of the backward loop, in locals that the backward pass has.
   * @param total number of iterations; `undefined` to compute it from the bounds.
   */
  backward(
    loop: RegionLoop,
    index: RegionLocal,
    bounds: Pick<RegionFor, "from" | "to">,
    total: RegionExpr | undefined,
  ): IterationPlan {
    const taped = this.#loops.get(loop);
    if (taped === undefined) return { definitions: [], move: undefined };
    const definitions: RegionLet[] = [];
    const number = loop.kind === "while" ? index : this.#number(loop, index, bounds.from, definitions);
    taped.backward = { number, offset: this.#offset(taped, number, definitions) };
    const move = this.#planMove(
      taped,
      "sub",
      (out) => total ?? this.#countTrips({ ...(loop as RegionFor), ...bounds }, out),
    );
    return { definitions, move };
  }

  /** Expression that loads the saved value of a local in the backward pass. */
  loadOf({ value, loops }: SavedNeed): RegionExpr {
    const { type } = value.value;
    const { tape } = must(this.saved.get(value.name), "a tape");
    return loops.length === 0 ? local(type, tape) : load(type, tape, ...this.#indices(loops, "backward"));
  }

  /** True if an inner loop saves values at a running offset, so that backward iterations must be in reverse order. */
  isOrdered(loop: RegionLoop): boolean {
    let found = false;
    walkStmts([loop], (stmt) => {
      if (stmt.kind !== "for" && stmt.kind !== "while") return;
      if (stmt !== loop && this.#loops.get(stmt)?.position !== undefined) found = true;
    });
    return found;
  }

  #declare(
    need: SavedNeed,
  ): Pick<TapedValue, "tape" | "definitions" | "array"> & { readonly need: SavedNeed } {
    const { value, loops } = need;
    const tape = this.#build.fresh(`${value.name}_tape`);
    const definitions: RegionLet[] = [];
    if (loops.length === 0) return { need, tape, definitions, array: undefined };
    if (this.#isNumbered(loops)) for (const loop of loops) this.#tapedLoop(loop);
    else {
      const taped = this.#tapedLoop(loops.at(-1)!);
      if (taped.position === undefined) {
        taped.position = local("i32", this.#build.fresh("position"));
        definitions.push({ kind: "let", name: taped.position.name, value: i32(0) });
      }
    }
    const { type } = value.value;
    const records = { name: value.name, at: value.at };
    const array: ArrayDeclaration = this.#isExact(loops)
      ? {
          kind: "array",
          name: tape,
          type,
          dims: loops.map((loop, i) => this.#capacity(loop as RegionFor, loops.slice(0, i), definitions)),
          records,
        }
      : { kind: "array", name: tape, type, dims: [i32(firstCapacity)], growable: true, records };
    return { need, tape, definitions, array };
  }

  #tapedLoop(loop: RegionLoop): TapedLoop {
    let taped = this.#loops.get(loop);
    if (taped === undefined) {
      taped = { position: undefined, trips: undefined, forward: undefined, backward: undefined };
      this.#loops.set(loop, taped);
    }
    return taped;
  }

  #planForward(loop: RegionLoop): IterationPlan {
    const taped = this.#tapedLoop(loop);
    const definitions: RegionLet[] = [];
    const counter = this.#counters.get(loop)?.counter;
    const number =
      loop.kind === "while"
        ? must(counter, "the counter of a loop")
        : this.#number(loop, local("i32", loop.index), loop.from, definitions);
    taped.forward = { number, offset: this.#offset(taped, number, definitions) };
    const move = this.#planMove(taped, "add", (out) => counter ?? this.#countTrips(loop as RegionFor, out));
    return { definitions, move };
  }

  #planMove(
    { position }: TapedLoop,
    by: OffsetMove["by"],
    count: (definitions: RegionLet[]) => RegionExpr,
  ): OffsetMove | undefined {
    if (position === undefined) return undefined;
    const definitions: RegionLet[] = [];
    return { offset: position, by, count: count(definitions), definitions };
  }

  #offset({ position }: TapedLoop, number: RegionExpr, definitions: RegionLet[]): RegionExpr | undefined {
    if (position === undefined) return undefined;
    const name = this.#build.fresh("place");
    definitions.push({ kind: "let", name, value: this.#build.apply("add", position, number) });
    return local("i32", name);
  }

  /**
   * Returns the number, counted from 0, of the iteration in which the loop index is `index`. If it must be computed, adds
   * a local with it to `definitions`.
   */
  #number(loop: RegionFor, index: RegionLocal, from: RegionExpr, definitions: RegionLet[]): RegionExpr {
    const { step } = loop;
    const distance = step > 0 ? minus(index, from, this.#build) : minus(from, index, this.#build);
    const number = Math.abs(step) === 1 ? distance : this.#build.apply("div", distance, i32(Math.abs(step)));
    return makeWriter(definitions, this.#build).bind(number, "iteration");
  }

  #indices(loops: readonly RegionLoop[], pass: "forward" | "backward"): readonly RegionExpr[] {
    const at = (loop: RegionLoop): IterationIndex =>
      must(this.#loops.get(loop)?.[pass], "the index of an iteration");
    if (loops.length === 0) return [];
    return this.#isNumbered(loops)
      ? loops.map((loop) => at(loop).number)
      : [must(at(loops.at(-1)!).offset, "the offset of an iteration")];
  }

  /**
   * Upper bound of a loop's number of iterations, at least 0. It is computed where the first tape of the loop is
   * declared.
   */
  #capacity(loop: RegionFor, around: readonly RegionLoop[], definitions: RegionLet[]): RegionExpr {
    const taped = this.#tapedLoop(loop);
    if (this.#hasFixedBounds(loop)) return (taped.trips ??= this.#countTrips(loop, definitions));
    const most = must(boundTrips(loop, around, this.#names), "the most iterations of a loop");
    return (taped.trips ??= this.#atLeastZero(exprOf(most, this.#build, definitions), definitions));
  }

  #countTrips({ from, to, step }: RegionFor, definitions: RegionLet[]): RegionExpr {
    if (step === 1 && isZero(from) && to.kind === "length") return to;
    const size = Math.abs(step);
    const distance = step > 0 ? minus(to, from, this.#build) : minus(from, to, this.#build);
    if (size === 1) return this.#atLeastZero(distance, definitions);
    const { bind } = makeWriter(definitions, this.#build);
    const padded = bind(this.#build.apply("add", bind(distance, "n"), i32(size - 1)), "n");
    return this.#atLeastZero(this.#build.apply("div", padded, i32(size)), definitions);
  }

  #atLeastZero(count: RegionExpr, definitions: RegionLet[]): RegionExpr {
    const { bind } = makeWriter(definitions, this.#build);
    return bind(this.#build.apply("maximum", bind(count, "n"), i32(0)), "n");
  }

  /** True if tapes in these loops are indexed by the numbers of the iterations; false if by a running offset. */
  #isNumbered(loops: readonly RegionLoop[]): boolean {
    return loops.length === 1 || this.#isExact(loops);
  }

  /** True if trip counts, or upper bounds that are not far above them, are known before the outermost loop. */
  #isExact(loops: readonly RegionLoop[]): boolean {
    let triangles = 0;
    const isKnown = (loop: RegionLoop, i: number): boolean => {
      if (loop.kind !== "for" || loop.live !== undefined) return false;
      if (this.#hasFixedBounds(loop)) return true;
      triangles++; // a triangle within a triangle fills one sixth of its tape
      return triangles === 1 && isLinear(boundTrips(loop, loops.slice(0, i), this.#names));
    };
    return loops.every(isKnown);
  }

  #hasFixedBounds({ from, to }: RegionFor): boolean {
    return [from, to].every((atom) => atom.kind !== "local" || this.#names.isFixed(atom.name));
  }
}

/** Values to save that a statement or its nested statements define, in program order. */
function neededIn(stmt: RegionStmt, needs: ReadonlyMap<string, SavedNeed>): readonly SavedNeed[] {
  const own = stmt.kind === "let" ? needs.get(stmt.name) : undefined;
  const inner = blocksOf(stmt).flatMap((block) => block.flatMap((one) => neededIn(one, needs)));
  return own === undefined ? inner : [own, ...inner];
}

/** True if no term of a polynomial is a product of names. */
function isLinear(p: Polynomial | undefined): boolean {
  return p !== undefined && [...p.keys()].every((monomial) => !monomial.includes(" "));
}

/** Returns a linear polynomial as an expression. Adds locals for its terms to `definitions`. */
function exprOf(p: Polynomial, build: RegionBuilder, definitions: RegionLet[]): RegionExpr {
  const { bind } = makeWriter(definitions, build);
  let total = i32(p.get("") ?? 0);
  for (const [atom, coefficient] of p) {
    if (atom === "") continue;
    const term = coefficient === 1 ? atomExpr(atom) : build.apply("mul", i32(coefficient), atomExpr(atom));
    total = build.apply("add", bind(term, "n"), bind(total, "n"));
  }
  return total;
}

function minus(x: RegionExpr, y: RegionExpr, build: RegionBuilder): RegionExpr {
  return isZero(y) ? x : build.apply("sub", x, y);
}

const i32 = (value: number): RegionExpr => constant("i32", value);
