// A map in a worker of a page: the thread is started from a blob, and imports the module of the map by address.
import { expect } from "vitest";
import { describePageInCi } from "./support/browser.ts";
import { pageScript } from "./support/page-script.ts";

const program = `
  import { dataset } from "./src/training/data/index.ts";
  // a page of a file may not import other files, nor blobs
  const moduleOf = (code) => "data:text/javascript," + encodeURIComponent(code);
  window.run = async (code) => {
    const batches = dataset(Float32Array.of(1, 2, 3, 4, 5)).batch(2).prefetch({ ahead: 2, worker: moduleOf(code) });
    const seen = [];
    try {
      for (let k = 0; k < 2; k++) for await (const x of batches.epoch(k)) seen.push([...x.data()]);
    } catch (error) {
      seen.push(error.message.replace(/data:[^ :]*/, "module"));
    }
    return seen;
  };`;

async function page(): Promise<string> {
  return `<title>worker</title><script>${await pageScript(program)}</script>`;
}

interface Runner {
  readonly run: (code: string) => Promise<unknown>;
}

describePageInCi("a map in a worker of a page", {
  "gives its batches in order, epoch by epoch": async ({ open }) => {
    const tab = await open(await page());
    const seen = await tab.evaluate(async () =>
      (globalThis as unknown as Runner).run(
        "export const map = (x, key, { epoch }) => ({ ...x, data: x.data.map((v) => 10 * v + epoch) });",
      ),
    );
    expect(seen).toEqual([[10, 20], [30, 40], [50], [11, 21], [31, 41], [51]]);
  },
  "tells of an error in it, and of a module that cannot be used": async ({ open }) => {
    const tab = await open(await page());
    const [thrown, missing] = await tab.evaluate(async () => {
      const { run } = globalThis as unknown as Runner;
      return [
        await run(
          "export const map = (x) => { if (x.data[0] > 2) throw new RangeError('too much'); return x; };",
        ),
        await run("export const other = 1;"),
      ];
    });
    expect(thrown).toEqual([
      [1, 2],
      "prefetch: batch 1 of epoch 0 (from 0): map of module failed: RangeError: too much",
    ]);
    expect(missing).toEqual([
      "prefetch: batch 0 of epoch 0 (from 0): module: the module of the worker cannot be used: it must export a function map, but it exports other.",
    ]);
  },
});
