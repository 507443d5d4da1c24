import { build } from "esbuild";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { describeInBrowser } from "../../test/support/browser.ts";
import downhill from "../src/esbuild.ts";
import { app, makeProject, printed } from "./project.ts";

const project = makeProject(app);
afterAll(() => {
  project.remove();
});

describeInBrowser("a page", {
  "computes gradients of plain functions": async ({ open }) => {
    const { outputFiles } = await build({
      entryPoints: [join(project.folder, "src/app.ts")],
      absWorkingDir: project.folder,
      bundle: true,
      minify: true,
      format: "iife",
      platform: "browser",
      write: false,
      plugins: [downhill()],
    });
    const collect = "window.lines = []; console.log = (...all) => window.lines.push(all.join(' '));";
    const page = await open(
      `<!doctype html><script>${collect}${outputFiles[0]!.text.replaceAll("</script", "<\\/script")}</script>`,
    );
    const lines = await page.evaluate(() => (window as unknown as { lines: string[] }).lines);
    expect(lines.slice(0, 4)).toEqual(printed.split("\n").slice(0, 4));
  },
});
