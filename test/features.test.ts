// docs/features.json and the names of docs/public-names.json list the exports of downhill and what other libraries have. FEATURES.md
// summarises them, and the site shows them.
import { describe, expect, test } from "vitest";
import * as main from "downhill";
import * as data from "downhill/data";
import * as distributed from "downhill/distributed";
import * as distributions from "downhill/distributions";
import * as fft from "downhill/fft";
import * as io from "downhill/io";
import * as landscapes from "downhill/landscapes";
import * as linalg from "downhill/linalg";
import * as nn from "downhill/nn";
import * as onnx from "downhill/onnx";
import * as optim from "downhill/optim";
import * as plain from "downhill/plain";
import * as random from "downhill/random";
import * as sparse from "downhill/sparse";
import * as testing from "downhill/testing";
import * as train from "downhill/train";
import * as tree from "downhill/tree";
import * as viz from "downhill/viz";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type NamedModule, namedModules } from "./support/public-names.ts";
import { root } from "./support/snippets.ts";

type Module = Readonly<Record<string, unknown>>;

/** Modules whose exports are all listed, by their subpaths. */
const numerical: Readonly<Record<string, Module>> = {
  "": main,
  linalg,
  sparse,
  fft,
  random,
  distributions,
  nn,
  optim,
};
const modules: Readonly<Record<string, Module>> = {
  ...numerical,
  tree,
  data,
  train,
  io,
  plain,
  distributed,
  viz,
  onnx,
  landscapes,
  testing,
};

/** Exports that are not features to compare, with the reason. */
const exceptions: Readonly<Record<string, string>> = {
  DownhillError: "the class of all errors",
  Tensor: "the class of arguments and results",
  bind: "for rules of primitives, next to definePrimitive",
  bind1: "for rules of primitives, next to definePrimitive",
  kernel: "the vocabulary that lowerings of primitives are written in",
  checkProgram: "for tools that write programs",
  hashProgram: "for tools that write programs",
  enableTurbo: "a switch for speed",
  "distributions.Bijector": "the type of the transforms that are listed",
  "distributions.Distribution": "the type of the distributions that are listed",
};

const libraryIds = ["downhill", "jax", "pytorch", "jaxjs", "tfjs"] as const;
type LibraryId = (typeof libraryIds)[number];

/** A row of the list: names of a feature elsewhere, functions of downhill, and one state per library. */
type Feature = Readonly<Record<LibraryId, string>> & {
  readonly name: string;
  readonly functions: readonly string[];
};
interface Section {
  readonly title: string;
  readonly note?: string;
  readonly rows: readonly Feature[];
}
interface Features {
  readonly libraries: readonly { readonly id: string; readonly name: string; readonly compared: string }[];
  readonly sections: readonly Section[];
}
interface Filter {
  filterFeatures(
    sections: readonly Section[],
    wanted: { readonly text?: string; readonly state?: string },
  ): readonly Section[];
  splitState(cell: string): { readonly state: string; readonly note: string };
}

const read = (path: string): string => readFileSync(join(root, path), "utf8");
const { libraries, sections: comparisons } = JSON.parse(read("docs/features.json")) as Features;
const { filterFeatures, splitState } = (await import(join(root, "docs/site/features.mjs"))) as Filter;
const { withPublicNames } = (await import(join(root, "docs/site/public-names.mjs"))) as {
  withPublicNames(
    sections: readonly Section[],
    libraries: readonly string[],
    modules: readonly NamedModule[],
  ): readonly Section[];
};
const sections = withPublicNames(comparisons, libraryIds, namedModules);
const rows = sections.flatMap((section) => section.rows);

const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
/** Public names that a row claims, those in a note included; names of commands follow the word "command". */
const claimed = (row: Feature): string[] => [
  ...row.functions,
  ...quoted(row.downhill.replaceAll(/the command `\w+`/g, "")),
];

function isExport(name: string): boolean {
  const dot = name.lastIndexOf(".");
  return Object.hasOwn(modules[name.slice(0, Math.max(dot, 0))] ?? {}, name.slice(dot + 1));
}

describe("the list of features", () => {
  test("names functions that the named modules export", () => {
    expect(rows.length).toBeGreaterThan(350);
    for (const row of rows) expect(claimed(row).filter((name) => !isExport(name)), row.name).toEqual([]); // prettier-ignore
  });

  test("has every export of the numerical modules except those with a reason", () => {
    const listed = new Set(rows.flatMap(claimed));
    const absent = Object.entries(numerical).flatMap(([path, module]) =>
      Object.entries(module)
        // `nn.relu` is `relu`.
        .filter(([name, value]) => module === main || (main as Module)[name] !== value)
        .map(([name]) => (module === main ? name : `${path}.${name}`))
        .filter((name) => !listed.has(name)),
    );
    expect(
      absent.sort(),
      'add "in" to the row of docs/public-names.json, or a row to docs/features.json',
    ).toEqual(Object.keys(exceptions).sort());
  });

  test("has each comparison of docs/public-names.json, which names only libraries that are compared", () => {
    const others: readonly string[] = libraryIds.slice(1);
    const compared = namedModules.flatMap(({ groups }) => groups.flatMap(({ functions }) => functions.filter((row) => row.in !== undefined))); // prettier-ignore
    const ids = compared.flatMap((row) => row.in!.split(" ").filter(Boolean));
    expect(ids.filter((id) => !others.includes(id))).toEqual([]);
    const added = rows.length - comparisons.flatMap((section) => section.rows).length;
    expect(compared.length).toBe(added);
  });

  test("gives each library a state per row: yes, partly with a note, no, or not compared", () => {
    expect(libraries.map(({ id }) => id)).toEqual(libraryIds);
    for (const row of rows) {
      expect(Object.keys(row), row.name).toEqual(["name", "functions", ...libraryIds]);
      for (const id of libraryIds) expect(row[id], row.name).toMatch(/^((yes|no)(: .+)?|partly: .+|—)$/);
    }
  });

  test("has no section, and no row of a section, twice", () => {
    const names = sections.flatMap(({ title, rows }) => rows.map(({ name }) => `${title}: ${name}`));
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(sections.map(({ title }) => title)).size).toBe(sections.length);
  });

  test("lists nothing as absent that is exported", () => {
    const camel = (name: string): string =>
      name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const searched: Readonly<Record<string, readonly string[]>> = {
      "Random numbers": ["random"],
      Distributions: ["distributions"],
    };
    for (const title of Object.keys(searched)) expect(sections.map((section) => section.title)).toContain(title); // prettier-ignore
    let count = 0;
    for (const { title, rows } of sections) {
      for (const { name } of rows.filter(({ downhill }) => splitState(downhill).state === "no")) {
        const theirs = name.replaceAll(/\(.*?\)/g, "").split(/, /).map((one) => camel(one.trim())); // prettier-ignore
        const names = theirs.flatMap((one) => [one, one.slice(0, 1).toLowerCase() + one.slice(1)]);
        for (const path of searched[title] ?? ["", "linalg", "fft", "nn", "optim"]) {
          expect(names.filter((one) => one in modules[path]!), name).toEqual([]); // prettier-ignore
        }
        count++;
      }
    }
    expect(count).toBeGreaterThan(20);
  });
});

describe("FEATURES.md", () => {
  const page = read("FEATURES.md");

  test("is short enough to read: at most 9 KB", () => {
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(9216);
  });

  test("states versions that the list states", () => {
    const compared = libraries.map((library) => library.compared).join(" ");
    const versions = page.match(/\b\d+\.\d+\.\d+\b/g) ?? [];
    expect(versions.length).toBeGreaterThan(2);
    for (const version of versions) expect(compared).toContain(version);
  });

  test("agrees with the list in every row of its table", () => {
    const lines = page.split("\n").filter((line) => /^\| (?!feature |---|\*\*)/.test(line));
    expect(lines.length).toBeGreaterThan(30);
    for (const line of lines) {
      const [label = "", ...cells] = line.split("|").slice(1, -1).map((cell) => cell.trim()); // prettier-ignore
      const names = quoted(label);
      for (const name of names) expect(rows.some(({ functions }) => functions.includes(name)), name).toBe(true); // prettier-ignore
      const summarised = rows.filter(({ name, functions }) =>
        names.length === 0 ? name === label : functions.some((one) => names.includes(one)),
      );
      expect(summarised, line).not.toEqual([]);
      const states = libraryIds.map((id) => {
        const all = new Set(summarised.map((row) => splitState(row[id]).state));
        return all.size === 1 ? [...all][0] : "partly";
      });
      expect(cells, line).toEqual(states);
    }
  });
});

describe("the filter of the page of features", () => {
  const feature = (name: string, functions: string[], downhill: string): Feature => ({
    name,
    functions,
    downhill,
    jax: "yes",
    pytorch: "yes",
    jaxjs: "yes",
    tfjs: "yes",
  });
  const few: readonly Section[] = [
    { title: "Transforms", rows: [feature("stop_gradient, detach", ["stopGradient"], "yes")] },
    {
      title: "Linear algebra",
      rows: [
        feature("qr", ["linalg.qr"], "yes"),
        feature("schur", [], "no"),
        feature("ldl_factor", [], "partly: lu"),
        feature("polar", [], "no: use svd"),
      ],
    },
  ];
  const found = (wanted: { readonly text?: string; readonly state?: string }): string[] =>
    filterFeatures(few, wanted).flatMap(({ title, rows }) => rows.map(({ name }) => `${title}: ${name}`));

  test("shows everything for an empty text and any state", () => {
    expect(filterFeatures(few, {})).toEqual(few);
    expect(filterFeatures(few, { text: "  ", state: "" })).toEqual(few);
  });

  test.each(["stop_grad", "stopGradient", "STOPGRADIENT", "transforms detach"])("finds %s", (text) => {
    expect(found({ text })).toEqual(["Transforms: stop_gradient, detach"]);
  });

  test("finds a name that only another library has in either spelling", () => {
    expect(found({ text: "ldlFactor" })).toEqual(["Linear algebra: ldl_factor"]);
    expect(found({ text: "ldl_factor" })).toEqual(["Linear algebra: ldl_factor"]);
  });

  test("needs each word of the text", () => {
    expect(found({ text: "linear qr" })).toEqual(["Linear algebra: qr"]);
    expect(found({ text: "qr detach" })).toEqual([]);
  });

  test("selects by the state of downhill, whatever the note", () => {
    expect(found({ state: "no" })).toEqual(["Linear algebra: schur", "Linear algebra: polar"]);
    expect(found({ text: "schur", state: "yes" })).toEqual([]);
  });

  test("separates a state from its note, which may have colons", () => {
    expect(splitState("yes")).toEqual({ state: "yes", note: "" });
    expect(splitState("partly: not a: b")).toEqual({ state: "partly", note: "not a: b" });
  });
});
