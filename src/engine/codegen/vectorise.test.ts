import { describe, expect, test } from "vitest";
import * as k from "../kernel/build.ts";
import type { Expr, Procedure } from "../kernel/scalar.ts";
import type { VectorisationMode } from "./vectorise.ts";
import { weightOfProcedure } from "./cost.ts";
import { inlinedAltogether, inlinedProcedure } from "./tuning.ts";
import { canVectorise, isInlined } from "./vectorise.ts";

const [i, n, sum] = [k.local("i32", "i"), k.local("i32", "n"), k.local("f64", "sum")];
const a = (index: Expr): Expr => k.load("f64", "a", index);

/** Answer for a loop over `i` with this body. */
function answer(fill: (block: k.Block) => void, manner: Partial<VectorisationMode> = {}): string | true {
  const block = k.makeBlock();
  fill(block);
  const iteration = { index: "i", body: block.statements, results: [], copies: 1 };
  return canVectorise(iteration, { isNarrow: false, leavesRareOut: false, ...manner });
}

/** A procedure with a loop bound by its argument, of more or less code. */
const countTo = (statements: number): Procedure =>
  k.procedure(`count ${statements}`, [["end", "i32"]], (block, [end]) => {
    const total = block.let("total", k.f64(0));
    for (let s = 0; s < statements; s++) block.set(total, k.mul(k.add(total, k.f64(s)), total));
    block.for("j", k.i32(0), end!, (loop, j) => loop.set(total, k.add(total, k.convert("f64", j))));
    return total;
  });

describe("a loop can be vectorised", () => {
  test.each<[text: string, fill: (block: k.Block) => void]>([
    ["that traverses memory", (block) => block.store("out", i, k.mul(a(i), k.f64(2)))],
    ["whose inner loops have uniform bounds", (block) => block.for("j", k.i32(0), n, (loop, j) => loop.store("out", k.add(j, i), a(j)))], // prettier-ignore
    [
      "that continues while any lane does",
      (block) => {
        const x = block.let("x", a(i));
        block.while(k.lt(k.f64(1), x), (loop) => loop.set(x, k.mul(x, k.f64(0.5))));
        block.store("out", i, x);
      },
    ],
    ["that calls a procedure with uniform bounds", (block) => block.store("out", i, k.add(a(i), k.call(countTo(1), n)))], // prettier-ignore
  ])("%s", (_, fill) => {
    expect(answer(fill)).toBe(true);
  });
});

describe("a loop cannot be vectorised, with a reason,", () => {
  test.each<
    [text: string, reason: string, fill: (block: k.Block) => void, manner?: Partial<VectorisationMode>]
  >([
    ["if it sets an outer local", 'it sets the outer local "sum"', (block) => block.set(sum, a(i))],
    ["if inner bounds differ between lanes", "an inner loop has bounds that differ between lanes", (block) => block.for("j", k.i32(0), i, (loop, j) => loop.store("out", j, a(j)))], // prettier-ignore
    ["if bounds in an inlined procedure differ between lanes", "an inner loop has bounds that differ between lanes", (block) => block.store("out", i, k.call(countTo(1), i))], // prettier-ignore
    ["if bounds in a procedure that becomes a function may differ", "an inner loop has bounds that differ between lanes", (block) => block.store("out", i, k.call(countTo(200), k.load("i32", "b", i)))], // prettier-ignore
    ["if a float64 meets lanes of 32 bits", "it uses float64 in lanes of 32 bits", (block) => block.store("out", i, a(i)), { isNarrow: true }], // prettier-ignore
    [
      "if it contains a product of arrays",
      "it contains a product of arrays",
      (block) => {
        const place = (buffer: string) => ({ buffer, offset: i });
        block.contract({ name: "p", type: "f64", out: place("out"), left: place("a"), right: place("a"), dims: [], accumulate: false }); // prettier-ignore
      },
    ],
  ])("%s", (_, reason, fill, manner) => {
    expect(answer(fill, manner)).toBe(reason);
  });

  test("rare branches can be left out if all stores can be delayed to the end, and not otherwise", () => {
    const rarely = (block: k.Block, x: Expr): void =>
      block.ifRare(k.lt(k.f64(9), x), (then) => then.set(x, k.f64(9)));
    const storing = (first: (block: k.Block, x: Expr) => void) => (block: k.Block) => {
      const x = block.let("x", a(i));
      first(block, x);
      rarely(block, x);
      block.store("out", i, x);
    };
    const early = "something is stored before a rare branch";
    const manner = { leavesRareOut: true };
    expect(
      answer(
        storing(() => {}),
        manner,
      ),
    ).toBe(true);
    expect(
      answer(
        storing((block, x) => block.store("more", i, x)),
        manner,
      ),
    ).toBe(true);
    const scattered = storing((block, x) => block.store("more", k.convert("i32", x), x));
    expect(answer(scattered, manner)).toBe(early);
    const readAgain = storing((block, x) => {
      block.store("more", i, x);
      block.set(x, k.load("f64", "more", k.add(i, k.i32(1))));
    });
    expect(answer(readAgain, manner)).toBe(early);
    const joined = storing((block, x) => {
      const even = k.mul(i, k.i32(2));
      block.store("more", even, x);
      block.store("more", k.add(even, k.i32(1)), x);
    });
    expect(answer(joined, manner)).toBe(true);
    expect(answer(scattered)).toBe(true);
  });
});

test("procedures are inlined up to a size each, and up to another size altogether", () => {
  /** A procedure of a given weight: sums of constants weigh 3 each, and negations 2. */
  const procedureOf = (weight: number): Procedure => {
    const made = (terms: number, negations: number): Procedure =>
      k.procedure(`of ${weight}`, [["x", "f64"]], (_, [x]) => {
        let result = x!;
        for (let t = 0; t < terms; t++)
          result = { kind: "binary", type: "f64", op: "add", x: result, y: k.f64(t) };
        for (let t = 0; t < negations; t++) result = { kind: "unary", type: "f64", op: "neg", x: result };
        return result;
      });
    const rest = weight - weightOfProcedure(made(0, 0));
    const negations = (rest * 2) % 3;
    return made((rest - 2 * negations) / 3, negations);
  };
  const [whole, larger] = [procedureOf(inlinedProcedure), procedureOf(inlinedProcedure + 1)];
  expect([whole, larger].map(weightOfProcedure)).toEqual([inlinedProcedure, inlinedProcedure + 1]);
  expect([whole, larger].map((one) => isInlined(one, false, 0))).toEqual([true, false]);
  const rest = inlinedAltogether - inlinedProcedure;
  expect([rest, rest + 1].map((inlined) => isInlined(whole, false, inlined))).toEqual([true, false]);
  expect(isInlined(whole, true, 0)).toBe(false);
});
