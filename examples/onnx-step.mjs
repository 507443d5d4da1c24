// A whole training step as an ONNX model, with derivatives and Adam. Other engines can train with it, on a GPU too;
// docs/onnx.md has a page that does so in a browser.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jit, tanh, tensor, valueAndGrad } from "downhill";
import { meanSquaredError, mlp } from "downhill/nn";
import { toOnnx, writeOnnxFile } from "downhill/onnx";
import { adam, applyUpdates } from "downhill/optim";
import { key } from "downhill/random";

const network = mlp([1, 32, 1], { activation: tanh });
const optimizer = adam({ learningRate: 0.01 });
const inputs = tensor(Array.from({ length: 64 }, (_, i) => [i / 32 - 1]), { dtype: "float32" }); // prettier-ignore
const targets = inputs.mul(inputs).mul(2).sub(1);

function step(params, state, x, y) {
  const loss = (p) => meanSquaredError(network.apply(p, x), y);
  const [value, grads] = valueAndGrad(loss)(params);
  const update = optimizer.update(grads, state, params);
  return { loss: value, params: applyUpdates(params, update.updates), state: update.state };
}

let params = network.init(key(0));
let state = optimizer.init(params);
const model = toOnnx(step, [params, state, inputs, targets]);

const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), "downhill-onnx-"));
const file = join(folder, "step.onnx");
await writeOnnxFile(file, model);
console.log(`${file}: ${statSync(file).size} bytes`);
if (process.argv[2] === undefined) rmSync(folder, { recursive: true });

// the model must agree with the compiled step
const compiled = jit(step);
let loss;
for (let i = 0; i < 200; i++) ({ loss, params, state } = compiled(params, state, inputs, targets));
console.log(`after 200 steps here the loss is ${loss.item().toPrecision(4)}`);
if (!(loss.item() < 0.05)) throw new Error("the step does not learn");
