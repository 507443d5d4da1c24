import { expect, test } from "vitest";
import { cond, debug, exp, grad, less, makeProgram, scan, sin } from "downhill";
import type { Tensor } from "downhill";
import { compilationStats } from "../runtime/executable.ts";
import { interned } from "./intern.ts";

test("equal programs are one, but not while debugging, when each has the lines of its own call", () => {
  const make = (): ReturnType<ReturnType<typeof makeProgram>> => makeProgram((x: Tensor) => sin(x).mul(x))(2);
  const first = interned(make());
  expect(interned(make())).toBe(first);
  const own = make();
  debug({ nan: true });
  expect(interned(own)).toBe(own);
  debug({ nan: false });
});

test("loops and branches outside of jit are transformed and compiled once", () => {
  const f = (x: Tensor): Tensor => {
    const y = cond(
      less(x, 0),
      () => exp(x),
      () => sin(x),
    );
    return scan((c: Tensor, t: Tensor) => [sin(c.mul(t)), null], y, [1, 2, 3])[0];
  };
  grad(f)(0.5);
  const { compiled } = compilationStats();
  for (let i = 1; i < 20; i++) grad(f)(i / 10);
  expect(compilationStats().compiled).toBe(compiled);
});
