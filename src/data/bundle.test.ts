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

test("digits need nothing of Node: a bundle runs where there is only atob", async () => {
  const code = await bundle(
    `import { digits } from "./index.ts"; export const { count, labels } = digits();`,
  );
  const found: unknown = runInNewContext(
    `${code}; JSON.stringify([out.count, ...out.labels.subarray(0, 5)])`,
    { atob },
  );
  expect(found).toBe("[1797,0,1,2,3,4]");
});

test("a program that does not use the digits does not carry them", async () => {
  const code = await bundle(`import { dataset } from "./index.ts"; export { dataset };`);
  expect(code.length).toBeLessThan(75_000); // the digits alone take 48,000
  expect(code).not.toContain("Alpaydin");
});
