import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, exp, flip, less, mul, sin, sum, tensor, where } from "../../numeric/array/index.ts";
import { interpBackend } from "../backends/interp/index.ts";
import { jsBackend } from "../backends/js/index.ts";
import { checkProgram } from "../ir/check.ts";
import { printProgram } from "../ir/print.ts";
import type { Program } from "../ir/program.ts";
import type { Backend } from "../kernel/executable.ts";
import { countEquations } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { softmaxCrossEntropy } from "../../numeric/nn/loss.ts";
import { compileProgram } from "../runtime/executable.ts";
import { grad } from "../transforms/grad.ts";
import { makeProgram } from "../transforms/make-program.ts";
import { scan } from "../transforms/scan.ts";
import "../../numeric/array/methods.ts";
import "../runtime/install.ts";
import { eliminateCommonSubexpressions } from "./cse.ts";
import { eliminateDeadCode, optimize, pipeline } from "./pipeline.ts";
import { simplify } from "./simplify.ts";
import { extent } from "../../../test/support/extent.ts";
import { hostStorage } from "../ir/host-memory.ts";

/** The program before and after a pass. */
function beforeAfter(program: Program, pass: (program: Program) => Program): string {
  const after = pass(program);
  checkProgram(after);
  return `${printProgram(program)}\n=>\n${printProgram(after)}`;
}

describe("passes, before and after", () => {
  test("dead code goes", () => {
    const f = (x: Tensor): Tensor => {
      exp(x);
      return mul(x, x);
    };
    expect(beforeAfter(makeProgram(f)(2), eliminateDeadCode)).toMatchInlineSnapshot(`
      "f(x:f64[]) {
        a:f64[] = exp x
        b:f64[] = mul x x
        return b
      }
      =>
      f(x:f64[]) {
        a:f64[] = mul x x
        return a
      }"
    `);
  });

  test("dead code is removed inside loops too: equations that only a dropped carry needs", () => {
    const f = (x: Tensor): Tensor =>
      scan(
        (c: [Tensor, Tensor], v: Tensor) => [[c[0].add(v), c[1].mul(c[0])] as [Tensor, Tensor], null],
        [x, x],
        [1, 2],
      )[0][0];
    expect(beforeAfter(makeProgram(f)(2), eliminateDeadCode)).toMatchInlineSnapshot(`
      "f(a:f64[2], x:f64[]) {
        b:f64[] c:f64[] = scan[body=step consts=0 carries=2 length=2 reverse=false] x x a
          step(a:f64[], b:f64[], c:f64[]) {
            d:f64[] = add a c
            e:f64[] = mul b a
            return d, e
          }
        return b
      }
      =>
      f(a:f64[2], x:f64[]) {
        b:f64[] = scan[body=step consts=0 carries=1 length=2 reverse=false] x a
          step(a:f64[], b:f64[]) {
            c:f64[] = add a b
            return c
          }
        return b
      }"
    `);
  });

  test("self-inverse operations are removed in pairs, as in the gradient of cross-entropy, where −(−x) remained", () => {
    const count = (name: string, program: Program): number =>
      program.eqns.filter(({ prim }) => prim.name === name).length;
    const f = (x: Tensor): Tensor => flip(flip(x.neg().neg().neg(), { axis: 0 }), { axis: 0 });
    const program = eliminateDeadCode(simplify(makeProgram(f)([1, 2])));
    expect([count("neg", program), count("reverse", program)]).toEqual([1, 0]);
    expect(
      count(
        "reverse",
        simplify(makeProgram((x: Tensor) => flip(flip(x, { axis: 0 }), { axis: 1 }))([[1, 2]])),
      ),
    ).toBe(2);
    const loss = grad((z: Tensor) => softmaxCrossEntropy(z, [0, 1]));
    const gradient = optimize(
      makeProgram(loss)([
        [1, 2, 3],
        [4, 5, 7],
      ]),
    );
    const negated = gradient.eqns.filter(({ prim }) => prim.name === "neg");
    expect(negated.length).toBeGreaterThan(0);
    for (const { ins } of negated) expect(negated.some(({ outs }) => outs[0] === ins[0])).toBe(false);
  });

  test("a factor of one is removed, a sum with zero stays, since −0 + 0 is 0", () => {
    const f = (x: Tensor): Tensor => x.mul(1).add(0).div(1);
    expect(beforeAfter(makeProgram(f)([1, 2]), simplify)).toMatchInlineSnapshot(`
      "f(x:f64[2]) {
        a:f64[] = full[value=1 dtype=float64 shape=[] weak=false]
        b:f64[2] = broadcast[shape=[2] axes=[]] a
        c:f64[2] = mul x b
        d:f64[] = full[value=0 dtype=float64 shape=[] weak=false]
        e:f64[2] = broadcast[shape=[2] axes=[]] d
        f:f64[2] = add c e
        g:f64[] = full[value=1 dtype=float64 shape=[] weak=false]
        h:f64[2] = broadcast[shape=[2] axes=[]] g
        i:f64[2] = div f h
        return i
      }
      =>
      f(x:f64[2]) {
        a:f64[] = full[value=1 dtype=float64 shape=[] weak=false]
        b:f64[2] = broadcast[shape=[2] axes=[]] a
        c:f64[] = full[value=0 dtype=float64 shape=[] weak=false]
        d:f64[2] = broadcast[shape=[2] axes=[]] c
        e:f64[2] = add x d
        f:f64[] = full[value=1 dtype=float64 shape=[] weak=false]
        g:f64[2] = broadcast[shape=[2] axes=[]] f
        return e
      }"
    `);
  });

  test("repeated computations are done once", () => {
    const f = (x: Tensor): Tensor => add(sin(x).mul(2), sin(x).mul(2));
    expect(beforeAfter(makeProgram(f)(2), (p) => eliminateDeadCode(eliminateCommonSubexpressions(p))))
      .toMatchInlineSnapshot(`
      "f(x:f64[]) {
        a:f64[] = sin x
        b:f64[] = full[value=2 dtype=float64 shape=[] weak=true]
        c:f64[] = mul a b
        d:f64[] = sin x
        e:f64[] = full[value=2 dtype=float64 shape=[] weak=true]
        f:f64[] = mul d e
        g:f64[] = add c f
        return g
      }
      =>
      f(x:f64[]) {
        a:f64[] = sin x
        b:f64[] = full[value=2 dtype=float64 shape=[] weak=true]
        c:f64[] = mul a b
        d:f64[] = add c c
        return d
      }"
    `);
  });

  test("a gradient through all passes", () => {
    const f = (x: Tensor, y: Tensor): Tensor => x.mul(y).add(sin(x));
    expect(beforeAfter(makeProgram(grad(f))(2, 3), optimize)).toMatchInlineSnapshot(`
      "f(x0:f64[], x1:f64[]) {
        a:f64[] = mul x0 x1
        b:f64[] = sin x0
        c:f64[] = cos x0
        d:f64[] = add a b
        e:f64[] = full[value=1 dtype=float64 shape=[] weak=true]
        f:f64[] = mul e c
        g:f64[] = mul e x1
        h:f64[] = add f g
        return h
      }
      =>
      f(x0:f64[], x1:f64[]) {
        a:f64[] = cos x0
        b:f64[] = add a x1
        return b
      }"
    `);
  });

  test("no pass makes a program longer, and a second run changes nothing", () => {
    const f = (x: Tensor): Tensor => sum(where(less(x, 1), sin(x).mul(x), exp(x).mul(x)));
    const program = makeProgram(grad(f))([1, 2, 3]);
    let before = countEquations(program);
    let now = program;
    for (const [, pass] of pipeline) {
      now = pass(now);
      checkProgram(now);
      expect(countEquations(now)).toBeLessThanOrEqual(before);
      before = countEquations(now);
    }
    expect(printProgram(optimize(optimize(program)))).toBe(printProgram(optimize(program)));
  });
});

/** Operations that create a new value from existing ones. All keep the shape [3] or [] by sums and broadcasts. */
const operations: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => a.add(b),
  (a, b) => a.sub(b).mul(0.5),
  (a, b) => a.mul(b),
  (a) => sin(a),
  (a) => a.tanh(),
  (a, b) => where(less(a, b), a, b.mul(0.5)),
  (a) => a.sum().mul(0.25),
  (a, b) => a.mul(0.5).add(b.mean()),
  (a) => a.mul(1).add(0).neg(),
  (a, b) => scan((c: Tensor) => [sin(c.mul(2)), null], b.mean(), null, { length: 3 })[0].add(a),
];

/** A random function of two tensors, as a list of choices. */
const functions = fc.array(fc.record({ op: fc.nat(operations.length - 1), a: fc.nat(), b: fc.nat() }), {
  minLength: 1,
  maxLength: 12,
});

function build(steps: readonly { op: number; a: number; b: number }[]): (x: Tensor, y: Tensor) => Tensor {
  return (x, y) => {
    const values = [x, y];
    for (const { op, a, b } of steps)
      values.push(operations[op]!(values[a % values.length]!, values[b % values.length]!));
    return values.at(-1)!.mean();
  };
}

const [x, y] = [
  [0.5, -1.25, 2],
  [1, 0.75, -0.5],
];

/** The results of a program of x and y, as text that shows every bit except the sign of −0. */
function resultsOf(program: Program, backend: Backend): string {
  const inputs = [x, y].map((v) => hostStorage(Float64Array.from(v)));
  const outs = compileProgram(program, backend).run(inputs);
  return JSON.stringify(outs.map((out) => out.tolist()));
}

test("random functions and their gradients have the same bits through every pass and backend", () => {
  fc.assert(
    fc.property(functions, (steps) => {
      const f = build(steps);
      const slope = (a: Tensor, b: Tensor): Tensor => grad(f)(a, b).sum();
      for (const g of [f, grad(f), grad(slope)]) {
        const program = makeProgram(g)(x, y);
        const expected = resultsOf(program, interpBackend);
        let now = program;
        for (const [, pass] of pipeline) {
          now = pass(now);
          checkProgram(now);
          expect(resultsOf(now, interpBackend)).toBe(expected);
        }
        expect(resultsOf(program, jsBackend)).toBe(expected);
        // and evaluated operation by operation
        expect(JSON.stringify([g(tensor(x), tensor(y)).tolist()])).toBe(expected);
      }
    }),
    { numRuns: extent(6, 400, 12), seed: 20261125 },
  );
});
