import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Page } from "playwright-core";
import { beforeAll, expect } from "vitest";
import { describePageInCi } from "../../../../test/support/browser.ts";
import { compileText } from "../../../numeric/syntax/index.ts";
import { traceText } from "../index.ts";
import { jsonForPage } from "../../plot/markup.ts";
import { pageData } from "../page-data.ts";
import { traceStyle } from "../page.generated.ts";
import type { MountedTrace, TraceState } from "./mount.ts";

/** Variables in the window of the test page. */
interface Mounted {
  readonly one: MountedTrace;
  readonly two: MountedTrace;
  readonly heard: TraceState[];
}
declare const mounted: Mounted;

const data = (text: string, at: readonly number[]): string =>
  jsonForPage(pageData(traceText(compileText(text), { at }), text));

let html: string;
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("mount.ts", import.meta.url))],
    bundle: true,
    format: "iife",
    globalName: "trace",
    write: false,
    logOverride: { "empty-import-meta": "silent" },
  });
  html = `<!doctype html><html lang="en"><title>Two traces</title><style>${traceStyle}</style>
<p>Outside <button type="button" id="outside">of both</button></p><input id="field">
<div id="one" style="width:1100px"></div><div style="height:2000px"></div><div id="two" style="width:340px"></div>
<script>${outputFiles[0]!.text}</script>
<script>
const heard = [];
const element = (id) => document.getElementById(id);
const mounted = {
  heard,
  one: trace.mountTrace(element("one"), ${data("x*y + sin(x)", [2, 3])}, { step: 2, onStep: (state) => heard.push(state) }),
  two: trace.mountTrace(element("two"), ${data("x^3", [2])}, { parts: ["forward", "table"] }),
};
</script></html>`;
});

const count = async (page: Page, id: string): Promise<string> => page.locator(`#${id} .count`).innerText();

describePageInCi("traces in any page", {
  "several traces on one page have separate steps, modes and parts": async ({ open }) => {
    const page = await open(html);
    expect(await count(page, "one")).toBe("3 / 11");
    expect(await count(page, "two")).toBe("2 / 2"); // the default is the last step
    expect(await page.locator("#two .modes button").allInnerTexts()).toEqual(["Forward dx = 1"]);
    expect(await page.locator("#two .picture").count()).toBe(0);
    expect(await page.locator("#two .row").last().innerText()).toContain("12");
    await page.locator("#one .forth").click();
    expect([await count(page, "one"), await count(page, "two")]).toEqual(["4 / 11", "2 / 2"]);
    const ids = await page.$$eval("#one [id], #two [id]", (found) => found.length);
    expect(ids).toBe(0); // ids of two traces would collide
  },

  "the width of the element, not of the window, determines the layout": async ({ open }) => {
    const page = await open(html, { viewport: { width: 1400, height: 900 } });
    const one = await page.locator("#one .picture").boundingBox();
    const lists = await page.locator("#one .lists").boundingBox();
    expect(one!.x).toBeGreaterThanOrEqual(lists!.x + lists!.width - 1);
    await page.locator("#one").evaluate((element) => (element.style.width = "420px"));
    await expect
      .poll(async () => (await page.locator("#one .lists").boundingBox())!.y)
      .toBeGreaterThan((await page.locator("#one .picture").boundingBox())!.y);
  },

  "receives keys only while it has the focus": async ({ open }) => {
    const page = await open(html);
    await page.keyboard.press("End");
    await page.locator("#outside").focus();
    await page.keyboard.press("ArrowRight");
    expect(await count(page, "one")).toBe("3 / 11");
    await page.locator("#one .lists").focus();
    await page.keyboard.press("ArrowRight");
    expect([await count(page, "one"), await count(page, "two")]).toEqual(["4 / 11", "2 / 2"]);
    await page.locator("#two .lists h2").click();
    await page.keyboard.press("Home");
    expect([await count(page, "one"), await count(page, "two")]).toEqual(["4 / 11", "1 / 2"]);
  },

  "reports each step, follows its host, and never scrolls the page": async ({ open }) => {
    const page = await open(html);
    const states = await page.evaluate(() => {
      mounted.one.setMode({ kind: "forward", pass: 1 });
      mounted.one.goTo(1);
      mounted.one.setMode({ kind: "forward", pass: 7 }); // no such pass
      mounted.two.goTo(0);
      return mounted.heard;
    });
    expect(states[0]).toEqual({ mode: { kind: "reverse" }, step: 2, stepCount: 11 });
    expect(states.at(-2)).toEqual({ mode: { kind: "forward", pass: 1 }, step: 1, stepCount: 4 });
    expect(await page.evaluate(() => window.scrollY)).toBe(0);
  },

  "a replaced trace keeps mode and step": async ({ open }) => {
    const page = await open(html);
    await page.evaluate(
      (next) => {
        mounted.one.setMode({ kind: "forward", pass: 1 });
        mounted.one.goTo(1);
        mounted.one.update(JSON.parse(next) as Parameters<MountedTrace["update"]>[0]);
      },
      data("x*y + cos(x)", [2, 5]),
    );
    expect(await count(page, "one")).toBe("2 / 4");
    expect(await page.locator("#one .row.is-current").innerText()).toContain("10");
  },

  "other values of the same program keep the layout and equal a new trace with these values": async ({
    open,
  }) => {
    const page = await open(html);
    const change = (next: string): Promise<{ readonly stays: boolean; readonly texts: readonly string[] }> =>
      page.evaluate((text) => {
        const element = document.getElementById("one")!;
        const parts = (): Element[] => [
          ...element.querySelectorAll(".row, .dh-box, .dh-local, .gradient > div"),
        ];
        const boxes = (): Element[] => [...element.querySelectorAll(".row, .dh-box rect")];
        const places = (): string =>
          boxes()
            .map((box) => JSON.stringify(box.getBoundingClientRect()))
            .join();
        const before = [parts(), places()] as const;
        mounted.one.update(JSON.parse(text) as Parameters<MountedTrace["update"]>[0]);
        const stays = parts().every((part, i) => part === before[0][i]) && places() === before[1];
        return { stays, texts: parts().map((part) => `${part.className} ${part.textContent}`) };
      }, next);
    await page.evaluate(() => mounted.one.goTo(Infinity));
    const [first, other] = [data("x*y + sin(x)", [2, 3]), data("x*y + sin(x)", [2.5, -1])];
    await change(other); // boxes grow to the size that they need
    await change(first);
    const again = await change(other);
    expect(again.stays).toBe(true);
    expect(await page.locator("#one .gradient").innerText()).toContain("−1.80114"); // −1 + cos 2.5
    const beginsSo = html.replace(first, other).replace("{ step: 2,", "{");
    const fresh = await open(beginsSo);
    const texts = await fresh.evaluate(() =>
      [...document.querySelectorAll("#one :is(.row, .dh-box, .dh-local, .gradient > div)")].map(
        (part) => `${part.className} ${part.textContent}`,
      ),
    );
    expect(again.texts).toEqual(texts);
  },

  "styles nothing outside, and leaves nothing behind when destroyed": async ({ open }) => {
    const page = await open(html);
    const look = (): Promise<string> =>
      page.locator("#outside").evaluate((button) => {
        const { padding, borderRadius, font, color } = getComputedStyle(button);
        return [padding, borderRadius, font, color].join("; ");
      });
    const styled = await look();
    await page.evaluate(() => document.querySelector("style")!.remove());
    expect(await look()).toBe(styled);
    await page.evaluate(() => mounted.one.destroy());
    expect(await page.locator("#one").innerHTML()).toBe("");
    await page.locator("#outside").focus();
    await page.keyboard.press("End");
    expect(await page.evaluate(() => mounted.heard.length)).toBe(1);
  },
});
