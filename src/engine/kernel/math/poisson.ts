// Poisson variates. All elements of a draw advance along one chain of keys, whose first steps a caller computes once.
import type { Block } from "../build.ts";
import { abs, add, and, call, constant, convert, div, eq, f64, floor, i32, le, lt, max, mul, neg, or, select, sqrt, sub } from "../build.ts"; // prettier-ignore
import type { Expr } from "../scalar.ts";
import { exp64 } from "./exp.ts";
import { lgamma64 } from "./gamma.ts";
import { log64 } from "./log.ts";
import { accept, hat, keyLocals, mostDraws, setKey } from "./rejection.ts";
import type { WordPair } from "./threefry.ts";
import { threefryBlock, u32, unitOf } from "./threefry.ts";

type Fresh = (hint: string) => string;

/** Keys of one step along the chain: of its two draws, and of the later steps. */
interface ChainStep {
  readonly u: WordPair;
  readonly v: WordPair;
  readonly later: WordPair;
}

/** An element to draw. */
interface PoissonElement {
  /** Index of the element in each draw. */
  readonly counter: Expr;
  readonly rate: Expr;
  /** Number of steps, an even number, whose keys are stored: four words each. */
  readonly length: number;
  /** Key of the steps after the stored ones. */
  readonly next: WordPair;
}

/** Declares the keys of the step that follows `next`. */
export function chainStep(block: Block, fresh: Fresh, next: WordPair): ChainStep {
  const [later, u, v] = [0, 1, 2].map((i) => threefryBlock(block, fresh("chainKey"), next, u32(i)));
  return { later: later!, u: u!, v: v! };
}

/**
 * Writes code that draws one Poisson variate, as int32, and returns it: below a rate of 10 by Knuth's product of
 * uniform numbers, beyond by transformed rejection. −1 unless the rate is ≥ 0; saturated beyond 2³¹. `word` reads a
 * stored word of the chain.
 *
 * @see Hörmann, The transformed rejection method for generating Poisson random variables, Insurance: Mathematics and
 * Economics 12 (1993), algorithm PTRS.
 */
export function poissonVariate(
  block: Block,
  fresh: Fresh,
  element: PoissonElement,
  word: (index: Expr) => Expr,
): Expr {
  const { rate } = element;
  const result = block.let(fresh("result"), f64(-1));
  block.if(and(lt(rate, f64(10)), le(f64(0), rate)), (then) =>
    multiplyUnits(then, fresh, element, word, result),
  );
  block.if(and(le(f64(10), rate), lt(rate, f64(Infinity))), (then) =>
    rejectFromHat(then, fresh, element, word, result),
  );
  return convert("i32", select(eq(rate, f64(Infinity)), rate, result));
}

/** Counts uniform numbers until their product is below exp(−rate). */
function multiplyUnits(
  block: Block,
  fresh: Fresh,
  element: PoissonElement,
  word: (index: Expr) => Expr,
  result: Expr,
): void {
  const least = block.let(fresh("least"), call(exp64, neg(element.rate)));
  const product = block.let(fresh("product"), f64(1));
  const keysOfPair = chainReader(block, fresh, element, word, [
    { step: 0, draw: "u" },
    { step: 1, draw: "u" },
  ]);
  block.while(lt(least, product), (loop) => {
    // two numbers at a time, because processors compute their blocks at once
    const [one, two] = keysOfPair(loop).map((keys) => unitUnder(loop, fresh, keys, element.counter));
    const first = loop.let(fresh("first"), mul(product, one!));
    const isLast = loop.let(fresh("isLast"), le(first, least));
    loop.set(result, add(result, select(isLast, f64(1), f64(2))));
    loop.set(product, select(isLast, first, mul(first, two!)));
  });
  block.set(result, max(result, f64(0))); // a rate of 0 draws nothing
}

/** Algorithm PTRS. */
function rejectFromHat(
  block: Block,
  fresh: Fresh,
  element: PoissonElement,
  word: (index: Expr) => Expr,
  result: Expr,
): void {
  const { rate, counter } = element;
  const draws = block.let(fresh("draws"), i32(0));
  const logRate = () => call(log64, rate);
  const b = block.let(fresh("b"), add(f64(0.931), mul(f64(2.53), sqrt(rate))));
  const a = block.let(fresh("a"), add(f64(-0.059), mul(f64(0.02483), b)));
  const inverse = () => add(f64(1.1239), div(f64(1.1328), sub(b, f64(3.4))));
  const inner = block.let(fresh("inner"), sub(f64(0.9277), div(f64(3.6224), sub(b, f64(2)))));
  const keysOfStep = chainReader(block, fresh, element, word, [
    { step: 0, draw: "u" },
    { step: 0, draw: "v" },
  ]);
  block.while(lt(draws, i32(mostDraws)), (loop) => {
    loop.set(draws, add(draws, i32(1)));
    const [unit, v] = keysOfStep(loop).map((keys) => unitUnder(loop, fresh, keys, counter));
    const u = loop.let(fresh("u"), sub(unit!, f64(0.5)));
    const us = loop.let(fresh("us"), sub(f64(0.5), abs(u)));
    const k = loop.let(fresh("k"), floor(add(add(mul(hat(a, us, b), u), rate), f64(0.43))));
    const s = () => call(log64, div(mul(v!, inverse()), add(div(a, mul(us, us)), b)));
    const t = () => sub(sub(mul(k, logRate()), rate), call(lgamma64, add(k, f64(1))));
    const isNear = loop.let(fresh("isNear"), and(le(f64(0.07), us), le(v!, inner)));
    const isOut = loop.let(fresh("isOut"), or(lt(k, f64(0)), and(lt(us, f64(0.013)), lt(us, v!))));
    accept(loop, { isNear, isOut, draws }, () => le(s(), t()), result, k);
  });
}

/**
 * Returns a function that writes code to advance along the chain, and returns the keys of the wanted draws. They are
 * read as long as they are stored, and computed afterwards.
 */
function chainReader(
  block: Block,
  fresh: Fresh,
  { length, next }: PoissonElement,
  word: (index: Expr) => Expr,
  draws: readonly { readonly step: number; readonly draw: "u" | "v" }[],
): (loop: Block) => readonly WordPair[] {
  const steps = Math.max(...draws.map(({ step }) => step)) + 1;
  const own = keyLocals(block, fresh("later"), next);
  const step = block.let(fresh("step"), i32(0));
  const zero = { first: constant("u32", 0), second: constant("u32", 0) };
  return (loop) => {
    const keys = draws.map(() => keyLocals(loop, fresh("drawKey"), zero));
    const compute = (inside: Block): void => {
      for (let i = 0; i < steps; i++) {
        const made = chainStep(inside, fresh, own);
        draws.forEach((wanted, d) => wanted.step === i && setKey(inside, keys[d]!, made[wanted.draw]));
        setKey(inside, own, made.later);
      }
    };
    const read = (inside: Block): void =>
      draws.forEach((wanted, d) => {
        const at = (i: number): Expr =>
          word(add(mul(step, i32(4)), i32(4 * wanted.step + (wanted.draw === "v" ? 2 : 0) + i)));
        setKey(inside, keys[d]!, { first: at(0), second: at(1) });
      });
    if (length === 0) compute(loop);
    else loop.if(lt(step, i32(length)), read, compute);
    loop.set(step, add(step, i32(steps)));
    return keys;
  };
}

/** Declares a uniform number in [0, 1) in steps of 2⁻²³, as float64. */
function unitUnder(block: Block, fresh: Fresh, key: WordPair, counter: Expr): Expr {
  const words = threefryBlock(block, fresh("unitBlock"), key, counter);
  return block.let(fresh("unit"), convert("f64", unitOf("f32", words)));
}
