// FEATURES.md says what downhill has: its names are exports, and what is exported stands there.
import { expect, test } from "vitest";
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
import * as testing from "downhill/testing";
import * as train from "downhill/train";
import * as tree from "downhill/tree";
import * as viz from "downhill/viz";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./support/snippets.ts";

type Module = Readonly<Record<string, unknown>>;

/** The modules whose functions the page lists without gaps, by their subpaths. */
const numerical: Readonly<Record<string, Module>> = {
  "": main,
  linalg,
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

/** Exports that are no feature to compare, and why. */
const exceptions: Readonly<Record<string, string>> = {
  DownhillError: "the class of all errors",
  Tensor: "the class of what the functions take and give",
  bind: "for rules of primitives, beside definePrimitive",
  bind1: "for rules of primitives, beside definePrimitive",
  kernel: "the vocabulary that lowerings of primitives are written in",
  checkProgram: "for tools that write programs",
  hashProgram: "for tools that write programs",
  enableTurbo: "a switch for speed",
  "distributions.Bijector": "the type of the transforms that are listed",
  "distributions.Distribution": "the type of the distributions that are listed",
};

interface Row {
  readonly section: string;
  readonly line: string;
  /** The words of others, names of ours, and what downhill, JAX, PyTorch, jax-js and TensorFlow.js have of it. */
  readonly cells: readonly string[];
}

const rows: Row[] = [];
let section = "";
for (const line of readFileSync(join(root, "FEATURES.md"), "utf8").split("\n")) {
  if (line.startsWith("## ")) section = line.slice(3);
  if (!/^\| (?!name |---)/.test(line)) continue;
  const cells = line.split("|").slice(1, -1).map((cell) => cell.trim()); // prettier-ignore
  rows.push({ section, line, cells });
}

const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
const ours = (row: Row): string[] => quoted(`${row.cells[1]!} ${row.cells[2]!}`);

function isExport(name: string): boolean {
  const dot = name.lastIndexOf(".");
  return Object.hasOwn(modules[name.slice(0, Math.max(dot, 0))] ?? {}, name.slice(dot + 1));
}

test("every name of ours on the page of features is an export of the module that it names", () => {
  expect(rows.length).toBeGreaterThan(250);
  for (const row of rows) {
    expect(ours(row).filter((name) => !isExport(name)), row.line).toEqual([]); // prettier-ignore
  }
});

test("every export of the numerical modules is on the page of features, or among the exceptions", () => {
  const listed = new Set(rows.flatMap(ours));
  const absent = Object.entries(numerical).flatMap(([path, module]) =>
    Object.entries(module)
      // `nn.relu` is `relu`.
      .filter(([name, value]) => module === main || (main as Module)[name] !== value)
      .map(([name]) => (module === main ? name : `${path}.${name}`))
      .filter((name) => !listed.has(name)),
  );
  expect(absent.sort()).toEqual(Object.keys(exceptions).sort());
});

test("rows say yes, partly with what, no, or that nothing was compared", () => {
  const parts = /^(yes(: .+|, .+)?|partly: .+|no(: .+|, .+)?|—)$/;
  for (const { cells, line } of rows) {
    expect(cells.length, line).toBe(7);
    for (const cell of cells.slice(2)) expect(cell, line).toMatch(parts);
  }
  expect(new Set(rows.map((row) => `${row.section}: ${row.cells[0]!}`)).size).toBe(rows.length);
});

test("what the page of features says is not there is not exported", () => {
  const camel = (name: string): string =>
    name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const places: Readonly<Record<string, readonly string[]>> = {
    "Random numbers": ["random"],
    Distributions: ["distributions"],
  };
  const absent = rows.filter((row) => row.cells[2] === "no");
  expect(absent.length).toBeGreaterThan(50);
  for (const row of absent) {
    const theirs = row.cells[0]!.replaceAll(/\(.*?\)/g, "").split(/, /).map((name) => camel(name.trim())); // prettier-ignore
    const names = theirs.flatMap((name) => [name, name.slice(0, 1).toLowerCase() + name.slice(1)]);
    for (const path of places[row.section] ?? ["", "linalg", "fft", "nn", "optim"]) {
      expect(names.filter((name) => name in modules[path]!), row.line).toEqual([]); // prettier-ignore
    }
  }
});

test("pages that the page of features names are there", () => {
  const links = [...readFileSync(join(root, "FEATURES.md"), "utf8").matchAll(/\]\(([^)#]+)/g)].map((match) => match[1]!); // prettier-ignore
  expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
});
