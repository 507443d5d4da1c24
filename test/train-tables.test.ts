import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argmax, tensor } from "downhill";
import { encodeFeatures, type FeatureEncoder, standardise, type Standardiser } from "downhill/data";
import { readSafetensorsFile, readTable } from "downhill/io";
import { mlp, type MlpParams } from "downhill/nn";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { downhill, type Ended } from "./support/command.ts";
import { root } from "./support/snippets.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill tables-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly status: number | null;
  readonly stderr: string;
  /** Fields of the `start` and `done` lines, and the notes between them. */
  readonly start: Record<string, unknown>;
  readonly done: Record<string, unknown>;
  readonly text: string;
}

/** Runs `downhill train --data` on a text, in a folder with a space in its name. */
async function train(table: string, ...words: string[]): Promise<Ran> {
  writeFileSync(join(folder, "my table.csv"), table);
  const command = ["train", "--data", "my table.csv", ...words, "--json"];
  const { status, stdout, stderr } = await downhill(command, { cwd: folder });
  const lines = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { status, stderr, start: lines[0] ?? {}, done: lines.at(-1) ?? {}, text: stdout };
}

/** The notes of a run, as its report shows them. */
const reported = (): string => readFileSync(join(folder, "downhill-report.html"), "utf8");

const rows = (n: number, row: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => `${row(i)}\n`).join("");

describe("downhill train on a user's table", () => {
  // what is asked for is in the text column alone
  const coats = `size;coat;warm\n${rows(60, (i) => `${(i * 7) % 11};${["wool", "silk", "linen"][i % 3]!};${i % 3 === 0 ? "yes" : "no"}`)}`;

  test("texts are inputs, one per category: they were refused", async () => {
    const { start, done, stderr } = await train(coats, "--target", "warm", "--hidden", "none");
    expect(stderr).toBe("");
    expect(start).toMatchObject({ network: [4, 2] });
    expect(done["testAccuracy"]).toBe(1);
  });

  test("columns are left out by name, also in the command that repeats the run", async () => {
    const dated = `day;size;coat;warm\n${rows(60, (i) => `d${i};${(i * 7) % 11};${["wool", "silk", "linen"][i % 3]!};${i % 3 === 0 ? "yes" : "no"}`)}`;
    const words = ["--target", "warm", "--hidden", "none"];
    expect((await train(dated, ...words)).stderr).toContain("Leave it out with --without day");
    const { start, text } = await train(dated, ...words, "--without", "day,size");
    expect(start).toMatchObject({ network: [3, 2] });
    expect(text).toContain("--target warm --without day,size");
    expect((await train(dated, ...words, "--without", "dya")).stderr).toContain('Did you mean "day"?');
    expect((await train(dated, ...words, "--without", "day", "--features", "coat")).stderr).toContain(
      "Give one of them.",
    );
  });

  test("a column that counts the rows is reported: it was used silently", async () => {
    const numbered = `id;size;warm\n${rows(60, (i) => `${100 + i};${(i * 7) % 11};${i % 3 === 0 ? "yes" : "no"}`)}`;
    const told = "numbers the rows, which says nothing about new ones. Leave it out with --without id.";
    await train(numbered, "--target", "warm");
    expect(reported()).toContain(told);
    await train(numbered, "--target", "warm", "--without", "id");
    expect(reported()).not.toContain(told);
  });

  test("decimal commas and thousands are numbers: they were refused", async () => {
    const prices = `area;price\n${rows(50, (i) => `${i},5;${1 + Math.floor((i * 40) / 1000)}.${String((i * 40) % 1000).padStart(3, "0")},25`)}`;
    const { done } = await train(prices, "--target", "price", "--hidden", "none", "--epochs", "200");
    expect(done["testR2"]).toBeGreaterThan(0.999);
    const doubtful = await train(
      `a;b\n${rows(20, (i) => `${1 + (i % 7)},${100 + i};${i % 2}`)}`,
      "--target",
      "b",
    );
    expect(doubtful).toMatchObject({
      status: 1,
      stderr:
        'error: my table.csv: line 2, column "a": "1,100" may be 1100 or 1.1, and no other number resolves this. Set the decimal mark with --decimal point or --decimal comma.\n',
    });
    const said = await train(
      `a;b\n${rows(20, (i) => `${1 + (i % 7)},${100 + i};${i % 2}`)}`,
      ..."--target b --epochs 1 --decimal comma".split(" "),
    );
    expect(said.start["command"]).toContain("--decimal comma");
  });

  const holes = `a,s,y\n${rows(60, (i) => `${i % 5 === 0 ? "" : i % 4},${i % 7 === 0 ? "NA" : i % 2 === 0 ? "u" : "v"},${i % 2 === 0 ? "even" : "odd"}`)}`;

  test.each<[string, unknown, number]>([
    ["--missing drop", [3, 32, 2], 41],
    ["--missing mean", [4, 32, 2], 60],
    ["--missing median --indicator", [5, 32, 2], 60],
  ])("cells without a value go by %s", async (words, network, items) => {
    const { start, done, stderr } = await train(holes, "--target", "y", "--epochs", "3", ...words.split(" "));
    expect(stderr).toBe("");
    expect(start["network"]).toEqual(network);
    expect(Number(start["trainItems"]) + Number(start["testItems"])).toBe(items);
    expect(start["command"]).toContain(words);
    expect(done["event"]).toBe("done");
    expect(reported()).toMatch(/rows are left out because they lack|lacks 12 of 60 values/);
  });

  test("without a rule the first missing value is reported, with the repair", async () => {
    expect(await train(holes, "--target", "y")).toMatchObject({
      status: 1,
      stderr:
        'error: my table.csv: line 2, column "s": the value is missing. Fill it in, leave such rows out with --missing drop, or fill them in with --missing mean.\n',
    });
  });

  test("the message for a missing target names a repair other than imputation", async () => {
    const table = `a,y\n1,2\n2,\n${rows(40, (i) => `${i},${i}.5`)}`;
    expect((await train(table, "--target", "y")).stderr).toBe(
      'error: my table.csv: line 3, column "y": the value is missing. It is the target, which cannot be filled in: write it into the table, or leave such rows out with --missing drop.\n',
    );
    expect((await train(table, "--target", "y", "--epochs", "1", "--missing", "drop")).status).toBe(0);
  });

  test("numeric names are categories if an option says so", async () => {
    const zip = `zip,y\n${rows(40, (i) => `0${1 + (i % 4)},${i % 4 === 2 ? "u" : "v"}`)}`;
    expect((await train(zip, "--target", "y", "--epochs", "1")).start["network"]).toEqual([1, 32, 2]);
    const { start } = await train(zip, "--target", "y", "--epochs", "1", "--categories", "zip");
    expect(start["network"]).toEqual([4, 32, 2]);
  });

  test("a category that only the test part has is encoded as zeros, and is reported", async () => {
    const once = `s,y\n${rows(60, (i) => `${i % 20 === 7 ? `rare${i}` : i % 2 === 0 ? "u" : "v"},${i}.5`)}`;
    const isTold = (): boolean =>
      /have? a &quot;s&quot; that no training row has|has a &quot;s&quot; that no training row/.test(
        reported(),
      );
    let seed = 0;
    do {
      expect(seed).toBeLessThan(5); // the seeds hold out different rows
      await train(once, "--target", "y", "--epochs", "1", "--seed", String(seed++));
    } while (!isTold());
  });

  test("an outlier is reported with column and line: all other values silently became 0", async () => {
    const far = `x,y\n${rows(40, (i) => `${i === 5 ? "1e300" : i},${i}`)}`;
    await train(far, "--target", "y", "--epochs", "1");
    expect(reported()).toContain("&quot;x&quot; is 1e+300 in line 7, so far from the rest");
    await train(far, "--target", "x", "--epochs", "1");
    expect(reported()).toContain("&quot;x&quot; is 1e+300 in line 7, so far from the rest");
  });

  test("a target near 1e200 has an R² and an error: they were NaN", async () => {
    const large = `x,y\n${rows(50, (i) => `${i},${i}e200`)}`;
    const { done } = await train(large, "--target", "y", "--hidden", "none", "--epochs", "200");
    expect(done["testR2"]).toBeGreaterThan(0.999);
    expect(done["testRmse"]).toBeGreaterThan(0);
    expect(done["testRmse"]).toBeLessThan(1e201);
  });

  test("--save holds all that it takes to predict from another table", async () => {
    await train(
      holes,
      ..."--target y --missing mean --indicator --hidden none --save net.safetensors".split(" "),
    );
    const { tensors, metadata } = await readSafetensorsFile(join(folder, "net.safetensors"));
    const { encoder, scale, names } = JSON.parse(metadata["inputs"]!) as {
      encoder: FeatureEncoder;
      scale: Standardiser;
      names: string[];
    };
    expect(names).toEqual(["a", "a missing", "s missing", "s=u", "s=v"]);
    // other columns, in another order, with a new category
    const others = readTable("s,z,a\nu,0,3\nv,0,\nnew,0,1\n", { missing: "keep" });
    const x = standardise(encodeFeatures(others, encoder).x, scale);
    const params = {
      layers: [{ weight: tensors.get("layers.0.weight")!, bias: tensors.get("layers.0.bias")! }],
    } as unknown as MlpParams;
    const { sizes } = JSON.parse(metadata["network"]!) as { sizes: number[] };
    const scores = mlp(sizes).apply(params, tensor([...x.data], { dtype: "float32" }).reshape(x.shape));
    const classes = JSON.parse(metadata["classes"]!) as string[];
    const winners = argmax(scores, { axis: 1 }).tolist() as number[];
    expect(winners.slice(0, 2).map((winner) => classes[winner])).toEqual(["even", "odd"]);
  });

  test("a resumed run keeps the statistics of its columns, although the table has changed", async () => {
    const words = "--target y --missing mean --checkpoint run".split(" ");
    await train(holes, ...words, "--epochs", "2");
    const kept = readFileSync(join(folder, "run/inputs.json"), "utf8");
    const other = holes.replace("\n1,v,odd", "\n100,w,odd");
    expect(other).not.toBe(holes);
    const { start, stderr } = await train(other, ...words, "--epochs", "4", "--resume");
    expect(stderr).toBe("");
    expect(start["network"]).toEqual([4, 32, 2]); // without an input for w
    expect(readFileSync(join(folder, "run/inputs.json"), "utf8")).toBe(kept);
    expect((await train(holes, ...words, "--resume", "--features", "s")).stderr).toContain(
      "the run to resume predicts from a, s, not from s. Set --features a,s.",
    );
    expect((await train(`${holes}1,u,neither\n`, ...words, "--resume")).stderr).toContain(
      'column "y" has a class "neither" that the run to resume has not learned.',
    );
    writeFileSync(join(folder, "run/inputs.json"), "{}");
    expect((await train(holes, ...words, "--resume")).stderr).toContain("Start a new run in another folder.");
  });

  test("options of tables are refused without a table", async () => {
    const { status, stderr } = await downhill(["train", "iris", "--missing", "drop"]);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: "error: --missing is for tables: name one with --data. See downhill train --help.\n",
    });
  });
});

test("JSON Lines and Parquet are read as tables, by the end of the file's name", async () => {
  const cells = Array.from({ length: 60 }, (_, i) => [
    (i * 7) % 11,
    ["wool", "silk"][i % 2]!,
    i % 2 === 0 ? "yes" : "no",
  ]);
  const lines = cells.map(([size, coat, warm]) => JSON.stringify({ size, coat, warm })).join("\n");
  writeFileSync(join(folder, "coats.jsonl"), lines);
  const columnData = ["size", "coat", "warm"].map((name, i) => ({ name, data: cells.map((row) => row[i]!) }));
  writeFileSync(join(folder, "coats.parquet"), new Uint8Array(parquetWriteBuffer({ columnData })));
  const words = ["--target", "warm", "--hidden", "none", "--json"];
  const run = async (file: string, ...more: string[]): Promise<Ended> =>
    downhill(["train", "--data", file, ...words, ...more], { cwd: folder });
  const table = `size;coat;warm\n${cells.map((row) => row.join(";")).join("\n")}\n`;
  const { done } = await train(table, "--target", "warm", "--hidden", "none");
  expect(done["testAccuracy"]).toBe(1);
  for (const file of ["coats.jsonl", "coats.parquet"]) {
    const { stdout, stderr } = await run(file);
    expect(stderr).toBe("");
    const last = JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, unknown>;
    expect([last["trainLoss"], last["testAccuracy"]]).toEqual([done["trainLoss"], 1]);
  }
  expect((await run("coats.jsonl", "--decimal", "comma")).stderr).toContain(
    "--decimal is for separated text (CSV), and coats.jsonl is JSON Lines by its name.",
  );
  expect((await run("coats.parquet", "--no-header")).stderr).toContain(
    "--no-header is for separated text (CSV), and coats.parquet is Parquet by its name.",
  );
});

test("a Parquet file with a column of lists trains on the others, and says how to choose them: it was refused whole", async () => {
  const file = join(root, "src/training/io/testdata/parquet/duckdb-nested.parquet");
  const run = async (...words: string[]): Promise<Ended> => downhill(words, { cwd: folder });
  const words = ["--data", file, "--target", "huge", "--task", "regression", "--epochs", "1", "--json"];
  expect(await run("train", ...words, "--features", "x")).toMatchObject({ status: 0, stderr: "" });
  expect((await run("train", ...words)).stderr).toContain(
    'column "list" holds lists or structs, where a table needs numbers or text. Name the columns to predict from with --features a,b,…',
  );
  expect((await run("train", ...words, "--features", "y")).stderr).toContain('there is no column "y"');
  expect((await run("train", ...words, "--features", "x", "--categories", "z")).stderr).toContain('there is no column "z"'); // prettier-ignore
  expect((await run("fit", file, "huge = a*x")).stderr).toContain(
    "Write the columns of the formula to a file of their own.",
  );
});

test("a Parquet file of DuckDB trains, with dates, categories and holes", async () => {
  const file = join(root, "src/training/io/testdata/parquet/duckdb-snappy.parquet");
  const features = ["--features", "x,f,species,kind,felled,day,price", "--missing", "mean"];
  const words = ["train", "--data", file, "--target", "n", "--task", "regression", "--epochs", "1", "--json"];
  const { status, stdout, stderr } = await downhill([...words, ...features], { cwd: folder });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  // numbers, three species and their lack, two kinds, two of felled, five days
  const start = JSON.parse(stdout.split("\n")[0]!) as Record<string, unknown>;
  expect(start).toMatchObject({ network: [16, 32, 1] });
});
