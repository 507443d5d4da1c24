import { Linter } from "eslint";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import downhill from "../src/lint.ts";
import { makeProject } from "./project.ts";

const code = `import { less, where } from "downhill";
import * as dh from "downhill";
/** @param {number} x */
export function noisy(x) {
  "use ad";
  return x * Math.random();
}
/** @param {number} x */
export function square(x) {
  "use ad";
  return x * x;
}
export function g(x, less2) {
  const isSmall = less(x, 0);
  if (less(x, 0)) return 1;
  while (!isSmall && dh.greater(x, 1)) return 2;
  if (less2(x, 0) || where(less(x, 0), 1, 2).item() > 1) return 3;
  {
    const less = (a, b) => a < b;
    if (less(x, 0)) return 4;
  }
  return x;
}
`;

const found = [
  ["plain", 6, 14, /^Math.random: a random number makes another function of each call/],
  ["tensor-condition", 15, 7, /^less\(…\) is a tensor, and a tensor is always true/],
  ["tensor-condition", 16, 11, /^less\(…\) is a tensor/],
  ["tensor-condition", 16, 22, /^greater\(…\) is a tensor/],
] as const;

/** Functions of numbers in transforms. Those of lines 6 to 8 are unmarked. */
const typed = `import { grad, valueAndGrad, type Tensor } from "downhill";
import { minimize } from "downhill/optim";
import { square } from "./loss.js";
const twice = (x: number, ys: Float64Array[]) => square(2 * x) * ys.length;
function sum(xs: number[]) { return xs[0] + square(xs[1]); }
grad((x: number) => square(x) + 1)(2);
grad(twice)(2, []);
export const { x } = minimize(sum, [1, 2]);
grad((x: number) => { "use ad"; return square(x); })(2);
grad((x: Tensor) => x.mul(x))(2);
grad((x) => x.mul(x))(2);
valueAndGrad(square)(2);
const other = (f: unknown) => f;
other((x: number) => x);
`;

test("ESLint underlines what is refused, with the message of the build, and tensors as conditions", () => {
  const linter = new Linter();
  const messages = linter.verify(code, [downhill.configs.recommended as Linter.Config], {
    filename: "loss.js",
  });
  expect(messages.map(({ ruleId, line, column }) => [ruleId, line, column])).toEqual(
    found.map(([rule, line, column]) => [`downhill/${rule}`, line, column]),
  );
  messages.forEach(({ message }, i) => {
    expect(message).toMatch(found[i]![3]);
  });
});

// it skipped TypeScript files
test("the configuration in the docs has ESLint lint files of TypeScript and of JavaScript", async () => {
  const docs = readFileSync(fileURLToPath(new URL("../../docs/plain-setup.md", import.meta.url)), "utf8");
  const [, config] = /```js\n(\/\/ eslint\.config\.js\n.*?)```/s.exec(docs)!;
  const espree = new URL("../node_modules/espree/espree.js", import.meta.url).href;
  const marked = code.slice(0, code.indexOf("/** @param {number} x */\nexport function square"));
  const project = makeProject({
    "eslint.config.js": config!,
    // a parser for the common subset of TypeScript and JavaScript
    "node_modules/typescript-eslint/package.json": '{ "type": "module", "exports": "./index.js" }',
    "node_modules/typescript-eslint/index.js": `import * as parser from ${JSON.stringify(espree)};\nexport default { parser };\n`,
    ...Object.fromEntries(["a.ts", "b.mts", "c.tsx", "d.js", "e.mjs"].map((name) => [`src/${name}`, marked])),
  });
  try {
    const { stdout } = await project.node(["node_modules/eslint/bin/eslint.js", "--format", "json", "src"]);
    const results = JSON.parse(stdout) as { filePath: string; messages: { ruleId: string }[] }[];
    expect(results.map(({ filePath, messages }) => [basename(filePath), messages[0]?.ruleId])).toEqual(
      ["a.ts", "b.mts", "c.tsx", "d.js", "e.mjs"].map((name) => [name, "downhill/plain"]),
    );
  } finally {
    project.remove();
  }
});

describe("oxlint", () => {
  const project = makeProject({
    "loss.js": code,
    "wrapper.ts": typed,
    ".oxlintrc.json": JSON.stringify({
      jsPlugins: ["downhill-plugin/lint"],
      categories: { correctness: "off" },
      rules: {
        "downhill/plain": "error",
        "downhill/tensor-condition": "error",
        "downhill/unmarked": "error",
      },
    }),
  });
  afterAll(() => {
    project.remove();
  });

  const reported = (file: string): readonly (readonly [string, number, number])[] => {
    const oxlint = fileURLToPath(new URL("../../node_modules/oxlint/bin/oxlint", import.meta.url));
    const { stdout } = spawnSync(process.execPath, [oxlint, "--format", "json", join(project.folder, file)], {
      cwd: project.folder,
      encoding: "utf8",
    });
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { code: string; labels: { span: { line: number; column: number } }[] }[];
    };
    return diagnostics.map(({ code: rule, labels }) => [rule, labels[0]!.span.line, labels[0]!.span.column]);
  };

  test("reports the same", () => {
    expect(new Set(reported("loss.js").map(String))).toEqual(
      new Set(found.map(([rule, line, column]) => `downhill(${rule}),${line},${column}`)),
    );
  });

  test("reports functions of numbers that are differentiated without being marked", () => {
    expect(new Set(reported("wrapper.ts").map(String))).toEqual(
      new Set([6, 7, 8].map((line) => `downhill(unmarked),${line},${line === 8 ? 31 : 6}`)),
    );
  });
});
