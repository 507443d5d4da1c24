// The template for browser sandboxes builds with the packages as they would be published.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describePageInCi } from "../../test/support/browser.ts";
import { makeProject, type Project } from "./project.ts";

const plugin = fileURLToPath(new URL("..", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const template = join(root, "templates/vite");

interface TemplateManifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly stackblitz: { readonly startCommand: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const versionIn = (folder: string): string =>
  (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;

test("the template asks for the packages of this release, and the tested Vite", () => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(template, "package.json"), "utf8"),
  ) as TemplateManifest;
  expect(dependencies).toEqual({ downhill: `^${versionIn(root)}` });
  const major = versionIn(join(plugin, "node_modules/vite")).split(".")[0]!;
  expect(devDependencies).toEqual({ "downhill-plugin": `^${versionIn(plugin)}`, vite: `^${major}.0.0` });
});

test("the template has the command that a sandbox starts", () => {
  const { scripts, stackblitz } = JSON.parse(
    readFileSync(join(template, "package.json"), "utf8"),
  ) as TemplateManifest;
  expect(stackblitz.startCommand).toBe("npm run dev");
  expect(scripts["dev"]).toBe("vite");
});

let project: Project | undefined;
beforeAll(() => {
  if (process.env["CI"] !== "true") return;
  project = makeProject({});
  const { folder } = project;
  cpSync(template, folder, { recursive: true });
  for (const [name, source] of [
    ["downhill", root],
    ["downhill-plugin", plugin],
  ] as const) {
    const target = join(folder, "node_modules", name);
    rmSync(target, { recursive: true, force: true }); // a link to the repository
    mkdirSync(target);
    const packed = spawnSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], {
      cwd: source,
      encoding: "utf8",
    });
    expect(packed.status, packed.stderr).toBe(0);
    spawnSync("tar", ["-xzf", packed.stdout.trim(), "-C", target, "--strip-components=1"], { cwd: folder });
    const { dependencies = {} } = JSON.parse(readFileSync(join(target, "package.json"), "utf8")) as {
      dependencies?: Readonly<Record<string, string>>;
    };
    for (const dependency of Object.keys(dependencies)) {
      const link = join(target, "node_modules", dependency);
      mkdirSync(join(link, ".."), { recursive: true });
      symlinkSync(join(source, "node_modules", dependency), link, "junction");
    }
  }
});
afterAll(() => project?.remove());

describePageInCi("the template", {
  "is built from the packed packages, and aims when the slider moves": async ({ open }) => {
    const { folder, node } = project!;
    const { status, stderr } = await node(["node_modules/vite/bin/vite.js", "build"]);
    expect(status, stderr).toBe(0);
    const assets = join(folder, "dist/assets");
    const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
    const text = readFileSync(join(assets, scripts[0]!), "utf8").replaceAll("</script", "<\\/script");
    expect(scripts).toHaveLength(1);
    const html = readFileSync(join(template, "index.html"), "utf8")
      .replace(/<link rel="stylesheet".*?>/, "")
      .replace(/<script.*<\/script>/, () => `<script type="module">${text}</script>`);
    const page = await open(html);
    const result = page.locator("#result");
    await expect.poll(() => result.textContent()).toMatch(/^30 m: \d+\.\d m\/s at \d+° for \d\.\d s$/);
    const landing = async (): Promise<number[]> =>
      (await page.locator("#path").getAttribute("d"))!.split("L").at(-1)!.split(" ").map(Number);
    expect(await landing()).toEqual([expect.closeTo(30, 0), expect.closeTo(0, 0)]);
    await page.locator("#distance").fill("50");
    await expect.poll(landing).toEqual([expect.closeTo(50, 0), expect.closeTo(0, 0)]);
  },
});
