import { expect, test } from "vitest";
import { grad, jit, vmap } from "downhill";

test("transforms of a marked function that nothing has compiled name it and say how to compile it", () => {
  function square(x: number): number {
    "use ad";
    return x * x;
  }
  for (const [name, transform] of Object.entries({ grad, jit, vmap }))
    expect(() => (transform as (f: never) => unknown)(square as never), name).toThrow(
      'square is marked "use ad", but nothing has compiled it. Load it through the build plugin',
    );
});
