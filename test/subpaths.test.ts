// Each public module alone, in a thread that shares no module with others: its exports must be usable without another
// import.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testInCi } from "./support/extent.ts";
import { root } from "./support/snippets.ts";

/** For each module, a program that computes and prints a value, by reading a tensor if the module returns tensors. */
const programs: Readonly<Record<string, { readonly source: string; readonly prints: string }>> = {
  downhill: {
    source: `import { tensor } from "downhill"; print(tensor([1, 2]).add(1).tolist());`,
    prints: "[2,3]",
  },
  "downhill/core": {
    source: `import { add } from "downhill/core"; print(add([1, 2], 1).tolist());`,
    prints: "[2,3]",
  },
  "downhill/tree": {
    source: `import { ravel } from "downhill/tree"; const [x, unravel] = ravel({ a: [1, 2], b: 3 });
      print(unravel(x.mul(2)).a.tolist());`,
    prints: "[2,4]",
  },
  "downhill/linalg": {
    source: `import { solve } from "downhill/linalg"; print(solve([[2, 0], [0, 4]], [2, 8]).add(1).tolist());`,
    prints: "[2,3]",
  },
  "downhill/sparse": {
    source: `import { SparseMatrix } from "downhill/sparse";
      const a = SparseMatrix.fromCoo({ shape: [2, 2], rows: [0, 1], columns: [0, 1], values: [2, 4] });
      print(a.solve([2, 8]).add(1).tolist());`,
    prints: "[2,3]",
  },
  "downhill/methods": {
    source: `import "downhill/methods"; import { tensor } from "downhill"; print(tensor([[1, 2], [3, 4]]).prod(0).clip(0, 5).sigmoid().round().tolist());`,
    prints: "[1,1]",
  },
  "downhill/distributions": {
    source: `import { normal } from "downhill/distributions"; print(normal({ loc: [1, 2], scale: 1 }).mean().add(1).tolist());`,
    prints: "[2,3]",
  },
  "downhill/fft": {
    source: `import { complex, fft, ifft } from "downhill/fft"; print(ifft(complex.mul(fft([1, 2, 3]), 2)).re.mul(10).tolist().map(Math.round));`,
    prints: "[20,40,60]",
  },
  "downhill/optim": {
    source: `import { sgd } from "downhill/optim"; const { init, update } = sgd({ learningRate: 0.5 });
      const { updates } = update({ w: [2, 4] }, init({ w: [1, 1] }), { w: [1, 1] }); print(updates.w.neg().tolist());`,
    prints: "[1,2]",
  },
  "downhill/nn": {
    source: `import { relu } from "downhill/nn"; print([...relu([-1, 2]).mul(2).data()]);`,
    prints: "[0,4]",
  },
  "downhill/data": {
    source: `import { dataset } from "downhill/data"; for (const x of dataset([1, 2]).batch(2).epoch(0)) print(x.mul(2).tolist());`,
    prints: "[2,4]",
  },
  "downhill/train": {
    source: `import { fit } from "downhill/train";
      const { params } = await fit({ params: { w: 1 }, loss: ({ w }) => w.mul(0), epochs: 1, data: [{ x: [1] }],
        optimizer: { init: () => ({ n: 0 }), update: (grads, state, params) => ({ updates: grads, state }) } });
      print(params.w.item());`,
    prints: "1",
  },
  "downhill/distributed": {
    source: `import { psum } from "downhill/distributed";
      print(psum([1, 2], { rank: 0, size: 1, allReduce() {} }).mul(2).tolist());`,
    prints: "[2,4]",
  },
  "downhill/io": {
    source: `import { readSafetensors } from "downhill/io";
      const header = new TextEncoder().encode('{"x":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}'.padEnd(64));
      const bytes = new Uint8Array(8 + 64 + 16);
      bytes[0] = 64; bytes.set(header, 8); bytes.set(new Uint8Array(Float64Array.of(1, 2).buffer), 72);
      const x = readSafetensors(bytes).tensors.get("x");
      const said = []; try { x.add(1) } catch (error) { said.push(error.message.slice(0, 4)) }
      print([x.tolist(), [...x.data()], ...said]);`,
    prints: '[[1,2],[1,2],"add:"]',
  },
  "downhill/webgpu": {
    source: `import { openWebGpu } from "downhill/webgpu";
      openWebGpu({ gpu: { requestAdapter: async () => null } }).catch((error) => print(error.code));`,
    prints: '"device"',
  },
  "downhill/onnx": {
    source: `import { toOnnx } from "downhill/onnx"; let kept;
      const model = toOnnx((x) => ((kept = x.tolist !== undefined), x), [[1, 2]]);
      print(model.length > 50 && kept);`,
    prints: "true",
  },
  "downhill/random": {
    source: `import { bernoulli, key } from "downhill/random"; print(bernoulli(key(0), 1, [2]).astype("int32").tolist());`,
    prints: "[1,1]",
  },
  "downhill/viz": {
    source: `import { traceTable } from "downhill/viz"; print(Object.values(traceTable((x) => x.mul(x), { at: [3] }).gradient));`,
    prints: "[6]",
  },
  "downhill/landscapes": {
    source: `import { findLandscape, race } from "downhill/landscapes"; print(typeof race === "function" && findLandscape("bowl").name);`,
    prints: '"bowl"',
  },
  "downhill/plain": {
    source: `import { compile, overTensors } from "downhill/plain";
      const { f } = await compile('export function f(x: number[]) { "use ad"; let s = 0; for (const y of x) s += y * y; return [s]; }');
      print(f([1, 2])[0] + overTensors(f)([1, 2]).at(0).item());`,
    prints: "10",
  },
  "downhill/testing": {
    source: `import { checkGrads } from "downhill/testing"; print(checkGrads((x) => x.mul(x), [2]).worst < 1e-6);`,
    prints: "true",
  },
};
const print = "const print = (value) => console.log(JSON.stringify(value));\n";
const fileName = (name: string): string => `${name.replace("/", "-")}.mjs`;
let folder: string;
beforeAll(async () => {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  folder = mkdtempSync(join(root, ".tmp/subpaths-")); // where "downhill" is the package itself
  const entryPoints = Object.entries(programs).map(([name, { source }]) => {
    const file = join(folder, fileName(name));
    writeFileSync(file, print + source);
    return file;
  });
  await build({
    entryPoints,
    outdir: join(folder, "bundles"),
    outExtension: { ".js": ".mjs" },
    tsconfigRaw: {}, // else the paths of tsconfig.json would lead to src/
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    logLevel: "silent",
  });
});

/** Output of a program, in a thread that shares no module with others. */
async function run(file: string): Promise<string> {
  const worker = new Worker(file, { stdout: true });
  let out = "";
  worker.stdout.on("data", (part: Buffer) => (out += part.toString()));
  await new Promise<void>((resolve, reject) => worker.on("error", reject).on("exit", () => resolve()));
  return out.trim();
}
afterAll(() => rmSync(folder, { recursive: true }));

test("every public module has a program", () => {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  const names = Object.keys(exports).filter((name) => name !== "./package.json");
  expect(Object.keys(programs).toSorted()).toEqual(
    names.map((name) => `downhill${name.slice(1)}`).toSorted(),
  );
});

describe.each(Object.entries(programs))("%s by itself", (name, { prints }) => {
  const testPublished = name === "downhill" || name === "downhill/core" ? test : testInCi;
  testPublished("as it is published", async () => {
    expect(await run(join(folder, fileName(name)))).toBe(prints);
  });

  test("in a bundle", async () => {
    expect(await run(join(folder, "bundles", fileName(name)))).toBe(prints);
  });
});
