// The page of docs/onnx.md in Chromium: a training step exported by downhill trains in ONNX Runtime with WebAssembly.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Tensor } from "downhill";
import { jit, tanh, tensor, valueAndGrad } from "downhill";
import { meanSquaredError, mlp, type MlpParams } from "downhill/nn";
import { toOnnx } from "downhill/onnx";
import { adam, applyUpdates } from "downhill/optim";
import { key } from "downhill/random";
import { expect } from "vitest";
import { testWith } from "./support/conditions.ts";
import { describeInBrowser } from "./support/browser.ts";
import { root } from "./support/snippets.ts";

/** Folder of onnxruntime-web as installed by npm. At 139 MB it is too large to be a dependency of the tests. */
const runtime = process.env["ONNXRUNTIME_WEB"];
const [steps, items] = [60, 32];

const network = mlp([1, 16, 1], { activation: tanh });
const optimizer = adam({ learningRate: 0.02 });
type State = ReturnType<typeof optimizer.init<MlpParams>>;

function step(params: MlpParams, state: State, x: Tensor, y: Tensor) {
  const [loss, grads] = valueAndGrad((p: MlpParams) => meanSquaredError(network.apply(p, x), y))(params);
  const update = optimizer.update(grads, state, params);
  return { loss, params: applyUpdates(params, update.updates), state: update.state };
}

const x = tensor(Array.from({ length: items }, (_, i) => [i / 16 - 1]), { dtype: "float32" }); // prettier-ignore
const y = x.mul(x).mul(2).sub(1);

/** The arrays of the inputs by their names. */
function inputsOf(path: string, value: unknown): [string, Tensor][] {
  if (typeof value !== "object" || value === null) return [];
  if ("shape" in value) return [[path, value as Tensor]];
  return Object.entries(value).flatMap(([name, child]) =>
    inputsOf(Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`, child),
  );
}

const missing = runtime === undefined || !existsSync(runtime);
if (missing) {
  const needs = "onnxruntime-web (npm install onnxruntime-web; ONNXRUNTIME_WEB names its folder)";
  testWith(needs, false)("a page that trains by a model in ONNX Runtime", () => {});
} else {
  describeInBrowser("a page that trains by a model", {
    "gets the losses that downhill has": async ({ open }) => {
      let params = network.init(key(0));
      let state = optimizer.init(params);
      const start = [params, state, x, y];
      const model = toOnnx(step, start as never);
      const feeds = ["params", "state", "x", "y"].flatMap((name, i) => inputsOf(name, start[i]));
      const shown = feeds.map(([name, value]) => [
        name,
        { data: Array.from(value.data()), dims: value.shape, type: value.dtype },
      ]);
      const page = await open(await pageOf(model, Object.fromEntries(shown) as object));
      await page.waitForFunction(() => document.title !== "", undefined, { timeout: 120_000 });
      const found = Number(await page.title());

      const compiled = jit(step);
      let loss: Tensor | undefined;
      for (let i = 0; i < steps; i++) ({ loss, params, state } = compiled(params, state, x, y));
      expect(Math.abs(found / loss!.item() - 1)).toBeLessThan(1e-5);
    },
  });
}

/** A self-contained page: the code of the docs, the runtime, the model and its inputs. */
async function pageOf(model: Uint8Array, start: object): Promise<string> {
  const docs = readFileSync(join(root, "docs/onnx.md"), "utf8");
  const code = /```js\n(import \* as ort[\s\S]*?)```/.exec(docs)![1]!;
  const wasm = readFileSync(join(runtime!, "dist/ort-wasm-simd-threaded.wasm")).toString("base64");
  const main = `${code.replace("onnxruntime-web/webgpu", join(runtime!, "dist/ort.wasm.bundle.min.mjs"))}
    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    ort.env.wasm.wasmBinary = bytes(document.getElementById("wasm").textContent).buffer;
    ort.env.wasm.numThreads = 1;
    const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array };
    const start = JSON.parse(document.getElementById("start").textContent);
    for (const one of Object.values(start)) one.data = arrays[one.type].from(one.data);
    const { loss } = await train(bytes(document.getElementById("model").textContent), start, ${steps}, () => {});
    document.title = String(loss);`;
  const { outputFiles } = await build({
    stdin: { contents: main, resolveDir: root },
    bundle: true,
    format: "esm",
    write: false,
    minify: true,
    logLevel: "silent",
  });
  const part = (id: string, text: string): string => `<script type="text/plain" id="${id}">${text}</script>`;
  const parts = part("wasm", wasm) + part("model", Buffer.from(model).toString("base64")) + part("start", JSON.stringify(start)); // prettier-ignore
  const script = outputFiles[0]!.text.replaceAll("</script", "<\\/script");
  return `<!doctype html><meta charset="utf-8"><title></title>${parts}<script type="module">${script}</script>`;
}
