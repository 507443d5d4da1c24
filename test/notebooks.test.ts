// The cells of the notebooks run in order, and their values display themselves as a Jupyter kernel shows them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "acorn";
import { expect, test } from "vitest";
import * as downhill from "downhill";
import * as landscapes from "downhill/landscapes";
import * as optim from "downhill/optim";
import * as plain from "downhill/plain";
import * as viz from "downhill/viz";
import { testWith } from "./support/conditions.ts";
import { runProgram } from "./support/run-program.ts";
import { root } from "./support/snippets.ts";

interface Cell {
  readonly cell_type: "markdown" | "code";
  readonly id: string;
  readonly source: readonly string[];
  readonly outputs?: readonly unknown[];
}
interface Notebook {
  readonly cells: readonly Cell[];
  readonly metadata: { readonly kernelspec: { readonly name: string } };
  readonly nbformat: number;
}
type Media = Readonly<Record<string, string>>;

const folder = join(root, "notebooks");
const names = readdirSync(folder).filter((name) => name.endsWith(".ipynb"));
const read = (name: string): Notebook => JSON.parse(readFileSync(join(folder, name), "utf8")) as Notebook;

/** A cell in which the value of the last expression is passed to `display`, as the kernel does. */
function displaying({ id, source }: Cell): string {
  const text = source.join("");
  const { body } = parse(text, { ecmaVersion: "latest", sourceType: "module" });
  const last = body.at(-1);
  if (last?.type !== "ExpressionStatement") return text;
  const { start, end } = last.expression;
  return `${text.slice(0, start)};await display(${JSON.stringify(id)}, ${text.slice(start, end)});`;
}

/** Runs the cells of a notebook and returns the representations of the values that display themselves, by cell. */
async function displayed(name: string): Promise<ReadonlyMap<string, Media>> {
  const found = new Map<string, Media>();
  const display = async (id: string, value: object): Promise<void> => {
    const method = (value as Record<symbol, (() => Media | Promise<Media>) | undefined>)[
      Symbol.for("Jupyter.display")
    ];
    if (method !== undefined) found.set(id, await method.call(value));
  };
  const modules = {
    downhill,
    "downhill/landscapes": landscapes,
    "downhill/optim": optim,
    "downhill/plain": plain,
    "downhill/viz": viz,
    notebook: { display },
  };
  const cells = read(name).cells.filter(({ cell_type }) => cell_type === "code");
  const text = ['import { display } from "notebook";', ...cells.map(displaying)].join("\n");
  await runProgram(text.replaceAll('"npm:', '"'), modules);
  expect([...found.keys()], "cells without a display").toEqual(cells.map(({ id }) => id));
  return found;
}

test("notebooks are for the kernel of Deno, and are stored without outputs", () => {
  expect(names.length).toBe(2);
  for (const name of names) {
    const { cells, metadata, nbformat } = read(name);
    expect([metadata.kernelspec.name, nbformat]).toEqual(["deno", 4]);
    expect(cells.flatMap(({ outputs = [] }) => outputs)).toEqual([]);
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
  }
});

test("derivatives: numbers as text, a matrix as a table, a trace as a drawing", async () => {
  const media = [...(await displayed("derivatives.ipynb")).values()];
  const [value, gradient, matrix, trace, plainGradient] = media;
  expect(value).toEqual({ "text/plain": String(6 + Math.sin(2)) });
  expect(gradient!["text/plain"]).toBe("f64[2] [2.5838532,         2]");
  expect(matrix!["text/html"]).toBe(
    "<table><caption>f64[2,2]</caption><tr><td>-0.90929743</td><td>1</td></tr><tr><td>1</td><td>0</td></tr></table>",
  );
  expect(trace!["image/svg+xml"]).toMatch(/^<svg[^>]*>.*sin/s);
  expect(plainGradient!["text/plain"]).toBe("f64[2] [0.85495808, -117.67346]");
});

test("optimisers: races move, and a study has its figures", async () => {
  const media = [...(await displayed("optimisers.ipynb")).values()];
  const [race, valley, minimum, study] = media;
  for (const [shown, runs] of [
    [race!, 3],
    [valley!, 2],
  ] as const) {
    expect(shown["image/svg+xml"]!.match(/@keyframes f0-\d-grow/g)).toHaveLength(runs);
    expect(shown["text/plain"]).toMatch(/optimiser/);
  }
  expect(minimum!["text/plain"]).toBe("f64[2] [3, 2]");
  expect(study!["image/svg+xml"]).toContain("momentum");
});

/** The executable of Deno. */
const deno = process.env["DENO"] ?? "";
const marker = "\u0001";

testWith("Deno (npm install deno, and DENO names its executable)", deno !== "")(
  "a session of Deno displays the same as Node, cell by cell",
  async () => {
    const made = mkdtempSync(join(tmpdir(), "downhill-deno-"));
    try {
      const subpaths = ["", "/landscapes", "/optim", "/plain", "/viz"];
      const imports = subpaths.map((path): [string, string] => [
        `npm:downhill${path}`,
        join(root, "dist", path, "index.js"),
      ]);
      const config = join(made, "deno.json");
      writeFileSync(
        config,
        JSON.stringify({ nodeModulesDir: "manual", imports: Object.fromEntries(imports) }),
      );
      for (const name of names) {
        const cells = read(name).cells.filter(({ cell_type }) => cell_type === "code");
        const first = `const display = async (id, value) => console.log(${JSON.stringify(marker)} + JSON.stringify([id, await value[Symbol.for("Jupyter.display")]()]));`;
        const input = [first, ...cells.map(displaying)].map((text) => `${text}\n`).join("");
        const { stdout, stderr } = spawnSync(deno, ["repl", "-A", "--quiet", "--config", config], {
          cwd: root, // whose packages it finds
          input,
          encoding: "utf8",
          env: { ...process.env, NO_COLOR: "1" },
          maxBuffer: 1e9,
        });
        const shown = stdout.split("\n").filter((line) => line.startsWith(marker));
        const found = new Map(shown.map((line) => JSON.parse(line.slice(1)) as [string, Media]));
        expect(found, stderr).toEqual(await displayed(name));
      }
    } finally {
      rmSync(made, { recursive: true, force: true });
    }
  },
);
