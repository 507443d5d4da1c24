import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, jit, less, makeProgram, scan, sin, tanh, tensor, where } from "downhill";
import { lstmCell, lstmInit } from "downhill/nn";
import { key } from "downhill/random";
import { extent } from "../../../test/support/extent.ts";
import { runPlain } from "../../../test/support/run-plain.ts";
import { interpBackend } from "../backends/interp/index.ts";
import { checkProgram } from "../ir/check.ts";
import { printProgram } from "../ir/print.ts";
import type { Program } from "../ir/program.ts";
import { sizeOf } from "../util/shape.ts";
import { eliminateDeadCode, optimize, pipeline } from "./pipeline.ts";
import { countedLoop } from "./counted-loops.ts";
import { rematerialise } from "./rematerialisation.ts";

/** The program before and after the pass, without dead code. */
function beforeAfter(program: Program): string {
  const after = eliminateDeadCode(rematerialise(program));
  checkProgram(after);
  return `${printProgram(program)}\n=>\n${printProgram(after)}`;
}

/** The pipeline up to the pass. */
const prepared = (program: Program): Program =>
  pipeline
    .slice(
      0,
      pipeline.findIndex(([, pass]) => pass === rematerialise),
    )
    .reduce((p, [, pass]) => pass(p), program);

/** Numbers that loops save per step. */
function keptPerStep({ eqns }: Program): number {
  return eqns
    .flatMap((eqn) => {
      const parts = countedLoop(eqn);
      return parts === undefined
        ? []
        : eqn.outs.slice(parts.carries).map((v) => sizeOf(v.type.shape) / parts.length);
    })
    .reduce((a, b) => a + b, 0);
}

describe("residuals of loops", () => {
  test("are the carries where the rest is cheap to recompute, before and after", () => {
    const f = (c: Tensor, k: Tensor): Tensor =>
      scan((c: Tensor, _: null) => [c.mul(k).mul(c.sub(1)).div(c.mul(c).add(k)), null], c, null, {
        length: 9,
      })[0];
    expect(beforeAfter(prepared(makeProgram(grad(f, { argnums: [0, 1] }))(0.3, 2)))).toMatchInlineSnapshot(`
      "f(x0:f64[], x1:f64[]) {
        a:f64[] b:f64[9] c:f64[9] d:f64[9] e:f64[9] f:f64[9] = scan[body=now(jvp(step)) consts=1 carries=1 length=9 reverse=false] x1 x0
          now(jvp(step))(a:f64[], b:f64[]) {
            c:f64[] = mul b a
            d:f64[] = full[value=1 dtype=float64 shape=[] weak=true]
            e:f64[] = sub b d
            f:f64[] = mul c e
            g:f64[] = mul b b
            h:f64[] = add g a
            i:f64[] = div f h
            return i, b, e, c, i, h
          }
        g:f64[] = full[value=1 dtype=float64 shape=[] weak=true]
        h:f64[] = full[value=0 dtype=float64 shape=[] weak=true]
        i:f64[] j:f64[] = scan[body=transpose(later(jvp(step))) consts=1 carries=2 length=9 reverse=true] x1 h g b c d e f
          transpose(later(jvp(step)))(a:f64[], b:f64[], c:f64[], d:f64[], e:f64[], f:f64[], g:f64[], h:f64[]) {
            i:f64[] = div c h
            j:f64[] = neg i
            k:f64[] = mul g j
            l:f64[] = add b k
            m:f64[] = mul d k
            n:f64[] = mul k d
            o:f64[] = add m n
            p:f64[] = mul f i
            q:f64[] = add o p
            r:f64[] = mul i e
            s:f64[] = mul d r
            t:f64[] = add l s
            u:f64[] = mul r a
            v:f64[] = add q u
            return t, v
          }
        return j, i
      }
      =>
      f(x0:f64[], x1:f64[]) {
        a:f64[] b:f64[9] = scan[body=now(jvp(step)) consts=1 carries=1 length=9 reverse=false] x1 x0
          now(jvp(step))(a:f64[], b:f64[]) {
            c:f64[] = mul b a
            d:f64[] = full[value=1 dtype=float64 shape=[] weak=true]
            e:f64[] = sub b d
            f:f64[] = mul c e
            g:f64[] = mul b b
            h:f64[] = add g a
            i:f64[] = div f h
            return i, b
          }
        c:f64[] = full[value=1 dtype=float64 shape=[] weak=true]
        d:f64[] = full[value=0 dtype=float64 shape=[] weak=true]
        e:f64[] f:f64[] = scan[body=transpose(later(jvp(step))) consts=1 carries=2 length=9 reverse=true] x1 d c b
          transpose(later(jvp(step)))(a:f64[], b:f64[], c:f64[], d:f64[]) {
            e:f64[] = mul d a
            f:f64[] = full[value=1 dtype=float64 shape=[] weak=true]
            g:f64[] = sub d f
            h:f64[] = mul e g
            i:f64[] = mul d d
            j:f64[] = add i a
            k:f64[] = div h j
            l:f64[] = div c j
            m:f64[] = neg l
            n:f64[] = mul k m
            o:f64[] = add b n
            p:f64[] = mul d n
            q:f64[] = add p p
            r:f64[] = mul e l
            s:f64[] = add q r
            t:f64[] = mul l g
            u:f64[] = mul d t
            v:f64[] = add o u
            w:f64[] = mul t a
            x:f64[] = add s w
            return v, x
          }
        return f, e
      }"
    `);
  });

  test("of transcendental functions stay, because recomputing them costs more than saving them", () => {
    const f = (c: Tensor): Tensor =>
      scan((c: Tensor, _: null) => [tanh(sin(c).mul(3)), null], c, null, { length: 9 })[0];
    const program = prepared(makeProgram(grad(f))(0.3));
    expect(printProgram(rematerialise(program))).toBe(printProgram(program));
    expect(keptPerStep(program)).toBe(2);
  });

  test("of a polynomial oscillator are position and velocity, for any method", () => {
    type State = readonly [Tensor, Tensor];
    const slope = ([x, v]: State): State => [v, v.mul(x.mul(x).neg().add(1)).sub(x)];
    const moved = (s: State, d: State, h: number): State => [s[0].add(d[0].mul(h)), s[1].add(d[1].mul(h))];
    const step = (s: State): State => {
      const k1 = slope(s);
      const k2 = slope(moved(s, k1, 0.05));
      const k3 = slope(moved(s, k2, 0.05));
      const k4 = slope(moved(s, k3, 0.1));
      return moved(
        moved(s, [k1[0].add(k4[0]), k1[1].add(k4[1])], 0.1 / 6),
        [k2[0].add(k3[0]), k2[1].add(k3[1])],
        0.1 / 3,
      );
    };
    const f = (x: Tensor, v: Tensor): Tensor =>
      scan((s: State, _: null) => [step(s), null], [x, v], null, { length: 100 })[0][0];
    const before = prepared(makeProgram(grad(f, { argnums: [0, 1] }))(1, 0.5));
    expect([keptPerStep(before), keptPerStep(eliminateDeadCode(rematerialise(before)))]).toEqual([12, 2]);
    const [eager, compiled] = [
      grad(f, { argnums: [0, 1] })(1, 0.5),
      jit(grad(f, { argnums: [0, 1] }))(1, 0.5),
    ];
    expect(compiled.map((x) => x.item())).toEqual(eager.map((x) => x.item()));
  });

  test("of an LSTM are the gates, both states and the tanh of the cell; the state is their product", () => {
    const p = lstmInit(key(0), 3, 4, { dtype: "float64" });
    const f = (p: Parameters<typeof lstmCell>[0], h: Tensor, c: Tensor, xs: Tensor): Tensor =>
      scan((s: { h: Tensor; c: Tensor }, x: Tensor) => [lstmCell(p, x, s), null], { h, c }, xs)[0].h.sum();
    const args = [p, tensor([1, 2, 3, 4]), tensor([0, 1, 0, 1]), tensor([[1, 2, 3], [4, 5, 6]])] as const; // prettier-ignore
    const before = prepared(makeProgram(grad(f))(...args));
    expect([keptPerStep(before), keptPerStep(eliminateDeadCode(rematerialise(before)))]).toEqual([48, 28]);
  });

  test("that are also read elsewhere stay, as do those read by a loop over other steps", () => {
    const f = (c: Tensor): Tensor[] => {
      const [end, squares] = scan((c: Tensor, _: null) => [c.mul(0.5), c.mul(c)], c, null, { length: 4 });
      const [total] = scan((t: Tensor, x: Tensor) => [t.mul(x), null], end, squares);
      const [half] = scan((t: Tensor, x: Tensor) => [t.mul(x.sum()), null], end, squares.reshape([2, 2]));
      return [total, half];
    };
    const program = prepared(makeProgram(f)(3));
    expect(printProgram(rematerialise(program))).toBe(printProgram(program));
  });

  test("that are the same in every step are read from their source", () => {
    const f = (c: Tensor, k: Tensor): Tensor =>
      scan((c: Tensor, x: Tensor) => [c.mul(k.mul(x)), null], c, tensor([1, 2, 3]))[0];
    const program = optimize(makeProgram(grad(f))(0.3, 2));
    expect(keptPerStep(program)).toBe(0);
    expect(jit(grad(f))(0.3, 2).item()).toBeCloseTo(48, 10);
  });
});

type Step = (c: Tensor, d: Tensor, x: Tensor, k: Tensor) => Tensor;
const steps: readonly Step[] = [
  (c, d) => c.mul(d),
  (c, _, x) => c.mul(x),
  (c, _, __, k) => c.mul(k),
  (c, d) => c.div(d.mul(d).add(1)),
  (c) => tanh(c),
  (c, d) => where(less(c, d), c.mul(0.5), d),
  (c, d) => c.sub(d).abs(),
  (c, d) => c.mul(d.sum()),
  (c, d) => c.add(d.mul(d).sum({ axis: 0 })),
  (c) => c.mul(c).add(1).sqrt(),
];

test("gradients of random loops have the same bits as without the pass, and save no more", () => {
  const xs = tensor([[0.5, -1.25, 2], [1, 0.75, -0.5], [0.1, 0.2, -0.3], [1, -1, 0.5]]); // prettier-ignore
  const args = [tensor([0.3, -0.7, 1.1]), tensor([0.9, 0.4, -0.2]), xs, tensor(0.8)] as const;
  let thinned = 0;
  fc.assert(
    fc.property(
      fc.array(fc.record({ op: fc.nat(steps.length - 1), a: fc.nat(), b: fc.nat() }), {
        minLength: 2,
        maxLength: 10,
      }),
      fc.boolean(),
      (list, reverse) => {
        const f = (c: Tensor, d: Tensor, xs: Tensor, k: Tensor): Tensor => {
          const step = ([c, d]: [Tensor, Tensor], x: Tensor): [[Tensor, Tensor], Tensor] => {
            const values = [c, d];
            for (const { op, a, b } of list)
              values.push(steps[op]!(values[a % values.length]!, values[b % values.length]!, x, k));
            return [[values.at(-1)!, values.at(-2)!], values[2]!];
          };
          const [[end, other], ys] = scan(step, [c, d] as [Tensor, Tensor], xs, { reverse });
          return end.add(other).sum().add(ys.mul(0.5).sum());
        };
        const gradients = grad(f, { argnums: [0, 1, 2, 3] });
        const program = prepared(makeProgram(gradients)(...args));
        const thin = eliminateDeadCode(rematerialise(program));
        checkProgram(thin);
        expect(keptPerStep(thin)).toBeLessThanOrEqual(keptPerStep(program));
        if (keptPerStep(thin) < keptPerStep(program)) thinned++;
        const [before, after] = [program, thin].map((p) =>
          runPlain(p, interpBackend, args).map((x) => x.tolist()),
        );
        expect(after).toEqual(before);
      },
    ),
    { numRuns: extent(25, 300, 60), seed: 7 },
  );
  expect(thinned).toBeGreaterThan(20);
});
