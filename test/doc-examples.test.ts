// Runs the `@example` blocks of the doc comments in src/. In an example, the comment behind a statement or below it
// promises how its value prints (`…` stands for any text), or, where it begins with "throws" or the name of an error,
// that the statement throws with that message. Everything that the folder of the file and the package export is in
// scope without an import. An example fenced as something else than TypeScript (```text) is not run.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import { transform } from "esbuild";
import { describe, expect, test } from "vitest";
import { Tensor } from "downhill";
import { agrees, promises, root, shows } from "./support/snippets.ts";

interface Example {
  readonly file: string; // relative to src/
  readonly line: number;
  readonly code: string;
}

const src = join(root, "src");
const sources = readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts") && !/\.test(-d)?\.ts$|\.generated\.ts$|testdata\//.test(path));
const examples = sources.flatMap((file) => examplesIn(file, readFileSync(join(src, file), "utf8")));

/** The examples in the doc comments of a source text. */
function examplesIn(file: string, text: string): Example[] {
  return [...text.matchAll(/\/\*\*.*?\*\//gs)].flatMap((comment) => {
    const firstLine = text.slice(0, comment.index).split("\n").length;
    const lines = comment[0]
      .slice(3, -2)
      .split("\n")
      .map((line) => line.replace(/^\s*\* ?/, ""));
    const starts = lines.flatMap((line, i) => (line.trimStart().startsWith("@example") ? [i] : []));
    return starts.flatMap((start) => {
      const next = lines.findIndex((line, i) => i > start && /^\s*@\w/.test(line));
      const block = [
        lines[start]?.replace(/^\s*@example/, ""),
        ...lines.slice(start + 1, next < 0 ? undefined : next),
      ];
      const language = /^```(\w*)/m.exec(block.join("\n"))?.[1] ?? "ts";
      const code = block.filter((line) => !line?.startsWith("```")).join("\n");
      return ["ts", "js"].includes(language) ? [{ file, line: firstLine + start, code }] : [];
    });
  });
}

/** The example with each promise turned into a call of `$note`, as plain JavaScript. */
async function instrument(code: string): Promise<string> {
  const lines = promises(code).map(({ statement, text, promise }) => {
    if (statement.type === "ImportDeclaration") return ""; // its names are in scope
    if (statement.type !== "ExpressionStatement" || promise.length === 0) return text;
    const { start, end } = statement.expression;
    const value = code.slice(start, end).replace(/^console\.log\((.*)\)$/s, "$1");
    return `await $note(${JSON.stringify(promise.join("\n").trim())}, async () => (${value}));`;
  });
  // A block of its own: its constants may have the names of exports.
  const { code: script } = await transform(`async () => {{\n${lines.join("\n")}\n}}`, { loader: "ts" });
  return script.trim().replace(/;$/, "");
}

/** Everything that the faces of the package, the folder of the file and the file export; the nearest wins. */
async function scopeOf(file: string): Promise<Record<string, unknown>> {
  // The command is the one file that does something when it is loaded.
  const siblings = sources.filter((path) => dirname(path) === dirname(file) && path !== "cli/main.ts");
  const faces = sources.filter((path) => /^(\w+\/)?index\.ts$/.test(path));
  const paths = [...faces.reverse(), ...siblings, file];
  const modules = await Promise.all(paths.map(async (path) => import(join(src, path)) as Promise<object>));
  return Object.assign({}, ...modules) as Record<string, unknown>;
}

/** The texts by which a value may be promised: as Node prints it, and a string, an error or a tensor by its content. */
function textsOf(value: unknown): string[] {
  const texts = [inspect(value, { depth: null })];
  if (typeof value === "string") texts.push(value);
  if (value instanceof Error) texts.push(value.message);
  if (value instanceof Tensor) texts.push(inspect(value.tolist(), { depth: null }));
  return texts;
}

async function note(promised: string, run: () => unknown): Promise<void> {
  const error = /^(?:throws|\w*Error):?\s*(.*)$/s.exec(promised);
  if (error !== null) {
    const thrown = await Promise.resolve(run()).then(
      (value) => expect.fail(`it should throw and gave ${inspect(value)}`),
      (reason: unknown) => (reason instanceof Error ? reason.message : inspect(reason)),
    );
    if (!agrees(thrown, `…${error[1]}…`)) expect(thrown).toBe(error[1]);
    return;
  }
  const texts = textsOf(await run());
  if (!texts.some((text) => shows(promised, text))) expect(texts[0]).toBe(promised);
}

async function runExample(code: string, scope: Record<string, unknown>): Promise<void> {
  const names = Object.keys(scope);
  // The text is our own, from src/.
  const makeExample = new Function("$note", ...names, `return ${await instrument(code)};`) as (
    ...values: unknown[]
  ) => () => Promise<void>;
  await makeExample(note, ...names.map((name) => scope[name]))();
}

describe("examples in doc comments", () => {
  test.each(examples.map(({ file, line, code }) => [`${file}:${line}`, file, code]))(
    "%s",
    async (_, file, code) => {
      await runExample(code, await scopeOf(file));
    },
  );
});

describe("the runner of examples", () => {
  const scope = {
    half: (x: number) => x / 2,
    fail: () => {
      throw new Error("no half of that");
    },
  };
  const inComment = (...lines: string[]): string =>
    `/**\n * Half.\n *\n * @example\n${lines.map((line) => ` * ${line}\n`).join("")} * @see x\n */`;

  test.each([
    ["a value", ["const y: number = 3;", "half(y); // 1.5"]],
    ["a number with fewer digits", ["half(2 / 3); // 0.333"]],
    ["a comment on the next line", ["half(3);", "// 1.5"]],
    ["aligned comments", ["'a\\nb'; // a", "        // b", "// not this one", "half(2);"]],
    ["an array", ["[half(2), 'a']; // [1, \"a\"]"]],
    ["any text", ["[half(2), half(4)]; // [1, …]"]],
    ["an error's own words", ["new Error('half a word'); // half a word"]],
    ["an error thrown", ["fail(); // throws no half", "half(2); // 1"]],
    ["a part of its message", ["fail(); // throws half … that"]],
    ["a named error", ["fail();", "// Error: no half of that"]],
  ])("sees a promise kept: %s", async (_, lines) => {
    const [example] = examplesIn("a.ts", inComment(...lines));
    expect(example?.line).toBe(4);
    await runExample(example?.code ?? "", scope);
  });

  test.each([
    ["half(3); // 1.4", /expected '1.5' to be '1.4'/],
    ["half(2 / 3); // 0.334", /expected '0.333/],
    ["half(3); // throws", /should throw and gave 1.5/],
    ["fail(); // throws something else", /no half of that/],
    ["nowhere(); // 1", /nowhere is not defined/],
    ["half(; // 1", /does not parse/],
  ])("sees a promise broken: %s", async (line, why) => {
    const [example] = examplesIn("a.ts", inComment(line));
    await expect(runExample(example?.code ?? "", scope)).rejects.toThrow(why);
  });

  test("leaves other languages alone", () => {
    expect(examplesIn("a.ts", inComment("```text", "f(x) {", "```"))).toEqual([]);
  });
});
