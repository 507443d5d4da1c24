// Kernels and bytes of compiled programs under the active mutant, compared with those without a mutant. For files that affect only speed.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  add,
  configure,
  exp,
  grad,
  jit,
  matmul,
  max,
  mean,
  mul,
  scan,
  sin,
  softmax,
  sub,
  sum,
  tanh,
  tensor,
  transpose,
  zeros,
  type Tensor,
} from "downhill";
import { compile, overTensors } from "downhill/plain";
import { cholesky, solve } from "downhill/linalg";

type Program = readonly [f: (...args: never[]) => unknown, ...args: unknown[]];

const matrix = (rows: number, columns: number): Tensor =>
  sin(tensor(Float64Array.from({ length: rows * columns }, (_, i) => i)).reshape([rows, columns]));
const single = (rows: number, columns: number): Tensor =>
  tensor(new Float32Array(rows * columns).fill(0.5)).reshape([rows, columns]);
const of = (f: (...args: Tensor[]) => unknown, ...args: Tensor[]): Program => [f, ...args];

const attention = (q: Tensor, k: Tensor, v: Tensor): Tensor =>
  matmul(softmax(matmul(q, transpose(k)), { axis: 1 }), v);
const normalise = (x: Tensor): Tensor =>
  sub(x, mean(x, { axis: 1, keepdims: true })).div(max(x, { axis: 1, keepdims: true }));
const network = (w1: Tensor, w2: Tensor, x: Tensor): Tensor => sum(matmul(tanh(matmul(x, w1)), w2));
const recurrence = (w: Tensor, xs: Tensor): Tensor =>
  sum(
    scan(
      (h: Tensor, x: Tensor) => [tanh(add(matmul(h, w), x)), h],
      zeros([1, 16]),
      xs.reshape([-1, 1, 16]),
    )[0],
  );
const nests = `export function loss(x: Float64Array, w: Float64Array): number {
  "use ad";
  let total = 0;
  for (let j = 0; j < 24; j++) {
    let s = 0;
    let q = 0;
    for (let i = 0; i < 40; i++) {
      s += x[i] * w[(i + j) % 24];
      q += Math.exp(x[i] - w[j]);
    }
    total += s * s + Math.log(q);
  }
  return total;
}`;

const programs: Readonly<Record<string, () => Program>> = {
  elementwise: () => of((x) => exp(sin(mul(x, x))).add(1), matrix(40, 50)),
  "long loop": () => of((x) => exp(sin(mul(x, x))).add(1), matrix(600, 500)),
  "gradient of a sum": () =>
    of(
      grad((x: Tensor) => sum(mul(x, sin(x)))),
      matrix(64, 64),
    ),
  rows: () => of(normalise, matrix(33, 65)),
  "gradient of rows": () =>
    of(
      grad((x: Tensor) => sum(normalise(x))),
      single(33, 65),
    ),
  attention: () => of(attention, matrix(16, 24), matrix(20, 24), matrix(20, 8)),
  "gradient of attention": () =>
    of(
      grad((q: Tensor, k: Tensor, v: Tensor) => sum(attention(q, k, v)), { argnums: [0, 1, 2] }) as never,
      single(16, 24),
      single(20, 24),
      single(20, 8),
    ),
  "large product": () => of((a, b) => matmul(a, b), single(200, 150), single(150, 170)),
  network: () =>
    of(grad(network, { argnums: [0, 1] }) as never, matrix(20, 30), matrix(30, 5), matrix(12, 20)),
  recurrence: () => of(grad(recurrence), matrix(16, 16), matrix(10, 16)),
  factorisation: () => of((x) => cholesky(matmul(x, transpose(x)).add(tensor([[9]]))), matrix(6, 6)),
  solution: () => of((x) => solve(matmul(x, transpose(x)).add(tensor([[9]])), matrix(6, 2)), matrix(6, 6)),
};

function countsOf(program: Program): Readonly<Record<string, number>> {
  const [f, ...args] = program;
  const compiled = jit(f as never) as unknown as {
    readonly warm: (...args: readonly unknown[]) => void;
    readonly stats: () => Record<"kernels" | "shared" | "codeBytes" | "memoryBytes", number>;
  };
  compiled.warm(...args);
  const { kernels, shared, codeBytes, memoryBytes } = compiled.stats();
  return { kernels, shared, codeBytes, memoryBytes };
}

test("kernels and bytes are those without a mutant", async () => {
  configure({ backend: "wasm", threads: 2 });
  const counts = Object.fromEntries(Object.entries(programs).map(([name, make]) => [name, countsOf(make())]));
  const loss = (overTensors as (f: unknown) => unknown)((await compile(nests))["loss"]) as (
    ...args: Tensor[]
  ) => Tensor;
  counts["plain nests"] = countsOf(
    of(grad(loss, { argnums: [0, 1] }) as never, matrix(1, 40).reshape([40]), matrix(1, 24).reshape([24])),
  );
  configure({});
  const baseline = process.env["DOWNHILL_MUTANT_COUNTS"]!;
  if (globalThis.mutant === -1 || !existsSync(baseline)) writeFileSync(baseline, JSON.stringify(counts));
  expect(counts).toEqual(JSON.parse(readFileSync(baseline, "utf8")));
});
