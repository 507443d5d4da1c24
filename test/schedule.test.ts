import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeInBrowser } from "./support/browser.ts";

const bin = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-rates-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command that the package installs, from dist/. */
function downhill(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, "schedule", ...words], {
    encoding: "utf8",
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, stdout, stderr };
}

describe("downhill schedule", () => {
  test("prints one object with rates", () => {
    const options = "--base 0.001 --max 0.006 --step-size-up 4 --steps 12 --json".split(" ");
    const { status, stdout, stderr } = downhill("cyclic", ...options);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { rates } = JSON.parse(stdout) as { readonly rates: readonly number[] };
    const expected = [1, 2.25, 3.5, 4.75, 6, 4.75, 3.5, 2.25, 1, 2.25, 3.5, 4.75];
    expect(rates).toHaveLength(12);
    rates.forEach((rate, t) => expect(rate).toBeCloseTo(expected[t]! / 1000, 15));
  });

  test("draws on the terminal, lists the names, tells of the options", () => {
    expect(downhill("cosine", "--warmup", "10").stdout).toMatch(/^cosine: .*\n.*\n\nRate\n +0\.1 ┤/);
    expect(downhill().stdout).toContain("  cosine-restarts  ");
    const help = downhill("--help");
    expect(help.stdout).toContain("--step-size-up <N>");
    expect(help.status).toBe(0);
  });

  test("says what is wrong in a line, with the nearest name", () => {
    expect(downhill("cosin")).toEqual({
      status: 2,
      stdout: "",
      stderr: `error: "cosin" is no schedule. Did you mean "cosine"? See downhill schedule --help.\n`,
    });
    expect(downhill("cosine", "--form", "1").stderr).toContain(`unknown option --form. Did you mean`);
  });
});

describeInBrowser("the page of a schedule", {
  "shows curves, table and options, light and dark, in narrow windows too": async ({ open }) => {
    const { status } = downhill("one-cycle", "--steps", "40", "--out", "page.html");
    expect(status).toBe(0);
    const seen: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open(
        { file: join(folder, "page.html") },
        { colorScheme, viewport: { width: 380, height: 800 } },
      );
      expect(await page.title()).toBe("one-cycle: one rise and one long fall, the momentum the other way");
      expect(await page.locator("svg .series path:visible").count()).toBe(2);
      expect(await page.locator("svg .series-1 circle:visible").count()).toBe(40);
      expect(await page.locator("table.rows tr").count()).toBe(22);
      expect(await page.locator("dl.settings dt").allTextContents()).toContain("max-momentum");
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(380);
      seen.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    }
    expect(seen[0]).not.toBe(seen[1]);
  },
  "the picture alone follows the reader's choice of light or dark": async ({ open }) => {
    downhill("cyclic", "--out", "picture.svg");
    const colours: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open({ file: join(folder, "picture.svg") }, { colorScheme });
      colours.push(await page.locator(".paper").evaluate((paper) => getComputedStyle(paper).fill));
      const box = await page.locator("text.note").first().boundingBox();
      expect(box!.x + box!.width).toBeLessThan(760);
    }
    expect(colours[0]).not.toBe(colours[1]);
  },
});
