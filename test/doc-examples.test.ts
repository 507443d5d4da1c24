// Runs the `@example` blocks of the doc comments in src/. In an example, the comment after a statement or below it
// promises how its value prints (`…` stands for any text). If the comment begins with "throws" or the name of an error,
// it promises that the statement throws with that message. The exports of the file's folder and of the package are in
// scope without an import. An example fenced as another language than TypeScript (```text) is not run.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { runKeepingPromises } from "./support/kept-promises.ts";
import { root } from "./support/snippets.ts";

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

/** All exports of the package's entries, the folder and the file; the nearest wins. */
async function scopeOf(file: string): Promise<Record<string, unknown>> {
  // The command is the only file that runs something when it is loaded.
  const siblings = sources.filter((path) => dirname(path) === dirname(file) && path !== "cli/main.ts");
  const faces = sources.filter((path) => /^(\w+\/){0,2}index\.ts$/.test(path));
  // `normal`, `gamma` and others are draws wherever they are not said to be distributions
  const distributions = "numeric/distributions/index.ts";
  const paths = [
    distributions,
    ...faces.filter((face) => face !== distributions).reverse(),
    ...siblings,
    file,
  ];
  const modules = await Promise.all(paths.map(async (path) => import(join(src, path)) as Promise<object>));
  return Object.assign({}, ...modules) as Record<string, unknown>;
}

describe("examples in doc comments", () => {
  test.each(examples.map(({ file, line, code }) => [`${file}:${line}`, file, code]))(
    "%s",
    async (_, file, code) => {
      await expect(runKeepingPromises(code, await scopeOf(file))).resolves.toBeUndefined();
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
    await runKeepingPromises(example?.code ?? "", scope);
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
    await expect(runKeepingPromises(example?.code ?? "", scope)).rejects.toThrow(why);
  });

  test("leaves other languages alone", () => {
    expect(examplesIn("a.ts", inComment("```text", "f(x) {", "```"))).toEqual([]);
  });
});
