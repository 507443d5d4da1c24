// The playground is one page with the library in it: it must draw what is typed, and say what is wrong with it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeInBrowser } from "./support/browser.ts";
import { root } from "./support/snippets.ts";

const script = join(root, "playground/build.mjs");
let html: string;
beforeAll(() => {
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  html = readFileSync(join(root, "playground/dist/index.html"), "utf8");
});

/** Types a text, and waits until the result of the page says so. */
async function type(page: Page, text: string, title: string): Promise<void> {
  await page.fill("#text", text);
  await expect.poll(async () => page.locator("#title").innerText()).toBe(title);
}
const gradient = (page: Page): Promise<string[]> => page.locator(".gradient > div").allInnerTexts();

describeInBrowser("the playground", {
  "draws the derivative of what is typed, and shows the gradient at once": async ({ open }) => {
    const page = await open(html);
    await type(page, "x^3", "z = x^3");
    expect(await page.locator("#values input").count()).toBe(1);
    await page.fill("#values input", "2");
    expect(await gradient(page)).toEqual(["∂s/∂x = 12"]);
    expect(await page.locator(".gradient .number").isVisible()).toBe(true);
    expect(await page.locator(".picture svg").isVisible()).toBe(true);
  },

  "reads lecture notes as they stand": async ({ open }) => {
    const page = await open(html);
    await type(page, "x = ?\ny = ?\na = x * y\nb = sin(x)\nz = a + b", "a = x · y; b = sin(x); z = a + b");
    expect(await page.locator("#values label").allInnerTexts()).toEqual(["x", "y"]);
    await type(page, "x = 2\ny = 5\nz = x * y", "z = x · y");
    // a number of the text counts as soon as it is changed there, and in its field until then
    await type(page, "x = 2\ny = 7\nz = x * y - 1", "z = x · y − 1");
    expect(await gradient(page)).toEqual(["∂s/∂x = 7", "∂s/∂y = 2"]);
    await page.getByLabel("y", { exact: true }).fill("8");
    await type(page, "x = 3\ny = 7\nz = x * y", "z = x · y");
    expect(await gradient(page)).toEqual(["∂s/∂x = 8", "∂s/∂y = 3"]);
  },

  // the page was empty: "Cannot read properties of undefined (reading 'mode')"
  "says of a constant that there is nothing to differentiate": async ({ open }) => {
    const page = await open(html);
    for (const [text, title] of [
      ["1", "z = 1"],
      ["x = 3", "x = 3"],
    ] as const) {
      await type(page, text, title);
      expect(await page.locator(".lists").innerText()).toContain("The result depends on no input");
      expect(await page.locator(".picture .dh-box").count()).toBe(1);
    }
  },

  // every edit began at the first step of the first mode again
  "keeps mode, step and size while text and values change": async ({ open }) => {
    const page = await open(html);
    await page.getByRole("button", { name: "Forward dx = 0, dy = 1" }).click();
    await page.click(".first");
    await page.click(".forth");
    expect(await page.locator(".count").innerText()).toBe("2 / 4");
    await page.click(".closer");
    const width = (): Promise<number> =>
      page
        .locator(".picture svg")
        .evaluate((svg) => Number(svg.getAttribute("width")) / (svg as SVGSVGElement).viewBox.baseVal.width);
    const before = await width();
    await page.getByLabel("x", { exact: true }).fill("3");
    await type(page, "x*y + cos(x)", "z = x · y + cos(x)");
    expect(await page.locator(".count").innerText()).toBe("2 / 4");
    expect(await page.locator('.modes [aria-pressed="true"]').innerText()).toContain("dx = 0, dy = 1");
    expect(await width()).toBeCloseTo(before, 2);
  },

  // Number("") is 0
  "an empty or unreadable number is told, and is not 0": async ({ open }) => {
    const page = await open(html);
    const field = page.getByLabel("x", { exact: true });
    await field.fill("");
    expect(await page.locator("#error").innerText()).toContain("x has no value");
    expect(await field.getAttribute("aria-invalid")).toBe("true");
    await field.fill("1,2,3");
    expect(await page.locator("#error").innerText()).toContain("which is no number");
    await field.fill("0,5");
    expect(await page.locator("#error").isVisible()).toBe(false);
    expect((await gradient(page))[1]).toBe("∂s/∂y = 0.5");
  },

  "shows what is wrong with a caret below it": async ({ open }) => {
    const page = await open(html);
    await page.fill("#text", "x * (y");
    await page.waitForSelector("#error:not([hidden])");
    expect(await page.innerText("#error")).toContain("^");
  },

  "is used by keys alone: they step outside of the fields, and write inside": async ({ open }) => {
    const page = await open(html);
    await page.keyboard.press("End"); // the text has the focus
    await page.keyboard.type(" + 1");
    await expect.poll(async () => page.locator("#title").innerText()).toBe("z = x · y + sin(x) + 1");
    await page.keyboard.press("ArrowLeft");
    expect(await page.locator(".count").innerText()).toBe("13 / 13");
    await page.locator(".modes button").first().focus();
    await page.keyboard.press("ArrowLeft");
    expect(await page.locator(".count").innerText()).toBe("12 / 13");
  },

  // a frame of its own hid the buttons and inputs
  "on a phone nothing is hidden, and typing does not scroll away": async ({ open }) => {
    const page = await open(html, { viewport: { width: 360, height: 640 }, hasTouch: true });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(await page.evaluate(() => window.scrollY)).toBe(0);
    await type(page, "x*y*w", "z = x · y · w");
    expect(await page.evaluate(() => window.scrollY)).toBe(0);
    for (const name of ["#text", "#examples", ".first", ".last", ".slider", ".fit"]) {
      await page.locator(name).scrollIntoViewIfNeeded();
      const box = (await page.locator(name).boundingBox())!;
      expect(box.x >= 0 && box.x + box.width <= 360 && box.height > 0, name).toBe(true);
    }
  },
});

// it ended with a stack
test("takes the next port where one is in use, and says so where it was chosen", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  try {
    const { status, stderr } = spawnSync(process.execPath, [script, "--serve"], {
      encoding: "utf8",
      env: { ...process.env, PORT: String(port) },
    });
    expect(status).toBe(1);
    expect(stderr).toBe(
      `error: cannot serve at port ${port}: it is in use. Choose another one: PORT=8080 npm run playground\n`,
    );
  } finally {
    taken.close();
  }
  // whether or not 4173 is in use by now, two servers find a port each
  const env = { ...process.env };
  delete env["PORT"];
  const servers = [0, 1].map(() => spawn(process.execPath, [script, "--serve"], { env }));
  afterAll(() => servers.forEach((server) => server.kill("SIGKILL")));
  const addresses = await Promise.all(
    servers.map(async ({ stdout }) => {
      for await (const chunk of stdout) {
        const found = /http:\S+/.exec(String(chunk));
        if (found) return found[0];
      }
      return "";
    }),
  );
  expect(new Set(addresses).size).toBe(2);
  expect(addresses.every((address) => address.startsWith("http://127.0.0.1:"))).toBe(true);
  servers.forEach((server) => server.kill());
});
