// Where values that the way back needs are recorded: one array a value, with an element for each iteration of the loops around its
// definition. Where the loops tell their iterations beforehand, it has an axis for each of them; else it grows.
import { must } from "../../util/assert-never.ts";
import type { Builder, LocalExpr } from "../form/build.ts";
import { constant, isAtom, isZero, load, local, makeWriter } from "../form/build.ts";
import type { Needs, Recovery } from "./needs.ts";
import type { Count, Loop } from "./prepare.ts";
import type { RegionExpr, RegionStmt } from "../form/region.ts";
import type { NameFacts } from "./kept.ts";
import type { Polynomial } from "../../loops/polynomial.ts";
import { atomExpr } from "../form/whole-numbers.ts";
import { mostTrips } from "./trips.ts";
import { blocksOf, walkStmts } from "../form/walk.ts";

type Recorded = Recovery & { readonly kind: "recorded" };
type CountedLoop = Loop & { readonly kind: "for" };

/** Elements that an array of records of unknown length has room for at first. */
const firstGuess = 64;

interface LoopPlace {
  /** The number of the iteration. */
  readonly number: RegionExpr;
  /** How many there were before it, over all iterations of the loops around its loop. */
  readonly place: RegionExpr | undefined;
}

interface LoopState {
  forward: LoopPlace | undefined;
  reverse: LoopPlace | undefined;
  /** Iterations of this loop before it begins anew. */
  position: LocalExpr | undefined;
  /** How many iterations there are, where that is known before the outermost loop begins. */
  trips: RegionExpr | undefined;
}

/** Writes records on the way forward and reads them on the way back. */
export class Records {
  readonly #build: Builder;
  readonly #needs: Needs;
  readonly #counts: ReadonlyMap<RegionStmt, Count>;
  readonly #names: NameFacts;
  /** The names of all arrays of records. */
  readonly #arrays: Set<string>;
  readonly #loops = new Map<Loop, LoopState>();
  /** The array, or outside of loops the local, that a value is recorded in. */
  readonly #tapes = new Map<string, string>();

  constructor(
    build: Builder,
    needs: Needs,
    counts: ReadonlyMap<RegionStmt, Count>,
    names: NameFacts,
    arrays: Set<string>,
  ) {
    this.#arrays = arrays;
    this.#build = build;
    this.#needs = needs;
    this.#counts = counts;
    this.#names = names;
  }

  /** What an outermost statement needs declared before it. */
  declare(stmt: RegionStmt): readonly RegionStmt[] {
    const out: RegionStmt[] = [];
    for (const recorded of this.#recordedIn(stmt)) this.#declareTape(recorded, out);
    return out;
  }

  /** Statements behind the definition of a local that record it, if it is to be. */
  record(name: string): readonly RegionStmt[] {
    const recorded = this.#needs.recorded.get(name);
    if (recorded === undefined) return [];
    const tape = must(this.#tapes.get(name), "a tape");
    const { stmt, loops } = recorded;
    const value = local(stmt.value.type, name);
    if (loops.length === 0) return [{ kind: "set", name: tape, value, at: stmt.at }];
    return [{ kind: "store", array: tape, places: this.#places(loops, "forward"), value }];
  }

  /** The recorded value, on the way back. */
  recall({ stmt, loops }: Recorded): RegionExpr {
    const tape = must(this.#tapes.get(stmt.name), "a tape");
    if (loops.length === 0) return local(stmt.value.type, tape);
    return load(stmt.value.type, tape, ...this.#places(loops, "reverse"));
  }

  /** What an iteration begins with on the way forward. */
  beginForward(loop: Loop): readonly RegionStmt[] {
    const state = this.#loops.get(loop);
    if (state === undefined) return [];
    const [number, stmts] =
      loop.kind === "while"
        ? [must(this.#counts.get(loop), "the count of a loop").counter, []]
        : this.#numbered(loop, local("i32", loop.index), loop.from);
    const [place, more] = this.#placed(state, number);
    state.forward = { number, place };
    return [...stmts, ...more];
  }

  /** What follows the loop. */
  afterForward(loop: Loop): readonly RegionStmt[] {
    const counter = this.#counts.get(loop)?.counter;
    return this.#move(loop, "add", (out) => counter ?? this.#countTrips(loop as CountedLoop, out));
  }

  /** What comes before the loop on the way back, where its bounds are these, or its iterations so many. */
  beforeReverse(
    loop: Loop,
    from: RegionExpr,
    to: RegionExpr,
    total: RegionExpr | undefined,
  ): readonly RegionStmt[] {
    return this.#move(
      loop,
      "sub",
      (out) => total ?? this.#countTrips({ ...(loop as CountedLoop), from, to }, out),
    );
  }

  /** What an iteration begins with on the way back, where the loop runs over this index from this place. */
  beginReverse(loop: Loop, index: LocalExpr, from: RegionExpr): readonly RegionStmt[] {
    const state = this.#loops.get(loop);
    if (state === undefined) return [];
    const [number, stmts] = loop.kind === "while" ? [index, []] : this.#numbered(loop, index, from);
    const [place, more] = this.#placed(state, number);
    state.reverse = { number, place };
    return [...stmts, ...more];
  }

  /** Whether records depend on the order of a loop's iterations. */
  isOrdered(loop: Loop): boolean {
    let found = false;
    walkStmts([loop], (stmt) => {
      if (stmt.kind !== "for" && stmt.kind !== "while") return;
      if (stmt !== loop && this.#loops.get(stmt)?.position !== undefined) found = true;
    });
    return found;
  }

  #move(loop: Loop, by: "add" | "sub", iterations: (out: RegionStmt[]) => RegionExpr): readonly RegionStmt[] {
    const position = this.#loops.get(loop)?.position;
    if (position === undefined) return [];
    const out: RegionStmt[] = [];
    const value = this.#build.apply(by, position, iterations(out));
    return [...out, { kind: "set", name: position.name, value }];
  }

  #placed(
    { position }: LoopState,
    number: RegionExpr,
  ): readonly [place: RegionExpr | undefined, stmts: readonly RegionStmt[]] {
    if (position === undefined) return [undefined, []];
    const name = this.#build.fresh("place");
    const value = this.#build.apply("add", position, number);
    return [local("i32", name), [{ kind: "let", name, value }]];
  }

  #numbered(
    loop: CountedLoop,
    index: LocalExpr,
    from: RegionExpr,
  ): readonly [number: RegionExpr, stmts: readonly RegionStmt[]] {
    const number = iterationNumber(loop, index, from, this.#build);
    if (isAtom(number)) return [number, []];
    const name = this.#build.fresh("iteration");
    return [local("i32", name), [{ kind: "let", name, value: number }]];
  }

  #places(loops: readonly Loop[], way: "forward" | "reverse"): readonly RegionExpr[] {
    const at = (loop: Loop): LoopPlace => must(this.#loops.get(loop)?.[way], "the place of an iteration");
    return this.#isNumbered(loops)
      ? loops.map((loop) => at(loop).number)
      : [must(at(loops.at(-1)!).place, "the place of an iteration")];
  }

  #declareTape({ stmt, loops }: Recorded, out: RegionStmt[]): void {
    const name = this.#build.fresh(`${stmt.name}_tape`);
    const { type } = stmt.value;
    this.#tapes.set(stmt.name, name);
    if (loops.length === 0) {
      out.push({ kind: "let", name, value: constant(type, 0) });
      return;
    }
    this.#arrays.add(name);
    if (this.#isNumbered(loops)) for (const loop of loops) this.#stateOf(loop);
    else {
      const state = this.#stateOf(loops.at(-1)!);
      if (state.position === undefined) {
        state.position = local("i32", this.#build.fresh("position"));
        out.push({ kind: "let", name: state.position.name, value: i32(0) });
      }
    }
    const records = { name: stmt.name, at: stmt.at };
    if (this.#isExact(loops)) {
      const dims = loops.map((loop, i) => this.#room(loop as CountedLoop, loops.slice(0, i), out));
      out.push({ kind: "array", name, type, dims, records });
    } else out.push({ kind: "array", name, type, dims: [i32(firstGuess)], growable: true, records });
  }

  #stateOf(loop: Loop): LoopState {
    let state = this.#loops.get(loop);
    if (state === undefined) {
      state = {
        forward: undefined,
        reverse: undefined,
        position: undefined,
        trips: undefined,
      };
      this.#loops.set(loop, state);
    }
    return state;
  }

  /** How many iterations a loop has at most, and at least 0; written down where it is declared first. */
  #room(loop: CountedLoop, around: readonly Loop[], out: RegionStmt[]): RegionExpr {
    const state = this.#stateOf(loop);
    if (this.#hasFixedBounds(loop)) return (state.trips ??= this.#countTrips(loop, out));
    const most = must(mostTrips(loop, around, this.#names), "the most iterations of a loop");
    return (state.trips ??= this.#atLeastZero(fromPolynomial(most, this.#build, out), out));
  }

  #countTrips({ from, to, step }: CountedLoop, out: RegionStmt[]): RegionExpr {
    if (step === 1 && isZero(from) && to.kind === "length") return to;
    const size = Math.abs(step);
    const distance = step > 0 ? minus(to, from, this.#build) : minus(from, to, this.#build);
    if (size === 1) return this.#atLeastZero(distance, out);
    const { bind } = makeWriter(out, this.#build);
    const padded = bind(this.#build.apply("add", bind(distance, "n"), i32(size - 1)), "n");
    return this.#atLeastZero(this.#build.apply("div", padded, i32(size)), out);
  }

  #atLeastZero(count: RegionExpr, out: RegionStmt[]): RegionExpr {
    const { bind } = makeWriter(out, this.#build);
    return bind(this.#build.apply("maximum", bind(count, "n"), i32(0)), "n");
  }

  /** Whether places are the numbers of iterations, not a running position. */
  #isNumbered(loops: readonly Loop[]): boolean {
    return loops.length === 1 || this.#isExact(loops);
  }

  /** Whether it is known before the outermost loop begins how many iterations each has, or at most, and not far fewer. */
  #isExact(loops: readonly Loop[]): boolean {
    let bent = 0;
    const isTold = (loop: Loop, i: number): boolean => {
      if (loop.kind !== "for" || loop.live !== undefined) return false;
      if (this.#hasFixedBounds(loop)) return true;
      bent++; // two triangles, one in the other, fill a sixth of the room
      return bent === 1 && isLinear(mostTrips(loop, loops.slice(0, i), this.#names));
    };
    return loops.every(isTold);
  }

  #hasFixedBounds({ from, to }: CountedLoop): boolean {
    return [from, to].every((atom) => atom.kind !== "local" || this.#names.isFixed(atom.name));
  }

  #recordedIn(stmt: RegionStmt): readonly Recorded[] {
    const own = stmt.kind === "let" ? this.#needs.recorded.get(stmt.name) : undefined;
    const inner = blocksOf(stmt).flatMap((block) => block.flatMap((one) => this.#recordedIn(one)));
    return own === undefined ? inner : [own, ...inner];
  }
}

/** The number of an iteration, from 0, of a loop whose index is this. */
function iterationNumber(
  { step }: CountedLoop,
  index: RegionExpr,
  from: RegionExpr,
  build: Builder,
): RegionExpr {
  const distance = step > 0 ? minus(index, from, build) : minus(from, index, build);
  return Math.abs(step) === 1 ? distance : build.apply("div", distance, i32(Math.abs(step)));
}

/** Whether a polynomial is made of fixed names and numbers without products. */
function isLinear(p: Polynomial | undefined): boolean {
  return p !== undefined && [...p.keys()].every((monomial) => !monomial.includes(" "));
}

/** A linear polynomial as an expression. */
function fromPolynomial(p: Polynomial, build: Builder, out: RegionStmt[]): RegionExpr {
  const { bind } = makeWriter(out, build);
  let total = i32(p.get("") ?? 0);
  for (const [atom, coefficient] of p) {
    if (atom === "") continue;
    const term = coefficient === 1 ? atomExpr(atom) : build.apply("mul", i32(coefficient), atomExpr(atom));
    total = build.apply("add", bind(term, "n"), bind(total, "n"));
  }
  return total;
}

/** x − y of whole numbers. */
function minus(x: RegionExpr, y: RegionExpr, build: Builder): RegionExpr {
  return isZero(y) ? x : build.apply("sub", x, y);
}

const i32 = (value: number): RegionExpr => constant("i32", value);
