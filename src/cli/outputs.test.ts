// No command overwrites a file that it reads, by any path or link.
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { downhill as run, type Ended } from "../../test/support/command.ts";
import { commands } from "./commands.ts";
import { checkFolder, checkOutput, refuseSameOutputs } from "./shared/write-file.ts";

/** The options and arguments of a command that name files. */
interface Files {
  /** Options that name an output file, with a valid extension. */
  readonly writes: Readonly<Record<string, string>>;
  /** Words that make the command read a file, by the option or argument that names it. */
  readonly reads: Readonly<Record<string, (file: string) => readonly string[]>>;
  /** Extension of the input files. Default: that of the output. */
  readonly ending?: string;
  /** Options with file names that the command itself neither reads nor writes, or which have tests below. */
  readonly others?: readonly string[];
}

const table: Readonly<Record<string, Files>> = {
  explain: {
    writes: { graph: ".html" },
    reads: { text: (file) => [`${file}#f`, "--at", "x=1"] },
    ending: ".ts",
    others: ["at", "iteration"],
  },
  train: {
    writes: { out: ".html", save: ".safetensors" },
    reads: {
      data: (file) => ["--data", file, "--target", "y"],
      images: (file) => ["--images", file, "--labels", "other"],
      labels: (file) => ["--images", "other", "--labels", file],
      config: (file) => ["--config", file],
    },
    others: ["dataset", "checkpoint", "tensorboard"],
  },
  predict: {
    writes: { out: ".csv" },
    reads: { model: (file) => [file, "other"], table: (file) => ["other", file] },
  },
  compare: { writes: { out: ".html" }, reads: {}, others: ["run"] },
  launch: { writes: {}, reads: {}, others: ["program", "checkpoint", "mpirun"] },
  export: { writes: { out: ".onnx" }, reads: {}, others: ["run"] },
  emit: { writes: { out: ".js" }, reads: { target: (file) => [`${file}#f`, "--grad", "x"] } },
  fit: {
    writes: { out: ".html" },
    reads: { data: (file) => [file, "y = a*x"], formula: (file) => ["co2", `co2 = ${file}#f`] },
    ending: ".ts",
    others: ["decimal"],
  },
  "lr-find": {
    writes: { out: ".html" },
    reads: {
      data: (file) => ["--data", file, "--target", "y"],
      images: (file) => ["--images", file, "--labels", "other"],
      labels: (file) => ["--images", "other", "--labels", file],
    },
    others: ["dataset"],
  },
  doctor: { writes: {}, reads: {} },
  schedule: { writes: { out: ".html" }, reads: {} },
  race: {
    writes: { out: ".html" },
    reads: { landscape: (file) => [file], module: (file) => [`${file}#f`] },
    ending: ".ts",
  },
  landscape: {
    writes: { out: ".html" },
    reads: { dataset: (file) => [file], module: (file) => [`${file}#f`] },
    ending: ".ts",
  },
  demo: { writes: { out: ".html" }, reads: {} },
  learn: { writes: {}, reads: {} },
};

/** Matches the descriptions of options and arguments that name files. */
const aboutFiles = /\bfiles?\b|folder|^path\b|write to|\.(?:html|csv|json|onnx|js|ts)\b|data set/i;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-outputs-"));
  mkdirSync(join(folder, "runs"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]): string => join(folder, ...names);
const downhill = async (...words: string[]): Promise<Ended> => run(words, { cwd: folder });
/** The files of the folder by name, with their content. */
const contents = (): unknown =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name) => [name, readdirOrRead(at(name))]);
const readdirOrRead = (path: string): unknown => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "a folder";
  }
};

test("every option and argument that names a file is in the table of this test", async () => {
  expect(Object.keys(table).toSorted()).toEqual([...commands.keys()].toSorted());
  for (const [name, command] of commands) {
    const { args } = await command.load();
    const naming = Object.entries(args)
      .filter(([, { type, valueHint = "", description = "" }]) => {
        return type !== "boolean" && aboutFiles.test(`${valueHint} ${description}`);
      })
      .map(([key]) => key);
    const { writes, reads, others = [] } = table[name]!;
    const known = [...Object.keys(writes), ...Object.keys(reads), ...others];
    expect(known, `downhill ${name}`).toEqual(expect.arrayContaining(naming));
    for (const option of [...Object.keys(writes), ...others])
      expect(Object.keys(args), `downhill ${name}`).toContain(option);
  }
});

test("commands write files only with writeOutput, whose paths are checked", () => {
  const src = fileURLToPath(new URL(".", import.meta.url));
  const writing =
    /\b(?:writeFile(?:Sync)?|appendFile(?:Sync)?|createWriteStream|replaceFile\w*|write\w+File|checkpointFolder|tensorBoard|eventFile|makeFolder|mkdir\w*|rename\w*|copyFile\w*|cp(?:Sync)?)\(|as Output(?:File|Folder)\b/g;
  const found = readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .flatMap((name) =>
      [...readFileSync(join(src, name), "utf8").matchAll(writing)].map(
        ([call]) => `${name.split(sep).join("/")}: ${call}`,
      ),
    );
  expect([...new Set(found)].toSorted()).toEqual([
    "compare/runs.ts: checkpointFolder(", // only reads
    "export/saved.ts: checkpointFolder(", // only reads
    "launch/watch.ts: writeFileSync(", // by ranks, in the folder that launch has created for them
    "shared/write-file.ts: as OutputFile",
    "shared/write-file.ts: as OutputFolder",
    "shared/write-file.ts: replaceFile(",
    "train/kept-tests.ts: appendFile(", // to a path of fileIn
    "train/learnt.ts: makeFolder(",
    "train/run.ts: checkpointFolder(", // checked by checkFolder
    "train/save.ts: writeSafetensorsFile(", // takes an OutputFile
    "train/training.ts: tensorBoard(", // writes new unique names
  ]);
});

const cases = Object.entries(table).flatMap(([command, { writes, reads, ending }]) =>
  Object.entries(writes).flatMap(([option, extension]) =>
    Object.keys(reads).map((input) => ({ command, option, extension, input, ending })),
  ),
);

test.each(cases)(
  "downhill $command --$option does not overwrite its $input",
  async ({ command, option, extension, input, ending = extension }) => {
    const words = table[command]!.reads[input]!;
    const content = input === "config" ? "{}" : `export function f(x) { "use ad"; return x; }`;
    writeFileSync(at(`in${ending}`), content);
    mkdirSync(at("sub"));
    symlinkSync(at(`in${ending}`), at(`symbolic${extension}`));
    linkSync(at(`in${ending}`), at(`hard${extension}`));
    const outputs = [`symbolic${extension}`, `hard${extension}`];
    if (ending === extension) outputs.push(`in${extension}`, `sub/../in${extension}`, at(`in${extension}`));
    const before = contents();
    for (const output of outputs) {
      const { status, stderr } = await downhill(command, ...words(`in${ending}`), `--${option}`, output);
      expect(stderr).toMatch(
        /^error: cannot write \S+: it is .*an input of this command\. Name another file\./,
      );
      expect(status).toBe(2);
    }
    expect(contents()).toEqual(before);
  },
);

describe("files that are not named on the command line", () => {
  test("are inputs too: options of a file, and modules that a function imports", async () => {
    writeFileSync(at("t.html"), "x,y\n1,2\n");
    writeFileSync(at("c.json"), JSON.stringify({ data: "t.html", target: "y", out: "t.html" }));
    writeFileSync(
      at("f.ts"),
      `import { g } from "./g.js";\nexport function f(x: number) { "use ad"; return g(x); }`,
    );
    writeFileSync(at("g.js"), `export function g(x) { return x * x; }`);
    writeFileSync(at("h.d.ts"), `export function f(x: number) { "use ad"; return x; }`);
    const before = contents();
    for (const words of [
      ["train", "--config", "c.json"],
      ["emit", "f.ts#f", "--grad", "x", "--out", "g.js"],
      ["emit", "h.d.ts#f", "--grad", "x", "--out", "h.js"], // the path of the types
    ]) {
      const { status, stderr } = await downhill(...words);
      expect(stderr).toContain("an input of this command. Name another file.");
      expect(status).toBe(2);
    }
    expect(contents()).toEqual(before);
  });

  test.each(["predict", "export", "compare"])(
    "are inputs of %s too: those in the folder of a run",
    async (command) => {
      const extension = Object.values(table[command]!.writes)[0]!;
      writeFileSync(at("runs/settings.json"), "{}");
      symlinkSync(at("runs/settings.json"), at(`link${extension}`));
      const words = { predict: ["runs", "other"], export: ["runs"], compare: ["runs", "runs"] }[command]!;
      const { status, stderr } = await downhill(command, ...words, "--out", `link${extension}`);
      expect(stderr).toContain("runs/settings.json, an input of this command");
      expect(status).toBe(2);
      expect(readFileSync(at("runs/settings.json"), "utf8")).toBe("{}");
    },
  );

  test("are accepted if nothing is replaced: another file in the folder of a run", () => {
    writeFileSync(at("runs/data.csv"), "");
    expect(checkOutput(at("runs/model.onnx"), [at("runs")])).toBe(at("runs/model.onnx"));
    expect(checkFolder(at("runs"), [at("runs/data.csv")])).toBe(at("runs"));
    expect(checkOutput("/dev/null", ["/dev/null"])).toBe("/dev/null");
  });
});

test("downhill train: the folder of a run must not contain an input, and outputs must differ", async () => {
  writeFileSync(at("runs/settings.json"), `{ "epochs": 1 }`);
  symlinkSync(at("runs"), at("again"));
  const before = contents();
  for (const [words, message] of [
    [
      ["--config", "runs/settings.json", "--checkpoint", "again"],
      "cannot write to again: runs/settings.json is an input",
    ],
    [["--out", "a.html", "--save", "runs/../a.html"], "--out and --save name the same file, runs/../a.html"],
    [
      ["--save", "runs/checkpoint-000001.safetensors", "--checkpoint", "again"],
      "is a file of the run in again",
    ],
  ] as const) {
    const { status, stderr } = await downhill("train", "digits", ...words);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  }
  expect(contents()).toEqual(before);
  expect(() => refuseSameOutputs({ "--out": at("x"), "--save": undefined }, at("runs"))).not.toThrow();
});
