import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeInBrowser } from "./support/browser.ts";

const bin = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-fit-"));
  const rows = Array.from({ length: 30 }, (_, i) => {
    const x = i / 3;
    return `${x},${4 * Math.exp(-0.5 * x) + 1 + 0.05 * Math.cos(i * i)}`;
  });
  writeFileSync(join(folder, "decay.csv"), `x,y\n${rows.join("\n")}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command that the package installs, from dist/. */
function downhill(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, "fit", ...words], {
    encoding: "utf8",
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, stdout, stderr };
}

describe("downhill fit", () => {
  test("prints parameters with errors, and pictures", () => {
    const { status, stdout, stderr } = downhill("decay.csv", "y = a*exp(-b*x) + c");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/\nb +0\.[45]\d+ +0\.0\d+ /);
    expect(stdout).toContain("\nResiduals\n");
  });

  test("writes one JSON object", () => {
    const { stdout } = downhill("co2", "co2 = a + b*(year-1990)", "--json");
    const { parameters } = JSON.parse(stdout) as {
      readonly parameters: { readonly b: { readonly value: number } };
    };
    expect(parameters.b.value).toBeGreaterThan(1.4);
    expect(parameters.b.value).toBeLessThan(1.8);
  });

  test("says what is wrong in a line, and tells of the options", () => {
    expect(downhill("decay.csv", "y = a*X", "--start", "a=1").stderr).toContain(
      "Is the column x meant by X?",
    );
    expect(downhill("decay.csv").stderr).toContain("the formula is missing");
    expect(downhill("decay.csv", "y = a*x", "--bound", "a=0:").stderr).toContain('Did you mean "--bounds"?');
    expect(downhill("decay.csv", "y = a*x", "--start", "k=1").status).toBe(2);
    expect(downhill("--help").stdout).toContain("--absolute-sigma");
  });
});

describeInBrowser("the page of a fit", {
  "shows picture and tables, light and dark, in narrow windows too": async ({ open }) => {
    const { status } = downhill("decay.csv", "y = a*exp(-b*x) + c", "--out", "page.html");
    expect(status).toBe(0);
    const seen: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open({ file: join(folder, "page.html") }, { colorScheme });
      for (const width of [1000, 360]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
      expect(await page.locator("circle:visible").count()).toBe(61); // the chart of this width
      expect(await page.locator("h1").textContent()).toBe("y = a * exp(-b * x) + c");
      expect(await page.locator("table").first().locator("tr").count()).toBe(4);
      const band = page.locator("path.band:visible");
      expect((await band.boundingBox())!.width).toBeGreaterThan(100);
      seen.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    }
    expect(new Set(seen).size).toBe(2);
  },
});
