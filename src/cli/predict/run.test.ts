import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { softmax, tensor, type Tensor } from "downhill";
import { encodeFeatures, type FeatureEncoder, standardise, type Standardiser } from "downhill/data";
import { readSafetensorsFile, readTable, writeSafetensorsFile } from "downhill/io";
import { mlp } from "downhill/nn";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { downhill as run, type Ended } from "../../../test/support/command.ts";

let folder: string;
const downhill = async (...words: string[]): Promise<Ended> => run(words, { cwd: folder });

/** Trees of two kinds, by height, place and a code that looks like a number; a few heights are missing. */
function trees(): string {
  const rows = Array.from({ length: 60 }, (_, i) => {
    const isOak = i % 2 === 0;
    const height = i % 11 === 3 ? "" : String((isOak ? 20 : 8) + ((i * 7) % 5));
    return `${height},${["north", "south, far", "west"][i % 3]},${100 + (i % 2)},${isOak ? "oak" : "birch"},${(isOak ? 3 : 1) + (i % 4) / 10}`;
  });
  return `height,place,code,kind,width\n${rows.join("\n")}\n`.replaceAll("south, far", '"south, far"');
}

const fresh = 'code,place,note,height\n100,north,"says ""hi""",21\n101,"south, far",,\n';
const trained = [
  "--data",
  "trees.csv",
  "--categories",
  "code",
  "--missing",
  "mean",
  "--epochs",
  "4",
  "--hidden",
  "6",
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "downhill-predict-"));
  writeFileSync(join(folder, "trees.csv"), trees());
  writeFileSync(join(folder, "new.csv"), fresh);
  const ends = [
    await downhill("train", ...trained, "--target", "kind", "--without", "width", "--checkpoint", "runs/kind", "--save", "kind.safetensors"),
    await downhill("train", ...trained, "--target", "width", "--without", "kind", "--save", "width.safetensors"),
    await downhill("train", "iris", "--epochs", "1", "--hidden", "none", "--save", "iris.safetensors"),
    await downhill("train", "digits", "--epochs", "1", "--hidden", "none", "--save", "digits.safetensors"),
  ]; // prettier-ignore
  expect(ends.map(({ status, stderr }) => [status, stderr])).toEqual(ends.map(() => [0, ""]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cells = (text: string): string[][] => text.trim().split("\n").map((line) => line.split(/,(?! far)/)); // prettier-ignore

/** Predictions of the network in a file for the new rows, computed with the library as in the guide. */
async function expected(
  name: string,
): Promise<{ readonly output: Tensor; readonly metadata: Record<string, string> }> {
  const { tensors, metadata } = await readSafetensorsFile(join(folder, name));
  const { encoder, scale } = JSON.parse(metadata["inputs"]!) as {
    encoder: FeatureEncoder;
    scale: Standardiser;
  };
  const { sizes } = JSON.parse(metadata["network"]!) as { sizes: number[] };
  const table = readTable(fresh, { missing: "keep", text: ["code"] });
  const { data, shape } = standardise(encodeFeatures(table, encoder).x, scale);
  const layers = sizes.slice(1).map((_, i) => ({
    weight: tensors.get(`layers.${i}.weight`)!,
    bias: tensors.get(`layers.${i}.bias`)!,
  }));
  return { output: mlp(sizes).apply({ layers }, tensor(Float32Array.from(data), { shape })), metadata };
}

describe("downhill predict", () => {
  test("writes the table with classes and their probabilities after its columns", async () => {
    const { status, stdout, stderr } = await downhill("predict", "kind.safetensors", "new.csv");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const [header, first, second] = cells(stdout);
    expect(header).toEqual([
      "code",
      "place",
      "note",
      "height",
      "predicted",
      "probability birch",
      "probability oak",
    ]);
    expect(first!.slice(0, 4)).toEqual(["100", "north", '"says ""hi"""', "21"]);
    expect(second!.slice(0, 4)).toEqual(["101", '"south, far"', "", ""]);
    const { output, metadata } = await expected("kind.safetensors");
    const classes = JSON.parse(metadata["classes"]!) as string[];
    const probabilities = softmax(output).tolist() as number[][];
    [first!, second!].forEach((row, i) => {
      probabilities[i]!.forEach((p, k) => expect(Number(row[5 + k])).toBeCloseTo(p, 6));
      expect(row[4]).toBe(classes[probabilities[i]!.indexOf(Math.max(...probabilities[i]!))]);
    });
  });

  test("predicts the same from the folder of the run, and writes a file", async () => {
    const { stdout } = await downhill("predict", "kind.safetensors", "new.csv");
    const { stdout: told } = await downhill("predict", "runs/kind", "new.csv", "--out", "predicted.csv");
    expect(told).toBe("predicted.csv: 2 rows predicted by runs/kind\n");
    expect(readFileSync(join(folder, "predicted.csv"), "utf8")).toBe(stdout);
  });

  test("predicts numbers in the units of the target", async () => {
    const { stdout } = await downhill("predict", "width.safetensors", "new.csv", "--json");
    const { target, predictions } = JSON.parse(stdout) as { target: string; predictions: number[] };
    const { output, metadata } = await expected("width.safetensors");
    const { mean, std } = JSON.parse(metadata["targetScale"]!) as Standardiser;
    expect(target).toBe("width");
    (output.data() as Float32Array).forEach((z, i) =>
      expect(predictions[i]).toBeCloseTo(z * std[0]! + mean[0]!, 5),
    );
  });

  test("supports networks of the built-in tables", async () => {
    writeFileSync(
      join(folder, "flowers.csv"),
      "petalLength,petalWidth,sepalLength,sepalWidth\n1.4,0.2,5.1,3.5\n6,2.5,6.3,3.3\n",
    );
    const { status, stdout, stderr } = await downhill("predict", "iris.safetensors", "flowers.csv");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(cells(stdout)).toHaveLength(3);
  });

  test.each([
    [["kind.safetensors", "strange.csv"], 'strange.csv: line 3, column "place" is "moon", which the network has not learned: it knows "north", "south, far", "west". Correct it, or write --unknown none to treat it as none of them.'],
    [["kind.safetensors", "few.csv"], 'few.csv: there is no column "place". The columns are height.'],
    [["iris.safetensors", "gap.csv"], "the value is missing. Fill it in or remove the row; a network trained with --missing mean fills it in."],
    [["digits.safetensors", "new.csv"], "digits.safetensors: this network predicts from the pixels of images"],
    [["nothing", "new.csv"], "nothing: there is no such file or folder. A network is written by downhill train"],
    [["new.csv", "new.csv"], "new.csv"],
    [["other.safetensors", "new.csv"], "other.safetensors: it is not a file of downhill train --save"],
    [["kind.safetensors", "new.csv", "--unknown", "noone"], '--unknown must be error or none, got "noone". Did you mean "none"?'],
    [["kind.safetensors", "new.csv", "--out", "no/where.csv"], "cannot write no/where.csv: its folder does not exist."],
  ])("%j is refused, and nothing is written", async (words, message) => {
    writeFileSync(join(folder, "strange.csv"), "height,place,code\n20,north,100\n9,moon,101\n");
    writeFileSync(join(folder, "few.csv"), "height\n20\n");
    writeFileSync(join(folder, "gap.csv"), "petalLength,petalWidth,sepalLength,sepalWidth\n1.4,,5.1,3.5\n2,1,1,1\n");
    await writeSafetensorsFile(join(folder, "other.safetensors"), new Map([["w", tensor([1])]]));
    const given = words.includes("--out") ? words : [...words, "--out", "never.csv"];
    const { status, stdout, stderr } = await downhill("predict", ...given);
    expect(stderr).toContain(message);
    expect([status === 0, stdout, existsSync(join(folder, "never.csv"))]).toEqual([false, "", false]);
  }); // prettier-ignore

  // the second number is Stata's code for a missing value
  test.each(["kind", "width"])(
    "writes the other rows if the output of %s is not finite, with a warning",
    async (name) => {
      const far =
        "height,place,code,note\n20,north,100,a\n1e300,west,101,b\n8.98846567431158e307,north,100,c\n9,west,101,d\n";
      writeFileSync(join(folder, "far.csv"), far);
      const { status, stdout, stderr } = await downhill("predict", `${name}.safetensors`, "far.csv");
      const [, first, second, third, last] = stdout.split("\n");
      expect(status).toBe(1);
      expect([second, third]).toEqual([
        `1e+300,west,101,b,${name === "kind" ? ",," : ""}`,
        `8.98846567431158e+307,north,100,c,${name === "kind" ? ",," : ""}`,
      ]);
      for (const row of [first!, last!]) expect(row).toMatch(/,[a-d],\w+/);
      expect(stderr.split("\n").slice(0, -1)).toEqual([
        expect.stringMatching(/^warning: far\.csv: line 3: the output .* Column "height" is .*: 1e\+300\.$/),
        expect.stringMatching(/^warning: far\.csv: line 4: .*: 8\.98846567431158e\+307\.$/),
      ]);
      const json = await downhill("predict", `${name}.safetensors`, "far.csv", "--json", "--out", "far.json");
      expect([json.status, json.stdout]).toEqual([
        1,
        `far.json: 2 of 4 rows predicted by ${name}.safetensors\n`,
      ]);
      const written = JSON.parse(readFileSync(join(folder, "far.json"), "utf8")) as {
        readonly predictions: readonly unknown[];
        readonly failed: unknown;
      };
      expect(written.predictions.slice(1, 3)).toEqual([null, null]);
      expect(written.predictions.every((one) => one !== undefined)).toBe(true);
      expect(written.failed).toEqual([
        { row: 2, line: 3, column: "height", value: 1e300 },
        { row: 3, line: 4, column: "height", value: 8.98846567431158e307 },
      ]);
    },
  );

  test("counts the remaining rows without a prediction", async () => {
    writeFileSync(join(folder, "far.csv"), `height,place,code\n${"1e300,west,101\n".repeat(12)}`);
    const { stderr } = await downhill("predict", "width.safetensors", "far.csv");
    expect(stderr.split("\n").slice(9, -1)).toEqual([
      expect.stringContaining("line 11"),
      "warning: far.csv: the same applies to 2 more rows.",
    ]);
  });

  test("refuses a network whose parameters are not finite", async () => {
    const { tensors, metadata } = await readSafetensorsFile(join(folder, "width.safetensors"));
    const bad = new Map([...tensors, ["layers.0.bias", tensor(new Array<number>(6).fill(Number.NaN))]]);
    await writeSafetensorsFile(join(folder, "bad.safetensors"), bad, metadata);
    const { status, stderr } = await downhill("predict", "bad.safetensors", "new.csv");
    expect(stderr).toContain("bad.safetensors: the network has parameters that are not finite");
    expect(status).toBe(1);
  });

  test("--escape escapes texts that a spreadsheet would evaluate, but no numbers", async () => {
    const rows = [
      `20,north,-100,=1+1`,
      `9,west,+101,"@SUM(A1,A2)"`,
      `9,west,1e-3,-2+3`,
      `9,west,-," =1"`,
      `-9,west,101,a=b`,
    ];
    writeFileSync(join(folder, "formulas.csv"), `height,place,code,=note\n${rows.join("\n")}\n`);
    const written = async (...more: string[]): Promise<string[]> => {
      const words = ["predict", "kind.safetensors", "formulas.csv", "--unknown", "none", ...more];
      const { status, stdout } = await downhill(...words);
      expect(status).toBe(0);
      return stdout.split("\n").map((line) => line.replace(/,(?:predicted|birch|oak),.*$/, ""));
    };
    expect((await written()).slice(0, 3)).toEqual([
      "height,place,code,=note",
      "20,north,-100,=1+1",
      `9,west,+101,"@SUM(A1,A2)"`,
    ]);
    expect(await written("--escape")).toEqual([
      "height,place,code,'=note",
      "20,north,-100,'=1+1",
      `9,west,+101,"'@SUM(A1,A2)"`,
      "9,west,1e-3,'-2+3",
      "9,west,'-,'=1",
      "-9,west,101,a=b",
      "",
    ]);
    const both = await downhill("predict", "kind.safetensors", "new.csv", "--escape", "--json");
    expect(both.stderr).toContain("--escape is for tables");
  });

  test("notes an integer above 2^53 that is not written back exactly", async () => {
    writeFileSync(join(folder, "ids.csv"), "height,place,code,id\n20,north,100,9007199254740993\n");
    const { status, stdout, stderr } = await downhill("predict", "width.safetensors", "ids.csv");
    expect([status, stdout]).toEqual([0, expect.stringContaining("9007199254740992")]);
    expect(stderr).toBe(
      'note: ids.csv: line 2, column "id": the integer 9007199254740993 is above 2^53 and was read as 9007199254740992.\n',
    );
  });

  test("treats unknown categories as none with --unknown none", async () => {
    writeFileSync(join(folder, "strange.csv"), "height,place,code\n20,north,100\n9,moon,101\n");
    const { status, stdout } = await downhill(
      "predict",
      "kind.safetensors",
      "strange.csv",
      "--unknown",
      "none",
    );
    expect([status, cells(stdout).length]).toEqual([0, 3]);
  });
});
