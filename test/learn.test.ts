// `downhill learn` from the user's side.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import { afterAll, expect, test } from "vitest";
import { section as course } from "../pages/course/contents.ts";
import { describePageInCi } from "./support/browser.ts";
import { testInCi } from "./support/extent.ts";
import { downhill } from "./support/command.ts";
import { alive } from "./support/live-pages.ts";
import { root } from "./support/snippets.ts";

const main = join(root, "dist/cli/main.js");

/** Starts the server of the course, and returns it with its address. */
async function learn(): Promise<{ readonly child: ChildProcess; readonly address: string }> {
  const child = spawn(process.execPath, [main, "learn", "--no-open"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (text: Buffer) => (said += text.toString()));
  while (!said.includes("\n")) await once(child.stdout, "data");
  return { child, address: /http:\/\/127\.0\.0\.1:\d+\/course\//.exec(said)?.[0] ?? "" };
}

test("serves the course until Ctrl-C, which ends it cleanly", async () => {
  const { child, address } = await learn();
  const list = await fetch(address);
  expect(list.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await list.text()).toContain('href="./reverse-mode/"');
  const moved = await fetch(`${address}reverse-mode`, { redirect: "manual" });
  expect([moved.status, moved.headers.get("location")]).toEqual([301, "/course/reverse-mode/"]);
  const begin = await fetch(new URL("/", address), { redirect: "manual" });
  expect([begin.status, begin.headers.get("location")]).toEqual([302, "/course/"]);
  const style = await fetch(`${address}assets/style.css`);
  expect(style.headers.get("content-type")).toBe("text/css; charset=utf-8");
  for (const outside of [
    "%2e%2e/%2e%2e/package.json",
    "..%2f%2e%2e%2fpackage.json",
    "%2e%2e%2f%2e%2e%2f%2e%2e%2fpackage.json",
    "nothing",
    "%",
  ])
    expect((await fetch(address + outside)).status, outside).toBe(404);
  expect((await fetch(address, { method: "POST" })).status).toBe(405);
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("reports a wrong chapter or port", async () => {
  const chapter = await downhill(["learn", "reverse"]);
  expect([chapter.status, chapter.stderr]).toEqual([
    2,
    'error: learn: there is no chapter reverse. Did you mean "reverse-mode"? See downhill learn --help.\n',
  ]);
  const port = await downhill(["learn", "--port", "99999"]);
  expect(port.status).toBe(2);
  expect(port.stderr).toContain('--port must be an integer from 0 (any that is free) to 65535, got "99999"');
});

/** Files that a served file of the course loads: modules and styles of a document, imports and workers of a module. */
function linksOf(url: string, text: string): string[] {
  if (!url.endsWith(".js")) {
    const map = /<script type="importmap">(.*?)<\/script>/.exec(text)?.[1] ?? '{"imports":{}}';
    const { imports } = JSON.parse(map) as { readonly imports: Readonly<Record<string, string>> };
    const links = text.matchAll(
      /<(?:link rel="(?:stylesheet|modulepreload)" href|script type="module" src)="(.*?)"/g,
    );
    return [...Object.values(imports), ...Array.from(links, ([, link]) => link!)];
  }
  const { staticImports, staticExports, dynamicImports } = parseSync(url, text).module;
  const named = [
    ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest?.value)),
    ...dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1)),
    ...Array.from(text.matchAll(/new Worker\(new URL\("(.*?)"/g), ([, worker]) => worker),
  ];
  return named.filter((name): name is string => name?.startsWith(".") === true); // packages are in the map of each document
}

testInCi("everything that the course loads is served, and its engine is that of the package", async () => {
  const { child, address } = await learn();
  const seen = new Set(course.pages.map(({ slug }) => `${address}${slug}/`));
  for (const url of seen) {
    const answer = await fetch(url);
    expect(answer.status, url).toBe(200);
    for (const link of linksOf(url, await answer.text())) seen.add(new URL(link, url).href);
  }
  const paths = Array.from(seen, (url) => new URL(url).pathname);
  expect(paths).toContain("/core.js");
  expect(paths).toContain("/packages/@sveltejs/acorn-typescript.js");
  expect(paths).toContain("/course/assets/a-real-network-network.worker.js");
  expect(paths).toContain("/course/assets/lab-whole-library.worker.js");
  child.kill("SIGINT");
  await once(child, "exit");
});

let served: ReturnType<typeof learn> | undefined;
afterAll(async () => {
  if (served === undefined) return;
  const { child } = await served;
  child.kill("SIGINT");
  await once(child, "exit");
});

describePageInCi("the course as the package serves it", {
  "draws contours, and trains in a worker": async ({ open }) => {
    const { address } = await (served ??= learn());
    const page = await alive(await open({ address: `${address}momentum-and-schedules/` }));
    const [worker] = await Promise.all([
      page.waitForEvent("worker"),
      page.getByRole("button", { name: "Run the test" }).click(),
    ]);
    expect(worker.url()).toBe(`${address}assets/momentum-and-schedules-training.worker.js`);
    await page
      .getByRole("img", { name: /range|loss/i })
      .last()
      .waitFor();
  },
  "lays graphs out, and reads TypeScript": async ({ open }) => {
    const { address } = await (served ??= learn());
    const page = await alive(await open({ address: `${address}derivative-of-code/` }));
    await page.locator("#code textarea").fill('function f(x: number) { "use ad"; return x * x; }');
    await page.locator("#code").getByRole("button", { name: "JavaScript" }).click();
    await page.locator("#code pre").getByText("export function fGrad(x)").waitFor();
  },
});
