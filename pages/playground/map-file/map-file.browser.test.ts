// Uses a map saved from the playground as a reader does.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { showNumber } from "downhill/viz";
import { afterAll, expect } from "vitest";
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, serveSection } from "../../../test/support/live-pages.ts";
import { violations } from "../../../test/support/page-checks.ts";

const site = serveSection("playground");
const folder = mkdtempSync(join(tmpdir(), "downhill-map-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describePageInCi("a map in a standalone page", {
  "shows value and gradient under the pointer, and sets a start by click and by key": async ({ open }) => {
    const state = new URLSearchParams({
      text: "x^2 + 3*y^2",
      view: "plot",
      along: "x y",
      at: '{"x":"1","y":"1"}',
    });
    const page = await alive(await open(site.at("", `#${state.toString()}`)));
    await page.locator("svg.map").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save as a page" }).click(),
    ]);
    const path = join(folder, "map.html");
    await download.saveAs(path);
    const alone = await open(readFileSync(path, "utf8"));
    const line = alone.locator(".line");
    expect(await line.innerText()).toContain("Downhill from x = 1, y = 1: value 4, gradient (2, 6).");
    const box = (await alone.locator("svg .frame").boundingBox())!;
    const [left, top] = [Math.round(box.x + box.width / 4), Math.round(box.y + box.height / 3)];
    await alone.mouse.move(left, top);
    const under = await alone.locator(".under").innerText();
    const [x, y, value, dx, dy] = under
      .replaceAll("−", "-")
      .match(/-?\d+(?:\.\d+)?(?:e-?\d+)?/g)!
      .map(Number) as [number, number, number, number, number];
    expect(value).toBeCloseTo(x ** 2 + 3 * y ** 2, 2);
    expect([dx, dy]).toEqual([expect.closeTo(2 * x, 2), expect.closeTo(6 * y, 2)]);
    await alone.mouse.click(left, top);
    expect(await line.innerText()).toContain(`Downhill from x = ${showNumber(x, 5).replace("-", "−")}`);
    const d = (await alone.locator(".descent").getAttribute("d"))!;
    await alone.locator(".map-start").press("ArrowRight");
    expect(await alone.locator(".descent").getAttribute("d")).not.toBe(d);
    expect(await violations(alone)).toEqual([]);
  },
});
