// Uses the playground as a reader does: the page shows the results of the engine.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { add, grad, mul, sin } from "downhill";
import { compile } from "downhill/plain";
import { showNumber } from "downhill/viz";
import type { Page } from "playwright-core";
import { afterAll, expect } from "vitest";
import { describePageInCi } from "../../test/support/browser.ts";
import { testInCi } from "../../test/support/extent.ts";
import { alive, serveSection } from "../../test/support/live-pages.ts";
import { focusFaults } from "../../test/support/page-checks.ts";
import { root } from "../../test/support/snippets.ts";
import { examples } from "./examples.ts";

const site = serveSection("playground");
const folder = mkdtempSync(join(tmpdir(), "downhill-saved-"));
let savedFiles = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Encodes a state for the address. */
function at(state: Readonly<Record<string, string>>): string {
  return `#${new URLSearchParams(state).toString()}`;
}

/** Waits for the editor and replaces its text. */
async function type(page: Page, text: string): Promise<void> {
  const editor = page.locator(".cm-content");
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}

const shown = (value: number): string => showNumber(value).replace("-", "−");
const gradient = (page: Page): Promise<string[]> => page.locator(".gradient > div").allInnerTexts();
const problem = (page: Page): Promise<string> => page.locator(".editor > .problem").innerText();

describePageInCi("the playground", {
  "shows the derivative of the typed text, and follows values": async ({ open }) => {
    const page = await alive(await open(site.at("")));
    const slope = grad((x, y) => add(mul(x, y), sin(x)))(2, 3).item();
    await expect.poll(() => gradient(page)).toEqual([`∂s/∂x = ${shown(slope)}`, "∂s/∂y = 2"]);
    await type(page, "x^3");
    await expect.poll(() => gradient(page)).toEqual(["∂s/∂x = 12"]);
    expect(await page.locator(".inputs-of-program input.number").count()).toBe(1);
    await page.getByLabel("x", { exact: true }).fill("-1");
    await expect.poll(() => gradient(page)).toEqual(["∂s/∂x = 3"]);
    await page.getByRole("slider", { name: "x, from -4 to 4" }).fill("2");
    await expect.poll(() => gradient(page)).toEqual(["∂s/∂x = 12"]);
  },

  // A number typed in a field overrode later changes in the text.
  "a number changed in the text replaces the one typed in its field": async ({ open }) => {
    const page = await alive(await open(site.at("", at({ text: "x = 2\ny = 5\nz = x * y" }))));
    await expect.poll(() => gradient(page)).toEqual(["∂s/∂x = 5", "∂s/∂y = 2"]);
    await page.getByLabel("y", { exact: true }).fill("8");
    await expect.poll(() => gradient(page)).toEqual(["∂s/∂x = 8", "∂s/∂y = 2"]);
    await type(page, "x = 3; y = 5; z = x * y");
    await expect.poll(() => gradient(page)).toEqual(["∂s/∂x = 8", "∂s/∂y = 3"]);
    await type(page, "x = 3; y = 7; z = x * y");
    await expect.poll(() => gradient(page)).toEqual(["∂s/∂x = 7", "∂s/∂y = 3"]);
  },

  // The page was empty: "Cannot read properties of undefined (reading 'mode')".
  "says of a constant that there is nothing to differentiate": async ({ open }) => {
    const page = await alive(await open(site.at("", at({ text: "1" }))));
    await expect.poll(() => page.locator(".lists").innerText()).toContain("The result depends on no input");
    await page.getByRole("tab", { name: "Plot" }).click();
    await expect.poll(() => page.locator(".seen").innerText()).toContain("no number to change");
  },

  // Every edit reset the view to the first step of the first mode.
  "keeps mode and step while text and values change, and in its link": async ({ open }) => {
    const page = await alive(await open(site.at("")));
    await page.getByRole("button", { name: "Forward dx = 0, dy = 1" }).click();
    await page.locator(".dh-trace .first").click();
    await page.locator(".dh-trace .forth").click();
    const count = page.locator(".dh-trace .count");
    await expect.poll(() => count.innerText()).toBe("2 / 4");
    await page.getByLabel("x", { exact: true }).fill("3");
    await type(page, "x*y + cos(x)");
    await expect.poll(() => page.locator(".lists").innerText()).toContain("cos");
    expect(await count.innerText()).toBe("2 / 4");
    const pressed = page.locator('.modes [aria-pressed="true"]');
    expect(await pressed.innerText()).toContain("dx = 0, dy = 1");
    await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/cos.*mode=forward1/);
    await page.reload();
    await alive(page);
    await expect.poll(() => count.innerText()).toBe("2 / 4");
    expect(await pressed.innerText()).toContain("dx = 0, dy = 1");
    expect(await page.locator(".cm-content").innerText()).toBe("x*y + cos(x)");
  },

  // Number("") is 0.
  "an empty or invalid number is reported next to its field, and is not 0": async ({ open }) => {
    const page = await alive(await open(site.at("")));
    const field = page.getByLabel("x", { exact: true });
    const told = page.locator(".input .problem").first();
    await field.fill("");
    await expect.poll(() => told.innerText()).toContain("x has no value");
    expect(await field.getAttribute("aria-invalid")).toBe("true");
    expect(await page.locator(".view.is-old").count()).toBe(1); // the old view stays and is marked as outdated
    await field.fill("1,2,3");
    await expect.poll(() => told.innerText()).toContain("it is no number");
    await field.fill("0,5");
    await expect.poll(() => gradient(page)).toContain("∂s/∂y = 0.5");
    expect(await told.innerText()).toBe("");
  },

  "the fault of a text is shown under its column": async ({ open }) => {
    const page = await alive(await open(site.at("", at({ text: "a = x * y\nb = sin(a) + (y" }))));
    const carets = page.locator(".fault-carets");
    await carets.waitFor();
    expect(await problem(page)).toContain("this ( is never closed");
    const [fault, caret] = await Promise.all([
      page.locator(".fault").boundingBox(),
      carets.evaluate((line) => {
        const range = document.createRange();
        range.selectNode(line.lastChild!);
        const { left, top } = range.getBoundingClientRect();
        return { left, top };
      }),
    ]);
    expect(Math.abs(fault!.x - caret.left)).toBeLessThan(1);
    expect(caret.top).toBeGreaterThanOrEqual(fault!.y + fault!.height - 4);
  },

  "takes ordinary TypeScript with loops and arrays": async ({ open }) => {
    const [name, { text, typed }] = ["loss", examples.find(({ text }) => text.includes("function loss"))!];
    const page = await alive(await open(site.at("", at({ text, at: JSON.stringify(typed) }))));
    const { [name]: loss } =
      await compile<Record<string, (a: number, b: number, x: number[], y: number[]) => number>>(text);
    const slope = grad(loss!)(0.5, 0, [0, 1, 2, 3], [1.1, 2.9, 5.2, 6.8]);
    await expect.poll(() => gradient(page).then((all) => all[0])).toBe(`∂loss/∂a = ${shown(slope)}`);
    await page.getByLabel("xs, row 3").fill("4");
    const other = grad(loss!)(0.5, 0, [0, 1, 2, 4], [1.1, 2.9, 5.2, 6.8]);
    await expect.poll(() => gradient(page).then((all) => all[0])).toBe(`∂loss/∂a = ${shown(other)}`);
    await page.getByLabel("xs, row 3").fill("four");
    await expect
      .poll(() => page.locator(".input .problem", { hasText: "xs" }).innerText())
      .toContain("no number");
    await page.getByLabel("xs, row 3").fill("3");
  },

  "a click into the contours moves the inputs, where the optimisers start": async ({ open }) => {
    const page = await alive(
      await open(site.at("", at({ text: "x^2 + 3*y^2", view: "descent", optimizers: "sgd(lr=0.1)" }))),
    );
    await page.locator("svg.map").waitFor();
    const box = (await page.locator("svg.map .frame").boundingBox())!;
    await page.mouse.click(box.x + box.width * 0.25, box.y + box.height * 0.25);
    await expect.poll(() => page.getByLabel("x", { exact: true }).inputValue()).not.toBe("2");
    const [x, y] = await Promise.all(
      ["x", "y"].map((name) => page.getByLabel(name, { exact: true }).inputValue()),
    );
    const [from, to] = [Number(x), Number(y)];
    expect(from).toBeLessThan(0);
    expect(to).toBeGreaterThan(0);
    const [steps, end] = [200, (0.8 ** 200 * from) ** 2 + 3 * (0.4 ** 200 * to) ** 2];
    const row = page.locator(".view table.plain tbody tr").first();
    await expect.poll(() => row.innerText()).toContain(String(steps));
    expect(Number((await row.locator("td").first().innerText()).replace("−", "-"))).toBeCloseTo(end, 12);
    await page.getByLabel("Optimisers").fill("sgd(lr=0.1), addam");
    await expect.poll(() => page.locator(".view .problem").first().innerText()).toContain("adam");
  },

  "fits the program to pasted data, and reports invalid data": async ({ open }) => {
    const page = await alive(
      await open(site.at("", at({ text: "a*x + b", view: "fit", data: "x,y\n0,1\n1,3\n2,5\n3,7.5\n" }))),
    );
    const slope = 2.15; // by hand: Σ(x − x̄)(y − ȳ)/Σ(x − x̄)² = 10.75/5
    await expect
      .poll(() => page.locator(".view table tbody tr").first().innerText())
      .toContain(String(slope));
    await page.getByLabel(/^Data/).fill("once upon a time\nthere was no number");
    await expect
      .poll(() => page.locator(".view .problem").first().innerText())
      .toContain("no column of numbers");
    expect(await page.locator(".view.is-old").count()).toBe(1);
  },

  // The field grew to 46,523 pixels.
  "a table of 2,000 rows scrolls in its field, and can be opened, dropped or pasted": async ({ open }) => {
    const rows = (slope: number): string =>
      `x,y\n${Array.from({ length: 2000 }, (_, i) => `${i / 100},${(slope * i) / 100 + ((i % 7) - 3) / 10}`).join("\n")}\n`;
    const page = await alive(await open(site.at("", at({ text: "a*x + b", view: "fit" }))));
    const slope = page.locator(".view table tbody tr").first();
    await page.getByLabel(/^Data/).fill(rows(2));
    await expect.poll(() => slope.innerText()).toMatch(/^a\s+(2\.00|1\.99)/);
    expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThan(3000);
    const buffer = Buffer.from(rows(3));
    await page.getByLabel("Open a file").setInputFiles({ name: "rows.csv", mimeType: "text/csv", buffer });
    await expect.poll(() => slope.innerText()).toMatch(/^a\s+(3\.00|2\.99)/);
    await page.locator(".is-table").evaluate((place, text) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], "rows.csv", { type: "text/csv" }));
      place.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }, rows(4));
    await expect.poll(() => slope.innerText()).toMatch(/^a\s+(4\.00|3\.99)/);
    const picture = { name: "a.png", mimeType: "image/png", buffer: Buffer.from([137, 80, 78, 71, 0, 0]) };
    await page.getByLabel("Open a file").setInputFiles(picture);
    await expect
      .poll(() => page.locator(".is-table .problem").allInnerTexts())
      .toContain("a.png is not a text file. Open a table as CSV or TSV.");
  },

  "lines of TypeScript with 80 characters stay whole at 1280 pixels": async ({ open }) => {
    const { text, typed } = examples.find((one) => one.text.includes("function loss"))!;
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBe(80);
    const page = await alive(await open(site.at("", at({ text, at: JSON.stringify(typed) }))));
    await page.locator(".cm-line").first().waitFor();
    await page.locator(".is-plain").waitFor();
    const heights = await page
      .locator(".cm-line")
      .evaluateAll((lines) => lines.map((line) => line.clientHeight));
    expect(new Set(heights).size).toBe(1);
    expect(heights[0]).toBeLessThan(30);
  },

  "a link restores its sender's view, with the same or a shorter address": async ({ open }) => {
    const { text, typed } = examples.find((one) => one.text.includes("function miss"))!;
    const page = await alive(await open(site.at("", at({ text, at: JSON.stringify(typed) }))));
    await page.getByRole("tab", { name: "Code" }).click();
    await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/^#~/);
    const address = page.url();
    expect(address.length).toBeLessThan(500);
    const other = await alive(await open({ address }));
    await expect.poll(() => other.locator("pre.code").innerText()).toContain("missGrad");
    expect(await other.getByRole("tab", { name: "Code" }).getAttribute("aria-selected")).toBe("true");
    // The back button returns to the state before the tab was chosen.
    await page.goBack();
    await expect
      .poll(() => page.getByRole("tab", { name: "Derivative" }).getAttribute("aria-selected"))
      .toBe("true");
    const damaged = await alive(await open({ address: address.slice(0, -30) }));
    expect(await damaged.locator(".damages").innerText()).toContain("The link cannot be read");
    await expect.poll(() => gradient(damaged)).toHaveLength(2);
  },

  "saves a working module, a standalone page, and the drawing": async ({ open }) => {
    const page = await alive(await open(site.at("")));
    await page.locator(".gradient").waitFor();
    const saved = async (name: string): Promise<string> => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name, exact: true }).click(),
      ]);
      const path = join(folder, `${++savedFiles}`);
      await download.saveAs(path);
      return path;
    };
    const own = readFileSync(await saved("Save as a page"), "utf8");
    const alone = await open(own);
    expect(await gradient(alone)).toEqual(await gradient(page));
    await page.getByRole("button", { name: "Share" }).click();
    expect(readFileSync(await saved("Save as SVG"), "utf8")).toMatch(/^<svg[^>]* xmlns=/);
    await page.getByRole("tab", { name: "Code" }).click();
    await page.locator("pre.code").waitFor();
    const file = await saved("Save as a module");
    const text = readFileSync(file, "utf8");
    const module = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as {
      fGrad(x: number, y: number): [number, [number, number]];
    };
    expect(module.fGrad(2, 3)).toEqual([6 + Math.sin(2), [3 + Math.cos(2), 2]]);
  },

  "a long computation can be stopped, and restarts with the next change": async ({ open }) => {
    const text = `function long(x: number, n: number): number {
  "use ad";
  let y = x;
  for (let i = 0; i < n; i++) y = Math.sin(y) + x;
  return y;
}`;
    const page = await alive(await open(site.at("", at({ text, at: '{"n":"3"}' }))));
    await page.locator(".gradient").waitFor();
    await page.getByLabel("n", { exact: true }).fill("many");
    const told = page.locator(".input .problem", { hasText: "n is" });
    await expect.poll(() => told.innerText()).toContain("it is no number");
    await page.getByLabel("n", { exact: true }).fill("1000000000");
    // The old error was shown next to "computing …".
    await page.getByRole("button", { name: "Stop" }).waitFor();
    expect(await told.count()).toBe(0);
    expect(await page.locator(".view.is-old").count()).toBe(1);
    await page.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => page.locator(".work").innerText()).toContain("Stopped");
    await page.getByLabel("n", { exact: true }).fill("1");
    const slope = 1 + Math.cos(2);
    // A new worker starts from scratch.
    await expect.poll(() => gradient(page)).toEqual([`∂long/∂x = ${shown(slope)}`]);
  },

  "can be used with the keyboard only": async ({ open }) => {
    const page = await alive(await open(site.at("")));
    await page.locator(".cm-content").focus();
    await page.keyboard.press("ControlOrMeta+End");
    await page.keyboard.type(" + 1");
    await expect.poll(() => page.locator(".lists").innerText()).toContain("+ 1");
    await page.getByRole("tab", { name: "Derivative" }).focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.locator("svg.map").count()).toBe(1);
    expect(await focusFaults(page)).toEqual([[], []]);
  },

  // A separate frame hid the buttons and inputs.
  "on a phone the program is on top, nothing is hidden, and typing does not scroll away": async ({
    open,
  }) => {
    const page = await alive(
      await open(site.at(""), { viewport: { width: 360, height: 640 }, hasTouch: true }),
    );
    for (const view of ["Derivative", "Plot", "Descent", "Code", "Fit"]) {
      await page.getByRole("tab", { name: view }).click();
      await page
        .locator(`.view[aria-labelledby="tab-${view === "Derivative" ? "trace" : view.toLowerCase()}"] > *`)
        .first()
        .waitFor();
      await expect
        .poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: view })
        .toBeLessThanOrEqual(360);
    }
    const [given, seen] = await Promise.all(
      [".given", ".seen"].map((name) => page.locator(name).boundingBox()),
    );
    expect(given!.y + given!.height).toBeLessThanOrEqual(seen!.y);
    await page.evaluate(() => window.scrollTo(0, 0));
    await type(page, "x*y*w");
    await page.getByLabel("w", { exact: true }).waitFor();
    expect(await page.evaluate(() => window.scrollY)).toBe(0);
  },
});

const script = join(root, "scripts/playground.mjs");

// It ended with a stack trace.
testInCi("uses the next port if one is in use, and reports a chosen port in use", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  try {
    const { status, stderr } = spawnSync(process.execPath, [script], {
      encoding: "utf8",
      env: { ...process.env, PORT: String(port) },
    });
    expect(status).toBe(1);
    expect(stderr).toBe(
      `error: cannot serve at port ${port}: it is in use. Choose another port, or omit it. As in PORT=8080 npm run playground.\n`,
    );
  } finally {
    taken.close();
  }
  // Whether or not 4173 is in use, two servers find a port each.
  const env = { ...process.env };
  delete env["PORT"];
  const servers = [0, 1].map(() => spawn(process.execPath, [script], { env }));
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
  servers[0]!.kill("SIGINT");
  const [status] = (await once(servers[0]!, "exit")) as [number];
  expect(status).toBe(0);
  servers[1]!.kill();
});
