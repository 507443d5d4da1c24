import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { build } from "esbuild";
import { expect, test } from "vitest";

async function bundle(code: string): Promise<string> {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const result = await build({
    stdin: { contents: code, resolveDir: folder },
    bundle: true,
    format: "iife",
    globalName: "out",
    platform: "browser",
    write: false,
    logLevel: "silent",
  });
  return result.outputFiles[0]!.text;
}

test("digits need no Node API: a bundle runs with only atob", async () => {
  const code = await bundle(
    `import { digits } from "./index.ts"; export const { count, labels } = digits();`,
  );
  const found: unknown = runInNewContext(
    `${code}; JSON.stringify([out.count, ...out.labels.subarray(0, 5)])`,
    { atob },
  );
  expect(found).toBe("[1797,0,1,2,3,4]");
});

/** A fragment of each embedded data set that occurs in no other code. */
const marks = {
  digits: "Alpaydin",
  iris: "5.1,3.5,1.4,0.2,0",
  wine: "14.23,1.71,2.43",
  penguins: "A,T,39.1,18.7,181,3750,M",
  co2: "315.70,314.44",
} as const;
const names = Object.keys(marks) as (keyof typeof marks)[];

test("a program that uses no embedded data set contains none", async () => {
  const code = await bundle(`import { dataset } from "./index.ts"; export { dataset };`);
  for (const name of names) expect(code, name).not.toContain(marks[name]);
});

test.each(names)("a program that uses %s contains no other data set, and little else", async (used) => {
  const code = await bundle(`import { ${used} } from "./index.ts"; export { ${used} };`);
  for (const name of names) expect(code.includes(marks[name]), name).toBe(name === used);
  const embedded = statSync(new URL(`${used}.generated.ts`, import.meta.url)).size;
  expect(code.length - embedded).toBeLessThan(14_000); // bytes for reading the table, the checks and their errors
});
