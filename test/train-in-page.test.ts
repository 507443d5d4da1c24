import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect } from "vitest";
import { describeInBrowser } from "./support/browser.ts";

const program = `
import { dataset, digits, stratifiedSplit, takeRows } from "downhill/data";
import { accuracy, mlp, softmaxCrossEntropy } from "downhill/nn";
import { sgd } from "downhill/optim";
import { key } from "downhill/random";
import { checkpointMemory, evaluator, fit } from "downhill/train";

const { images, labels, count } = digits();
const columns = { x: { shape: [count, 64], dtype: "float32", data: images }, y: labels };
const split = stratifiedSplit({ labels, testFraction: 0.2, seed: 0 });
const { init, apply } = mlp([64, 32, 10]);
const loss = (params, { x, y }) => {
  const scores = apply(params, x);
  return { loss: softmaxCrossEntropy(scores, y), metrics: { accuracy: accuracy(scores, y) } };
};
let frames = 0;
let isTraining = true;
const onFrame = () => { frames++; if (isTraining) requestAnimationFrame(onFrame); };
requestAnimationFrame(onFrame);
const options = {
  params: init(key(0)),
  loss,
  data: dataset(takeRows(columns, split.train)).shuffle({ seed: 0 }).batch(32),
  optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
};
const { params } = await fit({ ...options, epochs: 8 });
isTraining = false;
const checkpoint = { store: checkpointMemory() };
await fit({ ...options, epochs: 3, checkpoint });
const resumed = await fit({ ...options, epochs: 8, checkpoint, resume: true });
const isSame = JSON.stringify(resumed.params) === JSON.stringify(params);
const { metrics } = await evaluator(loss)(params, dataset(takeRows(columns, split.test)).batch("full"));
globalThis.result = { accuracy: metrics.accuracy, frames, isSame };
`;

interface Result {
  readonly accuracy: number;
  readonly frames: number;
  readonly isSame: boolean;
}

describeInBrowser("training in a page", {
  "learns the digits while the page keeps drawing, and resumes from a checkpoint in memory": async ({
    open,
  }) => {
    const { outputFiles } = await build({
      stdin: { contents: program, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
      bundle: true,
      write: false,
      format: "esm",
      platform: "browser",
      tsconfigRaw: {}, // else the paths of tsconfig.json would lead to src/
    });
    const script = outputFiles[0]!.text.replaceAll("</script", String.raw`<\/script`);
    const page = await open(
      `<!doctype html><meta charset="utf-8"><title>t</title><script type="module">${script}</script>`,
    );
    const handle = await page.waitForFunction(() => (globalThis as { result?: unknown }).result);
    const { accuracy, frames, isSame } = (await handle.jsonValue()) as Result;
    expect(accuracy).toBeGreaterThan(0.93);
    expect(frames).toBeGreaterThan(2); // a blocked page draws nothing
    expect(isSame).toBe(true);
  },
});
