// `downhill export`: outputs of exported models in ONNX Runtime, compared with those of downhill.
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { columnOf, readTable, type TableColumn } from "downhill/io";
import { adam } from "downhill/optim";
import { checkpointFolder, fit } from "downhill/train";
import { dataset, type Standardiser } from "downhill/data";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportedFunction } from "../src/cli/export/functions.ts";
import { readTrainedRun, type TrainedRun } from "../src/cli/export/saved.ts";
import { optimizerNames } from "../src/cli/shared/optimizer-table.ts";
import { loadProblem, type DataPart, type LearningProblem } from "../src/cli/train/data.ts";
import { makeModel } from "../src/cli/train/model.ts";
import { anyBatch } from "../src/training/onnx/any-batch.ts";
import { toOnnx } from "../src/training/onnx/to-onnx.ts";
import { downhill as runDownhill, type Ended } from "./support/command.ts";
import { faultOf, runModels, testWithOnnxRuntime } from "./support/onnx-runtime.ts";
import { extent } from "./support/extent.ts";

let folder: string;

const downhill = async (...words: string[]): Promise<Ended> => runDownhill(words, { cwd: folder });

/** Trains briefly, and checks the exit status. */
async function trained(name: string, ...words: string[]): Promise<void> {
  const { status, stderr } = await downhill("train", ...words, "--epochs", "2", "--checkpoint", name);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}

const places = ["north", "south", "", "east"];
const table = `height,site,girth,yield,kind\n${Array.from({ length: 80 }, (_, i) => {
  const height = i % 9 === 4 ? "" : 1_700_000_000 + ((i * 37) % 23) / 8;
  return `${height},${places[(i * 7) % 4]!},${((i * 13) % 17) / 3},${(i * 29) % 31}.25,${i % 3 === 0 ? "oak" : "ash"}`;
}).join("\n")}\n`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "downhill-export-"));
  writeFileSync(join(folder, "trees.csv"), table);
  await trained("digits", "digits", "--hidden", "32");
  await trained("best", "digits", "--val", "0.2", "--hidden", "none", "--lr", "1");
  await trained("iris", "iris", "--hidden", "none");
  const filled = ["--missing", "mean", "--indicator"];
  await trained("kinds", "--data", "trees.csv", "--target", "kind", "--hidden", "8", ...filled);
  await trained("yields", "--data", "trees.csv", "--target", "yield", "--hidden", "8,4", ...filled);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A run with its data, and downhill's own evaluation of the test part. */
async function evaluated(
  name: string,
): Promise<{ run: TrainedRun; problem: LearningProblem; output: Float32Array }> {
  const run = await readTrainedRun(join(folder, name));
  const { source, settings, table: learnt } = run;
  const here = source.kind === "table" ? { ...source, file: join(folder, source.file) } : source;
  const problem = await loadProblem(here, settings.seed, settings.validation, learnt);
  const model = makeModel(problem, settings.hidden, settings.seed);
  return { run, problem, output: model.predict(run.learnt, problem.test) };
}

const pixelsOf = ({ x }: DataPart): Tensor => d.tensor(x.data as Float32Array, { shape: x.shape });

/** The raw cells of rows, in the form that a table model takes. */
function cellsOf(run: TrainedRun, rows: Int32Array): Record<string, Tensor> {
  const trees = readTable(table, { missing: "keep" });
  return Object.fromEntries(
    run.table!.inputs.encoder.columns.map((rule) => {
      const column: TableColumn = columnOf(trees, rule.column);
      if (rule.kind === "number")
        return [rule.column, d.tensor(Float64Array.from(rows, (row) => column.values[row] as number))];
      const found = Int32Array.from(rows, (row) => rule.categories.indexOf(column.values[row] as string));
      return [rule.column, d.tensor(found, { dtype: "int32" })];
    }),
  );
}

/** Outputs of an exported model for these inputs. */
async function outputsOf(
  words: readonly string[],
  feeds: Record<string, Tensor>,
): Promise<Record<string, Tensor>> {
  const { status, stderr } = await downhill("export", ...words, "--out", "model.onnx");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const found = runModels([{ model: readFileSync(join(folder, "model.onnx")), feeds }])[0]!;
  if (typeof found === "string") throw new Error(found);
  return found;
}

describe("the model of a run predicts what downhill predicts", () => {
  testWithOnnxRuntime.each(["best", "digits"].slice(extent(1, 0, 0)))("of pixels: %s", async (name) => {
    const { problem, output } = await evaluated(name);
    const { test: part } = problem;
    const found = await outputsOf([name], { pixels: pixelsOf(part) });
    const probabilities = d.tensor(output, { shape: [part.rows.length, 10] });
    expect(faultOf(probabilities, found["probabilities"]!, 1e-6)).toEqual([]);
    expect(found["class"]!.tolist()).toEqual(d.argmax(probabilities, { axis: 1 }).tolist());
    const one = await outputsOf([name, "--batch", "1"], { pixels: pixelsOf(part).slice(0, 1) });
    expect(faultOf(d.slice(probabilities, [0, 1]), one["probabilities"]!, 1e-6)).toEqual([]);
  });

  testWithOnnxRuntime("of raw columns, numbers and categories with holes: classes", async () => {
    const { run, problem, output } = await evaluated("kinds");
    const { rows } = problem.test;
    const found = await outputsOf(["kinds"], cellsOf(run, rows));
    expect(faultOf(d.tensor(output, { shape: [rows.length, 2] }), found["probabilities"]!, 1e-6)).toEqual([]);
    expect(found["class"]!.dtype).toBe("int32");
  });

  testWithOnnxRuntime("of raw columns to a number in units of the target", async () => {
    const { run, problem, output } = await evaluated("yields");
    const { rows } = problem.test;
    const found = await outputsOf(["yields"], cellsOf(run, rows));
    const { mean, std } = (run.table!.task as { readonly scale: Standardiser }).scale;
    const wanted = Float64Array.from(output, (z) => z * std[0]! + mean[0]!);
    const scale = Math.max(...wanted.map(Math.abs));
    const got = found["yield"]!;
    expect([got.dtype, got.shape]).toEqual(["float64", [rows.length]]);
    wanted.forEach((y, i) => expect(Math.abs(got.data()[i]! - y)).toBeLessThan(1e-6 * scale));
  });

  testWithOnnxRuntime("of a table of the library", async () => {
    const { run, problem, output } = await evaluated("iris");
    const { names, scale } = run.table!.inputs;
    const { x, rows } = problem.test;
    const raw = names.map((name, k) => [
      name,
      d.tensor(Float64Array.from(rows, (_, i) => x.data[i * 4 + k]! * scale.std[k]! + scale.mean[k]!)),
    ]);
    const found = await outputsOf(["iris"], Object.fromEntries(raw) as Record<string, Tensor>);
    // the columns are float32 there, and come back from standardised ones with another last digit
    const got = found["probabilities"]!.data();
    output.forEach((p, i) => expect(Math.abs(p - got[i]!)).toBeLessThan(3e-6));
  });
});

describe("loss, gradient and step of a run", () => {
  testWithOnnxRuntime("are those of downhill", async () => {
    const { run, problem } = await evaluated("kinds");
    const model = makeModel(problem, run.settings.hidden, run.settings.seed);
    const { rows, y } = problem.test;
    const labels = d.tensor(y.data as Int32Array, { dtype: "int32" });
    const batch = { x: pixelsOf(problem.test), y: labels };
    const feeds = { ...cellsOf(run, rows), kind: labels };
    const objective = (p: typeof run.last): { loss: Tensor; metrics: Record<string, Tensor> } =>
      model.loss(p, batch, undefined as never) as never;
    const wanted = objective(run.learnt);
    const found = await outputsOf(["kinds", "--what", "loss"], feeds);
    expect(found["loss"]!.item()).toBeCloseTo(wanted.loss.item(), 6);
    expect(found["accuracy"]!.item()).toBeCloseTo(wanted.metrics["accuracy"]!.item(), 6);
    const params = Object.fromEntries(
      run.last.layers.flatMap(({ weight, bias }, i) => [
        [`params.layers[${i}].weight`, weight],
        [`params.layers[${i}].bias`, bias],
      ]),
    );
    const slopes = d.grad((p: typeof run.last) => objective(p).loss)(run.last);
    const gradient = await outputsOf(["kinds", "--what", "gradient"], { ...params, ...feeds });
    slopes.layers.forEach(({ weight }, i) =>
      expect(faultOf(weight, gradient[`gradient.layers[${i}].weight`]!)).toEqual([]),
    );
  });

  testWithOnnxRuntime("are steps of every optimiser, whose outputs are inputs of the next one", async () => {
    const { run, problem } = await evaluated("kinds");
    const items = 8;
    const first = Int32Array.from({ length: items }, (_, i) => problem.train.rows[i]!);
    const labels = d.tensor((problem.train.y.data as Int32Array).slice(0, items), { dtype: "int32" });
    const feeds = { ...cellsOf(run, first), kind: labels };
    const names = optimizerNames.filter((name, i) => name === "adam" || i % extent(8, 1, 1) === 0);
    const cases = names.map((name) => {
      const method = { ...run.settings.method, optimizer: { name, options: {} }, momentum: undefined };
      const learningRate = name === "lbfgs" ? 0.3 : 0.01;
      const settings = {
        ...run.settings,
        method: { ...method, learningRate, clip: name === "adam" ? 1 : undefined },
      };
      const { f, args, inputs, outputs, items: data } = exportedFunction("step", { ...run, settings }, 3);
      const model = toOnnx(f, args as never, {
        inputs,
        outputs,
        batch: anyBatch(...data.map((input) => input.name)),
      });
      const [params, state, ...columns] = args;
      const start = [...leavesOf([params, state])];
      const given = { ...Object.fromEntries(start.map((x, i) => [inputs[i]!, x])), ...feeds };
      const next = Object.fromEntries(
        outputs.slice(1).map((output) => [output, output.slice("out.".length)]),
      );
      const run2 = d.jit(f as never) as unknown as (...xs: unknown[]) => [Tensor, unknown, unknown];
      const own = columns.map((_, i) => Object.values(feeds)[i]!);
      const [, p1, s1] = run2(params, state, ...own);
      const [loss, p2] = run2(p1, s1, ...own);
      return { name, wanted: [loss, ...leavesOf(p2)], run: { model, feeds: given, times: 2, next } };
    });
    const faults = runModels(cases.map((one) => one.run)).flatMap((found, i) => {
      const { name, wanted } = cases[i]!;
      if (typeof found === "string") return [`${name}: ${found}`];
      const got = Object.values(found);
      return wanted.flatMap((want, k) => {
        const [a, b] = [want.data(), got[k]!.data()];
        const scale = Math.max(...a.map(Math.abs));
        // quotients of small gradients by their roots magnify last digits
        const worst = Math.max(...a.map((x, j) => Math.abs(x - b[j]!))) / scale;
        return worst < 1e-4 && got[k]!.dtype === want.dtype
          ? []
          : [`${name}, result ${k}: ${worst} of the largest`];
      });
    });
    expect(faults).toEqual([]);
  });
});

function leavesOf(value: unknown): Tensor[] {
  if (value instanceof d.Tensor) return [value];
  if (typeof value === "number") return [d.tensor(value)];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(leavesOf);
}

describe("downhill export", () => {
  test("describes inputs, outputs and origin", async () => {
    const { stdout } = await downhill("export", "kinds", "--out", "kinds.onnx");
    expect(stdout).toContain(
      "kinds.onnx: predictions of kinds (trees.csv, after epoch 2), for any number of items",
    );
    expect(stdout).toMatch(
      /in {3}height float64\[items\]: a number; NaN if it is missing: replaced by 17\d+\.\d+/,
    );
    expect(stdout).toContain("in   site int32[items]: the index of the category, from 0; −1 for any other ((missing), east, north, south)"); // prettier-ignore
    expect(stdout).toContain("out  class: the index of the most probable class (ash, oak)");
    const told = JSON.parse((await downhill("export", "kinds", "--json", "--batch", "3")).stdout) as Record<
      string,
      unknown
    >;
    expect(told).toMatchObject({ file: "model.onnx", what: "predictions", batch: 3, epoch: 2 });
    expect((told["metadata"] as Record<string, string>)["command"]).toMatch(/^downhill train --data trees\.csv --target kind .*--epochs 2/); // prettier-ignore
    const bytes = readFileSync(join(folder, "kinds.onnx"));
    expect(bytes.includes("downhill export --what predictions")).toBe(true);
  });

  test("names results differently from columns", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${(i * 3) % 5},${i % 2 === 0 ? "a" : "b"}`);
    writeFileSync(join(folder, "odd.csv"), `class,probabilities,y\n${rows.join("\n")}\n`);
    await trained("odd", "--data", "odd.csv", "--target", "y", "--hidden", "none");
    const { inputs, outputs } = JSON.parse((await downhill("export", "odd", "--json")).stdout) as {
      readonly inputs: readonly { readonly name: string }[];
      readonly outputs: readonly { readonly name: string }[];
    };
    expect(inputs.map(({ name }) => name)).toEqual(["class", "probabilities"]);
    expect(outputs.map(({ name }) => name)).toEqual(["probabilities_2", "class_2"]);
  });

  test("reports the epoch of the parameters if the run held items out", async () => {
    expect((await downhill("export", "best")).stdout).toMatch(
      /the parameters are those of epoch \d, the best/,
    );
  });

  test("leaves no partial file, and keeps the old file if it fails", async () => {
    writeFileSync(join(folder, "kept.onnx"), "before");
    expect((await downhill("export", "nothing", "--out", "kept.onnx")).status).toBe(1);
    expect(readFileSync(join(folder, "kept.onnx"), "utf8")).toBe("before");
    expect((await downhill("export", "digits", "--out", "kept.onnx")).status).toBe(0);
    expect(readFileSync(join(folder, "kept.onnx")).length).toBeGreaterThan(10_000);
    expect(readdirSync(folder).filter((name) => name.includes("tmp"))).toEqual([]);
  });

  test.each<[string, string[], number, string]>([
    ["a folder that is none", ["nothing"], 1, "error: nothing: there is no such folder. A run is saved by downhill train … --checkpoint nothing."], // prettier-ignore
    ["a file", ["trees.csv"], 1, "error: trees.csv: this is a file, not the folder of a run."],
    ["a folder without a run", ["."], 1, "error: .: there is no checkpoint in it."],
    ["no folder", [], 2, "error: the folder is missing."],
    ["a word", ["digits", "--what", "los"], 2, 'got "los". Did you mean "loss"?'],
    ["a batch", ["digits", "--batch", "0"], 2, "error: --batch must be an integer of 1 or more"],
    [
      "a place",
      ["digits", "--out", "none/a.onnx"],
      1,
      "error: cannot write none/a.onnx: its folder does not exist.",
    ],
  ])("refuses %s", async (_, words, status, message) => {
    const ran = await downhill("export", ...words);
    expect(ran.status).toBe(status);
    expect(ran.stderr).toContain(message);
  });

  test("refuses a run by a program, a damaged run and one with lost inputs, each with a repair", async () => {
    await fit({
      params: { w: d.tensor(1) },
      loss: ({ w }: { w: Tensor }, { x }: { x: Tensor }) => d.mean(d.square(w.sub(x))),
      data: dataset({ x: [1, 2, 3] }).batch(1),
      optimizer: adam(),
      epochs: 1,
      checkpoint: { store: checkpointFolder(join(folder, "own")) },
    });
    const own = (await downhill("export", "own")).stderr;
    expect(own).toContain(
      "error: own: it was made by a program, or by an earlier version, and only networks of downhill train are known",
    );
    expect(own).toContain("A program writes its own with toOnnx of downhill/onnx");
    await trained("damaged", "iris", "--hidden", "none");
    rmSync(join(folder, "damaged", "inputs.json"));
    expect((await downhill("export", "damaged")).stderr).toContain("error: damaged lacks inputs.json, which tells how the columns of the table"); // prettier-ignore
    for (const name of readdirSync(join(folder, "damaged")))
      if (name.endsWith(".safetensors")) truncateSync(join(folder, "damaged", name), 100);
    const { status, stderr } = await downhill("export", "damaged");
    expect(stderr).toContain("error: damaged: none of its checkpoints is intact.");
    expect(status).toBe(1);
  });

  test("refuses steps of several batches", async () => {
    await trained("slow", "iris", "--hidden", "none", "--accumulate", "2");
    expect((await downhill("export", "slow", "--what", "step")).stderr).toContain(
      "error: --what step: a step of this run takes the gradients of 2 batches. Write --what gradient, and sum them.",
    );
  });
});
