import { expect, test } from "vitest";
import { seeded } from "../../../test/support/sampling.ts";
import { transcendentals } from "../../../test/support/transcendentals.ts";
import { interpBackend } from "../backends/interp/index.ts";
import * as k from "./build.ts";
import { valueOf } from "./evaluate.ts";
import { exp64, sin64 } from "./math/index.ts";

test("expressions of constants have the value that backends compute, including every transcendental function", () => {
  const random = seeded(11);
  for (const { procedure, regions } of transcendentals) {
    const compiled = interpBackend.compileProcedure(procedure);
    for (let i = 0; i < 40; i++) {
      const args = regions[i % regions.length]!.map((draw) => draw(random));
      const value = valueOf(k.call(procedure, ...args.map(k.f64)));
      expect(Object.is(value, compiled(...args)), `${procedure.name}(${args.join()})`).toBe(true);
    }
  }
  expect(valueOf(k.call(sin64, k.f64(1e300)))).toBe(interpBackend.compileProcedure(sin64)(1e300));
});

test("expressions that read locals or memory have no value", () => {
  expect(valueOf(k.add(k.local("f64", "x"), k.f64(1)))).toBeUndefined();
  expect(valueOf(k.load("f64", "x", k.i32(0)))).toBeUndefined();
});

test("float32 rounds, integers wrap, loops run", () => {
  expect(valueOf(k.mul(k.f32(0.1), k.f32(3)))).toBe(Math.fround(Math.fround(0.1) * 3));
  expect(valueOf(k.mulAdd(k.f32(0.1), k.f32(3), k.f32(1)))).toBe(
    Math.fround(Math.fround(Math.fround(0.1) * 3) + 1),
  );
  expect(valueOf(k.add(k.i32(2147483647), k.i32(1)))).toBe(-2147483648);
  const powers = k.procedure("powers", [["n", "i32"]], (block, [n]) => {
    const x = block.let("x", k.f64(1));
    block.for("i", k.i32(0), n!, (loop) => loop.set(x, k.mul(x, k.f64(2))));
    return block.let("y", k.call(exp64, k.sub(x, x)));
  });
  expect(valueOf(k.call(powers, k.i32(10)))).toBe(1);
  expect(valueOf(k.call(powers, k.i32(100_000)))).toBeUndefined();
});
