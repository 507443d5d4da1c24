import { expect, test } from "vitest";
import { n, nInput, port } from "../../../../test/support/run-time-routines.ts";
import { callSizes } from "../../kernel/call-sizes.ts";
import type { Block } from "../../kernel/build.ts";
import * as k from "../../kernel/build.ts";
import type { Routine } from "../../kernel/scalar.ts";
import { takeFirstClears } from "./clears.ts";
import { makeJsBackend } from "./index.ts";

const { compile } = makeJsBackend(undefined, callSizes);

function routineOf(write: (block: Block) => void): Routine {
  const block = k.makeBlock();
  write(block);
  return {
    name: "clearing",
    inputs: [port("a", "f64", n), nInput],
    outputs: [port("out", "f64", n)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

const clear = (block: Block, to = n): void =>
  block.forEach("i", k.i32(0), to, (loop, i) => loop.store("out", i, k.f64(0)));
const addTo = (block: Block): void =>
  block.for("j", k.i32(0), n, (loop, j) =>
    loop.store("out", j, k.add(k.load("f64", "out", j), k.load("f64", "a", j))),
  );

const adding = routineOf((block) => {
  clear(block);
  addTo(block);
});

test("outputs that hold zeros are not cleared, and others are", () => {
  const run = compile(adding);
  const given = (isZero: boolean): Float64Array => {
    const array = Float64Array.of(10, 20, 30);
    run([{ array: Float64Array.of(1, 2, 3), offset: 0 }, 3], [{ array, offset: 0, isZero }]);
    return array;
  };
  expect(given(false)).toEqual(Float64Array.of(1, 2, 3));
  expect(given(true)).toEqual(Float64Array.of(11, 22, 33)); // a false claim about such an array
});

test("buffers may begin after the first element of their arrays", () => {
  const array = Float64Array.of(7, 8, 9, 10);
  compile(adding)([{ array: Float64Array.of(0, 0, 1, 2), offset: 2 }, 2], [{ array, offset: 1 }]);
  expect(array).toEqual(Float64Array.of(7, 1, 2, 10));
});

test("clears that come first are removed, in branches too, and no others", () => {
  const taken = (write: (block: Block) => void): number => takeFirstClears(routineOf(write)).clears.length;
  expect(taken((block) => clear(block))).toBe(1);
  expect(taken((block) => block.if(k.lt(k.i32(0), n), (then) => clear(then)))).toBe(1);
  const twice = (block: Block): void => {
    clear(block);
    block.forEach("l", k.i32(0), n, (loop, l) => loop.store("out", l, k.f64(0)));
  };
  expect(taken(twice)).toBe(1);
  const after = (block: Block): void => {
    addTo(block);
    clear(block);
  };
  expect(taken(after)).toBe(0);
  expect(taken((block) => block.for("k", k.i32(0), n, (loop) => clear(loop)))).toBe(0);
  expect(taken((block) => clear(block, k.i32(1)))).toBe(0);
  expect(taken((block) => block.forEach("i", k.i32(0), n, (loop, i) => loop.store("out", i, k.f64(-0))))).toBe(0); // prettier-ignore
  const byLocal = (block: Block): void => clear(block, block.let("m", n)); // not known at the start
  expect(taken(byLocal)).toBe(0);
});
