import { expect, test } from "vitest";
import type { Tensor } from "downhill";
import { exp, grad, makeProgram, matmul, mul, scan, sin, sum, tanh, zeros } from "downhill";
import { dense, gelu, layerNorm, lstmCell, multiHeadAttention } from "downhill/nn";
import type { Program } from "../ir/program.ts";
import { subPrograms } from "../ir/program.ts";
import type { ArrayType } from "../ir/types.ts";
import { printRoutine } from "../kernel/print.ts";
import { sizeOf } from "../util/shape.ts";
import { lowerProgram } from "./lower.ts";
import { optimize } from "./pipeline.ts";

const bytesOfType = ({ dtype, shape }: ArrayType): number =>
  (dtype === "float64" ? 8 : dtype === "bool" ? 1 : 4) * sizeOf(shape);

/** Bytes of all arrays that the equations of a program create, including loop bodies. */
function bytesOfValues({ eqns }: Program): number {
  return eqns.reduce(
    (total, { outs, params }) =>
      outs.reduce((n, v) => n + (v.type.shape.length === 0 ? 0 : bytesOfType(v.type)), total) +
      subPrograms(params).reduce((n, sub) => n + bytesOfValues(sub), 0),
    0,
  );
}

/** Bytes of arrays as traced and after the passes, then bytes of the routine's temporaries. */
function plan(program: Program): Record<string, number> {
  const optimized = optimize(program);
  return {
    traced: bytesOfValues(program),
    optimized: bytesOfValues(optimized),
    planned: lowerProgram(optimized).plan.arenaBytes,
  };
}

test("values that live one after the other share memory, of one size or not; a loop overwrites what it reads last", () => {
  const f = (x: Tensor, w: Tensor): Tensor => {
    const a = matmul(x, w); // [8, 16]
    const b = matmul(exp(a), tanh(w.reshape([16, 4]))); // [8, 4]
    return matmul(mul(sin(b), 2), w); // exp over a, sin over b
  };
  const program = optimize(makeProgram(f)(zeros([8, 4]), zeros([4, 16])));
  expect(printRoutine(lowerProgram(program).routine)).toMatchInlineSnapshot(`
    "routine f(x: f64[32], w: f64[64]) -> (out0: f64[128]) {
      temp t: f64[128] at byte 0
      temp t_2: f64[64] at byte 1024
      temp t_3: f64[32] at byte 1536
      contract t[0] = x[0] · w[0] over row 8 (t 16, x 4), column 16 (t 1, w 1), sum 4 (x 1, w 16)
      for each e in 0..128 {
        let x_2: f64 = t[e]
        let v: f64 = exp(x_2)
        t[e] = v
      }
      for each e_2 in 0..64 {
        let x_3: f64 = w[e_2]
        let v_2: f64 = tanh(x_3)
        t_2[e_2] = v_2
      }
      contract t_3[0] = t[0] · t_2[0] over row 8 (t_3 4, t 16), column 4 (t_3 1, t_2 1), sum 16 (t 1, t_2 4)
      for each e_3 in 0..32 {
        let x_4: f64 = t_3[e_3]
        let v_3: f64 = sin(x_4)
        let v_4: f64 = v_3 * 2
        t_3[e_3] = v_4
      }
      contract out0[0] = t_3[0] · w[0] over row 8 (out0 16, t_3 4), column 16 (out0 1, w 1), sum 4 (t_3 1, w 16)
    }"
  `);
});

test("memory that is much too large stays free for arrays that need it", () => {
  const f = (x: Tensor, w: Tensor): Tensor => {
    const wide = sum(exp(matmul(x, w)), { axis: 0 }); // [64, 64], then [64]
    return matmul(tanh(matmul(x, mul(w, wide))), w);
  };
  const { temps, arenaBytes } = lowerProgram(optimize(makeProgram(f)(zeros([64, 64]), zeros([64, 64])))).plan;
  expect(arenaBytes).toBeLessThanOrEqual(2 * 8 * (64 * 64 + 64));
  expect(temps.map(({ type, size, offset }) => `${type}[${size}] at ${offset}`)).toMatchInlineSnapshot(`
    [
      "f64[4096] at 0",
      "f64[64] at 32768",
      "f64[64] at 33280",
      "f64[64] at 33792",
      "f64[4096] at 0",
      "f64[4096] at 32768",
    ]
  `);
});

test("what gradients need, in bytes", () => {
  const f32 = (...shape: number[]): Tensor => zeros(shape, { dtype: "float32" });
  const pendulum = (q: Tensor, p: Tensor): Tensor => {
    type State = readonly [Tensor, Tensor];
    const slope = ([x, v]: State): State => [v, sin(x).mul(-9.81)];
    const moved = (s: State, d: State, h: number): State => [s[0].add(d[0].mul(h)), s[1].add(d[1].mul(h))];
    const step = (s: State): State => {
      const k1 = slope(s);
      const k2 = slope(moved(s, k1, 0.005));
      const k3 = slope(moved(s, k2, 0.005));
      const k4 = slope(moved(s, k3, 0.01));
      return moved(moved(moved(moved(s, k1, 0.01 / 6), k2, 0.01 / 3), k3, 0.01 / 3), k4, 0.01 / 6);
    };
    return scan((s: State, _: null) => [step(s), null], [q, p], null, { length: 1000 })[0][0];
  };
  const lstm = (p: Parameters<typeof lstmCell>[0], xs: Tensor): Tensor =>
    sum(
      scan(
        (s: { h: Tensor; c: Tensor }, x: Tensor) => [lstmCell(p, x, s), null],
        { h: f32(16, 64), c: f32(16, 64) },
        xs,
      )[0].h,
    );
  const layer = (inputs: number, outputs: number): { weight: Tensor; bias: Tensor } => ({
    weight: f32(inputs, outputs),
    bias: f32(outputs),
  });
  const norm = { weight: f32(64), bias: f32(64) };
  const attention = { query: layer(64, 64), key: layer(64, 64), value: layer(64, 64), output: layer(64, 64) };
  const parameters = { norm, attention, second: norm, up: layer(64, 256), down: layer(256, 64) };
  const block = (p: typeof parameters, x: Tensor): Tensor => {
    const y = x.add(multiHeadAttention(p.attention, layerNorm(p.norm, x), { heads: 4, causal: true }));
    return sum(y.add(dense(p.down, gelu(dense(p.up, layerNorm(p.second, y))))));
  };
  const cell = { input: f32(64, 256), hidden: f32(64, 256), bias: f32(256) };
  expect({
    "pendulum, 1,000 steps": plan(makeProgram(grad(pendulum, { argnums: [0, 1] }))(1, 0)),
    "LSTM, 32 steps": plan(makeProgram(grad(lstm))(cell, f32(32, 16, 64))),
    "transformer block": plan(makeProgram(grad(block))(parameters, f32(8, 64, 64))),
  }).toMatchInlineSnapshot(`
    {
      "LSTM, 32 steps": {
        "optimized": 2653184,
        "planned": 1474560,
        "traced": 2506752,
      },
      "pendulum, 1,000 steps": {
        "optimized": 32000,
        "planned": 32000,
        "traced": 32000,
      },
      "transformer block": {
        "optimized": 24966400,
        "planned": 4474880,
        "traced": 30319872,
      },
    }
  `);
});
