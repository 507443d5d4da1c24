import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tensor } from "downhill";
import { dataset } from "downhill/data";
import { meanSquaredError } from "downhill/nn";
import { sgd } from "downhill/optim";
import { checkpointFolder, fit } from "downhill/train";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { downhill as run, type Ended } from "../../../test/support/command.ts";

let folder: string;
const downhill = async (...words: string[]): Promise<Ended> => run(words, { cwd: folder });
const trained = ["train", "iris", "--hidden", "none", "--out", "report.html"];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "downhill-compare-"));
  await downhill(...trained, "--epochs", "3", "--checkpoint", "runs/a");
  await downhill(...trained, "--epochs", "2", "--lr", "0.5", "--val", "0.2", "--checkpoint", "runs/b");
  await fit({
    params: { w: tensor(0) },
    loss: ({ w }, { x }) => meanSquaredError(w.mul(x), x),
    data: dataset({ x: [1, 2] }).batch(2),
    optimizer: sgd({ learningRate: 0.1 }),
    epochs: 2,
    checkpoint: { store: checkpointFolder(join(folder, "runs/own")) },
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The cells of a table, by the first cell of each row. */
function rowsOf(text: string): Map<string, string[]> {
  const rows = text.split("\n").map((line) => line.trim().split(/\s{2,}/));
  return new Map(rows.map(([name = "", ...values]) => [name, values]));
}

test("shows results and only the settings that differ", async () => {
  const { status, stdout } = await downhill("compare", "runs/a", "runs/b");
  expect(status).toBe(0);
  const rows = rowsOf(stdout);
  expect(rows.get("learningRate")).toEqual(["0.02", "0.5"]);
  expect(rows.get("validation")).toEqual(["0", "0.2"]);
  expect(rows.has("seed")).toBe(false);
  expect(rows.has("optimizer")).toBe(false);
  expect(rows.get("test loss")).toHaveLength(2);
  expect(rows.get("validation loss")![0]).toBe("–");
});

test("--json has the curves of the report", async () => {
  const { stdout } = await downhill("compare", "runs/a", "runs/b", "--json");
  const { differences, runs } = JSON.parse(stdout) as {
    differences: Record<string, string[]>;
    runs: { epochs: number; settings: object; curves: Record<string, number[]> }[];
  };
  expect(differences["epochs"]).toEqual(["3", "2"]);
  expect(runs[0]!.curves["Test accuracy"]).toHaveLength(3);
  expect(Object.keys(runs[0]!.curves)).not.toContain("Validation loss");
  expect(runs[1]!.curves["Validation loss"]).toHaveLength(2);
  const losses = runs[0]!.curves["Training loss"]!;
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
});

test("--out overlays the curves of all runs that have them", async () => {
  const { status } = await downhill("compare", "runs/a", "runs/b", "--out", "page.html");
  expect(status).toBe(0);
  const page = readFileSync(join(folder, "page.html"), "utf8");
  const section = (title: string): string => page.split(`<h2>${title}</h2>`)[1]!.split("</section>")[0]!;
  expect(
    section("Test loss")
      .split('class="at-520"')[1]!
      .match(/data-series=/g),
  ).toHaveLength(2);
  expect(
    section("Validation loss of b")
      .split('class="at-520"')[1]!
      .match(/data-series=/g),
  ).toHaveLength(1);
  expect(page).not.toContain("<h2>Learning rate</h2>"); // no run changes the rate
});

test("runs of programs are compared by their curves, because their settings are unknown", async () => {
  const { stdout } = await downhill("compare", "runs/a", "runs/own");
  const rows = rowsOf(stdout);
  expect(rows.get("epochs")).toEqual(["3", "not known"]); // the settings; the results precede them
  expect(rows.get("training loss")).toHaveLength(2);
});

test("truncated tests are ignored, and the last test of an epoch counts", async () => {
  await downhill(...trained, "--epochs", "2", "--checkpoint", "runs/c");
  appendFileSync(join(folder, "runs/c/tests.jsonl"), '{"epoch":2,"loss":0.125,"metrics":{}}\n{"epoch":1,"lo');
  const { stdout } = await downhill("compare", "runs/a", "runs/c", "--json");
  const { runs } = JSON.parse(stdout) as { runs: { curves: Record<string, number[]> }[] };
  expect(runs[1]!.curves["Test loss"]![1]).toBe(0.125);
  expect(runs[1]!.curves["Test loss"]![0]).toBeGreaterThan(0);
});

describe("misuse", () => {
  test.each<[readonly string[], string]>([
    [["runs/a"], "a comparison needs two or more runs, as in downhill compare runs/a runs/b."],
    [[], "the run is missing."],
    [["runs/a", "runs/a"], "runs/a is given twice."],
    [
      ["runs/a", "nowhere"],
      "nowhere: there is no such folder. A run is saved by downhill train … --checkpoint nowhere.",
    ],
    [["runs/a", "empty"], "empty: there is no checkpoint in it."],
    [["runs/a", "file"], "file: this is a file, not the folder of a run."],
    [["runs/a", "runs/b", "--out", "x.png"], '--out: the name must end in .html, and "x.png" does not.'],
  ])("%j", async (words, message) => {
    mkdirSync(join(folder, "empty"), { recursive: true });
    writeFileSync(join(folder, "file"), "");
    const { status, stderr } = await downhill("compare", ...words);
    expect(stderr).toContain(message);
    expect(status).toBeGreaterThan(0);
  });
});
