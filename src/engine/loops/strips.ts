// Strip-mining of loops whose iterations share only sums, or arrays that each could have as a private copy. It runs one iteration per lane
// of a vector at once, each with its own sums and arrays.
import { usesDouble } from "../codegen/branches.ts";
import { fitsLanes } from "../codegen/plan.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { copyBlock } from "../kernel/copy.ts";
import { printExpr } from "../kernel/print.ts";
import type { Expr, ForStmt, ScalarType, SizeExpr, Stmt } from "../kernel/scalar.ts";
import { addSizes, constantSize, multiplySizes, sizeExpr } from "../kernel/sizes.ts";
import { bindingsOf, usesOf } from "../kernel/uses.ts";
import { walkBlock } from "../kernel/walk.ts";
import type { ElementAccess, AccessesByBuffer, DependenceFacts } from "./dependence.ts";
import { accessesOf, isListApart, madeIn } from "./dependence.ts";
import { noTerm } from "./neutral.ts";
import { plus, times } from "../kernel/index-arithmetic.ts";
import { hasName, splitBy } from "./polynomial.ts";
import { polynomialOf } from "./index-polynomial.ts";
import { isPrivate } from "./privatisation.ts";
import { mapBlocks } from "./rewrite.ts";
import { addingTo, typeOfSet } from "./folds.ts";
import { append } from "../util/append.ts";

/** Allocates the additional memory of loops in strips. */
export interface StripMemory {
  /**
   * Array that a buffer holds: the capacity of the buffer in elements, and the length and type of the array.
   * `undefined` if the buffer holds several arrays or a growable one.
   */
  arrayIn(
    buffer: string,
  ): { readonly size: SizeExpr; readonly length: Expr; readonly type: ScalarType } | undefined;
  /** Reserves a name for a buffer that may be added. */
  name(hint: string): string;
  /** Adds the buffer with a reserved name. */
  add(name: string, type: ScalarType, size: SizeExpr): void;
}

/**
 * Maximum number of elements of an array that is copied per lane. With four lanes the copies take 128 KiB, which stay
 * in the second-level cache.
 */
const mostCopied = 4096;

/**
 * Maximum number of iterations of inner loops for which strips are faster than vectorising the inner loops, if all of
 * these can be vectorised. Measured for dot products and their derivatives, whose elements strips fetch one by one.
 */
const shortWithin = 16;

/**
 * Maximum stride of indices for shifted copies. With a larger stride, copies would contain more padding than elements.
 */
const mostStep = 4;

/**
 * Maximum number of elements of a summed array, per loop iteration, for which strips are worthwhile. The copies of the
 * array are cleared before the loop and added after it.
 */
const elementsPerIteration = 2;

/** Iterations per strip, equal to the lanes of a vector: 4 if the body computes in float64, otherwise 8. */
export const stripLanes = { double: 4, single: 8 } as const;

/** A buffer with a separate copy per lane. If `isSum`, the copies are added to the buffer at the end. */
interface LaneCopies {
  readonly buffer: string;
  readonly isSum: boolean;
  /** Capacity of the original buffer in elements. */
  readonly size: SizeExpr;
  /** Number of elements of the buffer's array, if known before the loop. */
  readonly length: Expr | undefined;
  readonly type: ScalarType;
  readonly lanes: string;
  /**
   * Common stride of all indices into the buffer in the loop. The copies are shifted against one another by this
   * stride, so that elements that the lanes access together are contiguous. For example, `dx[i + j] += …` accesses one
   * row of the copies for all lanes of i.
   */
  readonly step: number;
}

/** Number of elements of padding before the first element of each copy, for shifted copies. */
function paddingOf({ step }: Pick<LaneCopies, "step">, lanes: number): number {
  return step * (lanes - 1);
}

/** Local that the loop only adds to. */
interface SumLocal {
  readonly name: string;
  readonly type: ScalarType;
}

/** A sum whose partial sum per lane is stored in memory, with its position there. */
interface LaneSum extends SumLocal {
  readonly buffer: string;
  readonly at: number;
}

interface NameSource {
  fresh(hint: string): string;
}

/**
 * Rewrites a loop in strips, followed by a loop over the remaining iterations; `undefined` if impossible.
 * @param marked returns the plain loop, with its inner loops rewritten for running without strips.
 */
export function inStrips(
  facts: DependenceFacts,
  loop: ForStmt,
  marked: () => ForStmt,
  memory: StripMemory,
  names: NameSource,
): readonly Stmt[] | undefined {
  const { set, declared } = bindingsOf(loop.body);
  const sums = [...set]
    .filter((name) => !declared.has(name))
    .map((name): SumLocal => ({ name, type: typeOfSet(loop.body, name)! }));
  if (sums.some(({ type }) => type !== "f64" && type !== "f32" && type !== "i32")) return undefined;
  let body: readonly Stmt[] | undefined = loop.body;
  const own = new Map<string, Expr>();
  for (const { name, type } of sums) {
    const mine = k.local(type, names.fresh(`${name}.lane`));
    own.set(name, mine);
    body = body && addingTo(body, name, mine);
  }
  if (body === undefined) return undefined;
  const accesses = accessesOf(facts, { ...loop, body });
  const copied = accesses && copiedIn(facts, loop, accesses, memory);
  if (copied === undefined || (copied.length === 0 && sums.length === 0)) return undefined;
  return new StripBuilder(loop, body, sums, own, copied, memory, names).written(marked);
}

/** Finds the buffers that need a copy per lane; `undefined` if iterations share any other buffer. */
function copiedIn(
  facts: DependenceFacts,
  loop: ForStmt,
  accesses: AccessesByBuffer,
  memory: StripMemory,
): readonly Omit<LaneCopies, "lanes">[] | undefined {
  const copied: Omit<LaneCopies, "lanes">[] = [];
  const made = madeIn(facts, loop);
  const { declared } = bindingsOf(loop.body);
  for (const [buffer, list] of accesses) {
    if (isListApart(facts, loop.index, list)) continue;
    const array = memory.arrayIn(buffer);
    if (array === undefined) return undefined;
    const { size, type, length } = array;
    const isOfAll = list.every(({ index }) => index !== undefined && !hasName(index, loop.index));
    const step = stepOf(list, loop.index);
    // copies of elements that differ per iteration cost more than they save, except with inner loops and a small stride
    const isShifted = step > 0 && list.every(({ loops }) => loops.length > 0);
    const isSum = type !== "bool" && list.every(({ isAdded }) => isAdded) && (isOfAll || isShifted);
    if (!isSum && !isPrivate(facts, loop, list, polynomialOf(length, made))) return undefined;
    const isKnown = [...usesOf([], [length]).touched.keys()].every((name) => !declared.has(name));
    if (isSum && !isKnown) return undefined;
    copied.push({ buffer, isSum, size, length: isKnown ? length : undefined, type, step: isSum ? step : 0 });
  }
  return copied;
}

/** Common positive stride, in the loop index, of all indices of the accesses; 0 if strides differ or are large. */
function stepOf(list: readonly ElementAccess[], index: string): number {
  const steps = new Set(
    list.map((access) => {
      const factor = access.index && splitBy(access.index, index)?.factor;
      return factor?.size === 1 ? (factor.get("") ?? 0) : 0;
    }),
  );
  const [step = 0] = steps;
  return steps.size === 1 && step > 0 && step <= mostStep ? step : 0;
}

/** Builds the statements of a loop that processes its iterations in strips of several lanes. */
class StripBuilder {
  readonly #loop: ForStmt;
  readonly #body: readonly Stmt[];
  readonly #sums: readonly SumLocal[];
  /** For each sum, the expression that replaces it in the iteration of a lane. */
  readonly #own: ReadonlyMap<string, Expr>;
  readonly #copied: readonly Omit<LaneCopies, "lanes">[];
  readonly #memory: StripMemory;
  readonly #names: NameSource;
  readonly #lanes: 4 | 8;

  constructor(
    loop: ForStmt,
    body: readonly Stmt[],
    sums: readonly SumLocal[],
    own: ReadonlyMap<string, Expr>,
    copied: readonly Omit<LaneCopies, "lanes">[],
    memory: StripMemory,
    names: NameSource,
  ) {
    this.#loop = loop;
    this.#body = body;
    this.#sums = sums;
    this.#own = own;
    this.#copied = copied;
    this.#memory = memory;
    this.#names = names;
    this.#lanes = usesDouble(body, [], false) ? stripLanes.double : stripLanes.single;
  }

  written(marked: () => ForStmt): readonly Stmt[] | undefined {
    const { fresh } = this.#names;
    const lane = k.local("i32", fresh("lane"));
    const first = k.local("i32", fresh(`${this.#loop.index}.first`));
    const copied = this.#copied.map((one): LaneCopies => ({
      ...one,
      lanes: this.#memory.name(`${one.buffer}.lanes`),
    }));
    const buffers = new Map<ScalarType, string>();
    for (const { type } of this.#sums)
      if (!buffers.has(type)) buffers.set(type, this.#memory.name("sums.lanes"));
    const sums = this.#sums.map((sum, i): LaneSum => {
      const before = this.#sums.slice(0, i).filter(({ type }) => type === sum.type);
      return { ...sum, buffer: buffers.get(sum.type)!, at: before.length * this.#lanes };
    });
    const iteration = this.#iteration(lane, first, copied, sums);
    if (!fitsLanes(iteration)) return undefined;
    const rest = marked();
    const isWorth = this.#isWorth(rest);
    if (isWorth === undefined) return undefined;
    // vectorisation is certain now, so the memory is added
    for (const one of copied) this.#memory.add(one.lanes, one.type, this.#room(one));
    for (const [type, buffer] of buffers) {
      const count = sums.filter((sum) => sum.type === type).length;
      this.#memory.add(buffer, type, count * this.#lanes);
    }
    return this.#around(rest, isWorth, iteration, first, copied, sums);
  }

  /** Number of elements of all copies of a buffer together. */
  #room(copied: LaneCopies): SizeExpr {
    const { size } = copied;
    const known = constantSize(size);
    const room: SizeExpr = known === undefined ? k.min(sizeExpr(size), k.i32(mostCopied)) : Math.min(known, mostCopied); // prettier-ignore
    const padded = addSizes(room, paddingOf(copied, this.#lanes));
    return multiplySizes(padded, this.#lanes);
  }

  /** Returns the loop over the lanes of a strip, which runs one iteration of the original loop per lane. */
  #iteration(lane: Expr, first: Expr, copied: readonly LaneCopies[], sums: readonly LaneSum[]): ForStmt {
    const of = new Map(copied.map((one) => [one.buffer, one]));
    const at = (one: LaneCopies, index: Expr): Expr => {
      const shift = paddingOf(one, this.#lanes);
      const row = shift === 0 ? index : k.sub(plus(index, k.i32(shift)), times(lane, k.i32(one.step)));
      return k.add(times(row, k.i32(this.#lanes)), lane);
    };
    const moved = (block: readonly Stmt[]): readonly Stmt[] =>
      block.map((stmt) => {
        if (stmt.kind !== "store") return mapBlocks(stmt, moved);
        const one = of.get(stmt.buffer);
        return one === undefined ? stmt : { ...stmt, buffer: one.lanes, index: at(one, stmt.index) };
      });
    const body = k.makeBlock();
    const index = body.let(this.#names.fresh(`${this.#loop.index}.lane`), k.add(first, lane));
    for (const { name, type, buffer, at: begin } of sums)
      body.let(localName(this.#own.get(name)!), k.load(type, buffer, plus(k.i32(begin), lane)));
    const { statements } = copyBlock(
      moved(this.#body),
      [],
      `.${localName(lane)}`,
      new Map([[this.#loop.index, index], ...[...this.#own.values()].map((x) => [localName(x), x] as const)]),
      (x) => {
        const one = x.kind === "load" ? of.get(x.buffer) : undefined;
        return x.kind !== "load" || one === undefined
          ? undefined
          : k.load(x.type, one.lanes, at(one, x.index));
      },
    );
    append(body.statements, statements);
    for (const { name, buffer, at: begin } of sums)
      body.store(buffer, plus(k.i32(begin), lane), this.#own.get(name)!);
    return {
      kind: "for",
      index: localName(lane),
      from: k.i32(0),
      to: k.i32(this.#lanes),
      reverse: false,
      independent: true,
      strip: true,
      body: body.statements,
    };
  }

  /** Run-time condition under which strips are worthwhile; `undefined` if they never are. */
  #isWorth(rest: ForStmt): ((iterations: Expr) => Expr) | undefined {
    const tests: Expr[] = [];
    const { declared } = bindingsOf(this.#loop.body);
    const within = innermost(rest.body);
    const areWide = within.length > 0 && within.every(({ isWide }) => isWide);
    if (areWide)
      for (const { from, to } of within) {
        if (from.kind === "const" && to.kind === "const") {
          if (to.value - from.value > shortWithin) return undefined;
          continue;
        }
        const { touched, buffers } = usesOf([], [from, to]);
        if (
          buffers.size > 0 ||
          [...touched.keys()].some((name) => declared.has(name) || name === this.#loop.index)
        )
          continue;
        tests.push(k.le(minus(to, from), k.i32(shortWithin)));
      }
    const sums: Expr[] = [];
    for (const { size, isSum, length = sizeExpr(size) } of this.#copied) {
      const known = constantSize(length);
      if (known !== undefined && known > mostCopied) return undefined;
      if (known === undefined) tests.push(k.le(length, k.i32(mostCopied)));
      if (isSum) sums.push(length);
    }
    return (iterations) => {
      const all = sums.map((size) => k.le(k.div(size, k.i32(elementsPerIteration)), iterations));
      return allOf([k.le(k.i32(2 * this.#lanes), iterations), ...tests, ...all]);
    };
  }

  #around(
    rest: ForStmt,
    isWorth: (iterations: Expr) => Expr,
    iteration: ForStmt,
    first: Expr,
    copied: readonly LaneCopies[],
    sums: readonly LaneSum[],
  ): readonly Stmt[] {
    const { fresh } = this.#names;
    const block = k.makeBlock();
    const bound = (hint: string, x: Expr): Expr =>
      x.kind === "const" || (x.kind === "local" && !bindingsOf(this.#loop.body).set.has(x.name))
        ? x
        : block.let(fresh(hint), x);
    const [from, to] = [bound("from", this.#loop.from), bound("to", this.#loop.to)];
    const n = block.let(fresh("iterations"), minus(to, from));
    // arrays that are read after the loop must come from its last iteration, which therefore runs outside of the strips
    const last = copied.some(({ isSum }) => !isSum) ? 1 : 0;
    const whole = k.shr(minus(n, k.i32(last)), k.i32(Math.log2(this.#lanes)));
    const strips = block.let(fresh("strips"), k.select(k.and(k.lt(from, to), isWorth(n)), whole, k.i32(0)));
    const done = block.let(fresh("done"), k.mul(strips, k.i32(this.#lanes)));
    const start = rest.reverse ? k.sub(to, done) : from;
    block.if(k.lt(k.i32(0), strips), (then) => {
      this.#clear(then, copied, sums);
      then.for(fresh("strip"), k.i32(0), strips, (inner, strip) => {
        inner.let(localName(first), plus(start, k.mul(strip, k.i32(this.#lanes))));
        inner.statements.push(iteration);
      });
      this.#addUp(then, copied, sums);
    });
    const ends = rest.reverse ? { from, to: start } : { from: plus(from, done), to };
    return [...block.statements, { ...rest, ...ends }];
  }

  #clear(block: Block, copied: readonly LaneCopies[], sums: readonly LaneSum[]): void {
    const { fresh } = this.#names;
    for (const one of copied) {
      const { lanes, isSum, type, size, length = sizeExpr(size) } = one;
      const rows = plus(length, k.i32(paddingOf(one, this.#lanes)));
      if (isSum)
        block.forEach(fresh("i"), k.i32(0), times(rows, k.i32(this.#lanes)), (inner, i) =>
          inner.store(lanes, i, noTerm(type)),
        );
    }
    const lengths = new Map(sums.map(({ type, buffer, at }) => [buffer, { type, length: at + this.#lanes }]));
    for (const [buffer, { type, length }] of lengths)
      block.forEach(fresh("i"), k.i32(0), k.i32(length), (inner, i) => inner.store(buffer, i, noTerm(type)));
  }

  /** Adds the sums of the lanes to the previous values: lane j adds lane j + n / 2, and so on, as in a fold. */
  #addUp(block: Block, copied: readonly LaneCopies[], sums: readonly LaneSum[]): void {
    const { fresh } = this.#names;
    const total = (type: ScalarType, buffer: string, place: (lane: number) => Expr): Expr => {
      let parts = Array.from({ length: this.#lanes }, (_, lane): Expr => k.load(type, buffer, place(lane)));
      while (parts.length > 1) {
        const half = parts.length / 2;
        parts = parts.slice(0, half).map((x, j) => k.add(x, parts[j + half]!));
      }
      return parts[0]!;
    };
    for (const one of copied) {
      const { buffer, lanes, isSum, type, size, length = sizeExpr(size) } = one;
      if (isSum)
        block.forEach(fresh("i"), k.i32(0), length, (inner, i) => {
          const place = (lane: number): Expr => {
            const shift = paddingOf(one, this.#lanes) - one.step * lane;
            return plus(times(i, k.i32(this.#lanes)), k.i32(shift * this.#lanes + lane));
          };
          inner.store(buffer, i, k.add(k.load(type, buffer, i), total(type, lanes, place)));
        });
    }
    for (const { name, type, buffer, at } of sums) {
      const target = k.local(type, name);
      block.set(
        target,
        k.add(
          target,
          total(type, buffer, (lane) => k.i32(at + lane)),
        ),
      );
    }
  }
}

function minus(x: Expr, y: Expr): Expr {
  return y.kind === "const" && y.value === 0 ? x : k.sub(x, y);
}

/** Conjunction of conditions, in order, without duplicates. */
function allOf(conditions: readonly Expr[]): Expr {
  const known = new Map(conditions.map((condition) => [printExpr(condition), condition]));
  return [...known.values()].reduce((x, y) => k.and(x, y));
}

function localName(local: Expr): string {
  return (local as Expr & { readonly kind: "local" }).name;
}

/**
 * Innermost loops of a block with their bounds, and all `while` loops with the bounds 0. `isWide` is true for loops
 * that are vectorised themselves.
 */
function innermost(
  block: readonly Stmt[],
): readonly { readonly from: Expr; readonly to: Expr; readonly isWide: boolean }[] {
  const found: { from: Expr; to: Expr; isWide: boolean }[] = [];
  walkBlock(block, {
    stmt(stmt) {
      if (stmt.kind === "while") found.push({ from: k.i32(0), to: k.i32(0), isWide: false });
      if (stmt.kind !== "for" && stmt.kind !== "reduce") return;
      let hasLoops = false;
      walkBlock(stmt.body, {
        stmt: ({ kind }) => void (hasLoops ||= kind === "for" || kind === "reduce" || kind === "while"),
      });
      if (hasLoops) return;
      found.push({
        from: stmt.from,
        to: stmt.to,
        isWide: stmt.kind === "reduce" || stmt.independent === true,
      });
    },
  });
  return found;
}
