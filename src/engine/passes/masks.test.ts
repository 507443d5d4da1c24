// Cost of masks: zero without masks, and zero where the masks that left zeros are known.
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import * as d from "downhill";
import * as nn from "downhill/nn";
import { checkBackends } from "../../testing/check-backends.ts";
import type { Program } from "../ir/program.ts";
import { isProgram } from "../ir/program.ts";
import { isStrong, unmaskedOf } from "../prims/arithmetic.ts";
import { makeProgram } from "../transforms/make-program.ts";
import { sinkMasks } from "./masks.ts";
import { optimize } from "./pipeline.ts";

/** Equations of a program and of its sub-programs. */
function equations(program: Program): Program["eqns"] {
  return program.eqns.flatMap((eqn) => {
    const programs = Object.values(eqn.params as object).filter((value) => isProgram(value));
    return [eqn, ...programs.flatMap(equations)];
  });
}

const strongIn = (program: Program): number => equations(program).filter(isStrong).length;
const maskedIn = (program: Program): number =>
  equations(program).filter((eqn) => unmaskedOf(eqn) !== undefined).length;
const forward = (f: Loss, x: Tensor): Program =>
  makeProgram((y: Tensor, dy: Tensor) => d.jvp(f, [y], [dy])[1])(x, x);

const waves = (...shape: number[]): Tensor =>
  d
    .sin(
      d
        .arange(
          0,
          shape.reduce((a, b) => a * b),
        )
        .mul(0.7),
    )
    .reshape(shape);
type Loss = (x: Tensor) => Tensor;

const hidden = 4;
const [weights, state] = [waves(hidden, 4 * hidden), waves(hidden)];

/** A loop whose gates are slices of one product; `read` selects the states that the loss reads. */
function lstm(read: (hs: Tensor) => Tensor): Loss {
  return (x) => {
    const step = ([h, c]: [Tensor, Tensor], z: Tensor): [[Tensor, Tensor], Tensor] => {
      const gates = d.matmul(h.add(z), weights);
      const [i, f, o, u] = [0, 1, 2, 3].map((n) => d.slice(gates, [n * hidden, (n + 1) * hidden]));
      const next = d
        .sigmoid(f!)
        .mul(c)
        .add(d.sigmoid(i!).mul(d.tanh(u!)));
      const out = d.sigmoid(o!).mul(d.tanh(next));
      return [[out, next], out];
    };
    return read(d.scan(step, [state, state] as [Tensor, Tensor], x)[1]).sum();
  };
}

describe("without a mask no product is strong", () => {
  const plain: Readonly<Record<string, readonly [f: Loss, x: Tensor]>> = {
    "dense layers": [
      (x) =>
        d
          .tanh(d.matmul(x, waves(3, 4)))
          .square()
          .mean(),
      waves(5, 3),
    ],
    attention: [(x) => nn.dotProductAttention(x, x, x).sum(), waves(2, 3, 4)],
    "layer normalisation": [(x) => nn.layerNorm(nn.scaleInit(4), x).square().sum(), waves(3, 4)],
    "mean pooling": [(x) => d.avgPool(d.tanh(x), 2).sum(), waves(1, 1, 4, 4)],
    "parts that cover the whole array": [
      (x) => {
        const y = d.exp(x);
        return d
          .slice(y, [0, 2])
          .sum()
          .mul(d.slice(y, [2, 5]).sum())
          .mul(y.at(5))
          .add(y.at(-1));
      },
      waves(7),
    ],
    "a loop with gates": [lstm((hs) => hs), waves(3, hidden)],
    "the last state of a loop": [lstm((hs) => hs.at(-1)), waves(3, hidden)],
  };

  test.each(Object.entries(plain))("%s", (_, [f, x]) => {
    const program = makeProgram(d.grad(f))(x);
    expect([strongIn(program), maskedIn(program)]).toEqual([0, 0]);
  });

  test.each(Object.entries(plain).filter(([name]) => !name.includes("loop")))(
    "nor masked: %s",
    (_, [f, x]) => {
      expect(maskedIn(forward(f, x))).toBe(0);
    },
  );

  test("a carry with a constant start has a start tangent of 0, and only its product is masked", () => {
    const f = lstm((hs) => hs);
    expect(maskedIn(forward(f, waves(3, hidden)))).toBe(1);
  });

  test("a state of a loop before the last one leaves out steps, which are masked", () => {
    const f = lstm((hs) => hs.at(1));
    expect(strongIn(makeProgram(d.grad(f))(waves(3, hidden)))).toBeGreaterThan(0);
  });
});

describe("a known mask saves the test for zeros", () => {
  const at = d.tensor([-2, -1, -0.3, -0, 0, 0.2, 0.7, 1, 3, Infinity, NaN]);
  const masked: Readonly<Record<string, Loss>> = {
    "where of sqrt": (x) => d.where(d.greater(x, 0), d.sqrt(x), 0).sum(),
    "where of −log": (x) =>
      d
        .where(d.greater(x, 0), 0, d.neg(d.log(x)))
        .mul(-3)
        .mean(),
    "where of a multiple of sqrt": (x) => d.where(d.greater(x, 0), d.sqrt(x).mul(2), 0).sum(),
    "clip of exp": (x) => d.clip(d.exp(x), 0.5, 2).sum(),
    "maximum of square": (x) => d.maximum(x.mul(x), 0.04).sum(),
    "two selections of one product": (x) =>
      d.where(d.less(x, 1), d.where(d.less(x, 0), x.mul(x), 0), 0).sum(),
  };

  test.each(Object.entries(masked))("%s", (_, f) => {
    const program = makeProgram(d.grad(f))(at);
    expect(strongIn(program)).toBeGreaterThan(0);
    expect(strongIn(optimize(program))).toBe(0);
  });

  test.each(Object.entries(masked))("%s: no bit changes", (name, f) => {
    expect(checkBackends(name, ([x]) => [d.grad(f)(x!)], [at])).toBeGreaterThan(0);
  });

  test("a masked product by finite constants is the plain product", () => {
    const tie = forward((x) => d.maximum(d.maximum(x, 0), 0.5).sum(), at);
    expect(maskedIn(tie)).toBeGreaterThan(0);
    expect(maskedIn(optimize(tie))).toBe(0);
    expect(maskedIn(optimize(forward((x) => d.sqrt(d.maximum(x, 0)).sum(), at)))).toBe(1);
  });

  test("programs without masks stay the same object", () => {
    const program = makeProgram((x: Tensor) => d.where(d.less(x, 0), x.mul(x), x))(at);
    expect(sinkMasks(program)).toBe(program);
  });
});
