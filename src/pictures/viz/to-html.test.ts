import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { add, mul, sin, sum } from "downhill";
import type { Tensor } from "downhill";
import { describePageInCi } from "../../../test/support/browser.ts";
import { savedFile } from "../../../test/support/page-checks.ts";
import { extent } from "../../../test/support/extent.ts";
import { compileText } from "../../numeric/syntax/index.ts";
import { toHtml, traceTable, traceText } from "./index.ts";
import type { ListingRow } from "./page/listing.ts";
import { listRows } from "./page/listing.ts";
import type { TraceMode, TraceStep } from "./page/steps.ts";
import { stepsOf } from "./page/steps.ts";
import { pageData } from "./page-data.ts";
import { pageScript, pageStyle } from "./page.generated.ts";

const notes = traceText(compileText("x*y + sin(x)"), { at: [2, 3] });
const page = toHtml(notes, { title: "z = x * y + sin(x)" });

test("the generated script and style of pages are up to date", () => {
  const script = fileURLToPath(new URL("../../../scripts/build-page.mjs", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

describe("the page", () => {
  test("loads nothing, and forbids everything except its own script and style", () => {
    expect(page).not.toMatch(/<link|<img|<iframe|@import|\ssrc=|url\((?!#)|https?:\/\/(?!www\.w3\.org)/);
    const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    expect(page).toContain(`script-src ${hash(pageScript)}; style-src ${hash(pageStyle)}`);
    expect(page).toContain("default-src 'none'");
  });

  test("contains the licences of its parts", () => {
    expect(pageScript).toContain("@dagrejs/dagre");
    expect(pageScript).toContain("Permission is hereby granted, free of charge");
  });

  test("contains a picture without its script", () => {
    expect(page).toMatch(/<div class="picture scroll" [^>]*><svg [^]*<\/svg><\/div>/);
  });
});

test("steps traverse the program and then the adjoints", () => {
  const data = pageData(notes, "notes");
  const rows = (count: number): ListingRow[] => listRows(count, () => []);
  const steps = (mode: TraceMode): TraceStep[] =>
    stepsOf(data, mode, rows(data.lines.length), rows(data.reverse.length));
  const captions = steps({ kind: "reverse" }).map(({ phase, caption }) =>
    [phase, ...caption.map((part) => (typeof part === "string" ? part : `[${part.formula}]`))].join(" "),
  );
  expect(captions).toEqual([
    "program The inputs",
    "program [a = x * y]",
    "program [b = sin(x)] ; saved for the backward pass:  [cos(x)]",
    "program [z = a + b]",
    "adjoints The backward pass starts at the result, called  [s]  in derivatives:  [∂s/∂z = 1]",
    "adjoints Because  [dz = da + db] ,  [∂s/∂a]  is  [∂s/∂z]",
    "adjoints Because  [dz = da + db] ,  [∂s/∂b]  is  [∂s/∂z]",
    "adjoints Because  [db = dx * cos(x)] ,  [∂s/∂x]  gets  [∂s/∂b * cos(x)] ; used again:  [cos(x)]",
    "adjoints Because  [da = dx * y + x * dy] ,  [∂s/∂x]  gets  [∂s/∂a * y] ; used again:  [y]",
    "adjoints Because  [da = dx * y + x * dy] ,  [∂s/∂y]  is  [x * ∂s/∂a] ; used again:  [x]",
    "adjoints [∂s/∂x]  is complete: the sum of its contributions",
  ]);
  expect(steps({ kind: "forward", pass: 0 })).toHaveLength(4);
});

const chain =
  (n: number) =>
  (x: Tensor, y: Tensor): Tensor => {
    let [a, b] = [x, y];
    for (let i = 0; i < n; i++) {
      a = sin(mul(a, b));
      b = add(b, mul(a, 0.001));
    }
    return add(a, b);
  };

describePageInCi("the page in Chromium", {
  "is shared as a picture, and by a link to the mode and the step": async ({ open }) => {
    const shown = await open(page);
    await shown.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await shown.getByRole("button", { name: "Forward dx = 1" }).click();
    await shown.locator(".slider").fill("1");
    const state = async (): Promise<(string | null)[]> => [
      await shown.locator(".modes [aria-pressed=true]").textContent(),
      await shown.locator(".count").textContent(),
    ];
    const before = await state();
    await shown.getByRole("button", { name: "Share" }).press("Enter");
    expect(await savedFile(shown, shown.getByRole("button", { name: "Save as SVG" }))).toMatch(/^<svg/);
    await shown.getByRole("button", { name: "Copy link" }).press("Enter");
    await expect.poll(() => shown.locator(".dh-told").textContent()).toBe("Link copied.");
    await shown.evaluate(async () => (location.href = await navigator.clipboard.readText()));
    await shown.reload();
    expect(await state()).toEqual(before);
  },

  "steps forward and backward with buttons and keys; values and adjoints appear step by step": async ({
    open,
  }) => {
    const tab = await open(page);
    const seen = async (): Promise<string[]> =>
      tab.$$eval(".dh-box", (boxes) =>
        boxes.map((box) =>
          [...box.querySelectorAll("text")]
            .filter((text) => getComputedStyle(text).visibility === "visible")
            .map((text) => text.textContent)
            .join("|"),
        ),
      );
    const count = async (): Promise<string | null> => tab.textContent(".count");
    expect(await tab.textContent("h1")).toBe("z = x · y + sin(x)");
    // The page opened with only the inputs.
    expect(await count()).toBe("11 / 11");
    expect(await tab.locator(".gradient .number").allInnerTexts()).toEqual(["2.58385", "2"]);
    await tab.keyboard.press("Home");
    expect(await count()).toBe("1 / 11");
    expect(await seen()).toEqual(["x|2", "y|3", "a = x · y", "b = sin(x)", "z = a + b"]);
    await tab.click(".forth");
    expect(await seen()).toContain("a = x · y|6");
    await tab.keyboard.press("ArrowRight");
    await tab.keyboard.press("ArrowRight");
    await tab.keyboard.press("ArrowRight");
    expect(await seen()).toContain("z = a + b|6.9093|∂s/∂z = 1");
    expect(await tab.textContent(".is-current .row")).toContain("∂s/∂z");
    await tab.keyboard.press("ArrowLeft");
    expect(await seen()).toContain("z = a + b|6.9093");
    await tab.keyboard.press("End");
    expect(await count()).toBe("11 / 11");
    expect(await seen()).toEqual([
      "x|2|∂s/∂x = 2.58385",
      "y|3|∂s/∂y = 2",
      "a = x · y|6|∂s/∂a = 1",
      "b = sin(x)|0.909297|∂s/∂b = 1",
      "z = a + b|6.9093|∂s/∂z = 1",
    ]);
    expect(await tab.isDisabled(".forth")).toBe(true);
    expect(await tab.textContent(".caption")).toBe("∂s/∂x is complete: the sum of its contributions");
    await tab.keyboard.press("Home");
    expect(await count()).toBe("1 / 11");
    await tab.fill(".slider", "5");
    expect(await count()).toBe("6 / 11");
    await tab.click(".lists section:first-child .row:nth-child(4)");
    expect(await count()).toBe("3 / 11");
  },

  // Arrows pointed from inputs to the result while adjoints were propagated backward.
  "arrows turn one by one in the reverse pass, and are labelled with local derivatives": async ({ open }) => {
    const tab = await open(page);
    /** For each edge, whether the visible arrowhead is nearer to the source box, and the label of the edge. */
    const edges = async (): Promise<(readonly [string, boolean, string])[]> =>
      tab.$$eval(".dh-link", (links) =>
        links.map((link) => {
          const middle = (element: Element): { x: number; y: number } => {
            const { x, y, width, height } = element.getBoundingClientRect();
            return { x: x + width / 2, y: y + height / 2 };
          };
          const box = (end: string): Element =>
            document.querySelector(`.dh-box[data-box="${(link as SVGElement).dataset[end]}"]`)!;
          const heads = [...link.querySelectorAll(".dh-arrow")].filter(
            (head) => getComputedStyle(head).visibility === "visible",
          );
          const at = middle(heads[0]!);
          const distance = (end: string): number => {
            const { x, y } = middle(box(end));
            return Math.hypot(x - at.x, y - at.y);
          };
          const label = link.querySelector(".dh-local");
          const isSeen = label !== null && getComputedStyle(label).visibility === "visible";
          const names = ["from", "to"].map((end) => box(end).querySelector(".dh-title")!.textContent[0]);
          return [
            `${names.join(" ")} ${heads.length}`,
            distance("from") < distance("to"),
            isSeen ? label.textContent : "",
          ] as const;
        }),
      );
    const turned = async (): Promise<string[]> =>
      (await edges()).filter(([, isBack]) => isBack).map(([name]) => name);
    const labels = ["y = 3", "x = 2", "cos(x) = −0.416147", "1", "1"];
    expect((await edges()).map(([, isBack, label]) => [isBack, label])).toEqual(
      labels.map((label) => [true, label]),
    );
    await tab.keyboard.press("Home");
    expect((await edges()).map(([name, isBack, label]) => [name, isBack, label])).toEqual([
      ["x a 1", false, ""],
      ["y a 1", false, ""],
      ["x b 1", false, ""],
      ["a z 1", false, ""],
      ["b z 1", false, ""],
    ]);
    await tab.keyboard.press("ArrowRight");
    expect((await edges()).map(([, , label]) => label)).toEqual(["y = 3", "x = 2", "", "", ""]);
    for (let i = 0; i < 4; i++) await tab.keyboard.press("ArrowRight");
    expect(await turned()).toEqual(["a z 1"]);
    await tab.keyboard.press("ArrowRight");
    expect(await turned()).toEqual(["a z 1", "b z 1"]);
    await tab.click(".modes button:nth-child(2)");
    await tab.keyboard.press("End");
    expect(await turned()).toEqual([]);
  },

  // On a phone the list was below the picture and scrolled out of view.
  "the current row and node are visible at each step and width": async ({ open }) => {
    const long = toHtml(traceText(compileText(`a = sin(x); ${Array.from({ length: 14 }, (_, i) => `a${i} = sin(${i === 0 ? "a" : `a${i - 1}`}) * y`).join("; ")}`), { at: [2, 1.1] })); // prettier-ignore
    for (const viewport of [
      { width: 375, height: 667 },
      { width: 768, height: 700 },
      { width: 1440, height: 600 },
    ]) {
      const tab = await open(long, { viewport });
      await tab.keyboard.press("Home");
      const stepCount = Number((await tab.textContent(".count"))!.split("/")[1]);
      const every = extent(14, 1, 7); // steps between those that are looked at
      for (let step = 1; step < stepCount; step += every) {
        await tab.locator(".slider").evaluate((slider: HTMLInputElement, at) => {
          slider.value = String(at);
          slider.dispatchEvent(new Event("input"));
        }, step);
        const outside = await tab.evaluate(async () => {
          // two frames, so that the pane has followed a caption of another height
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          const parts = [
            [".lists", ".row.is-current, .is-current .row"],
            [".picture", ".dh-box.is-current rect:last-of-type"],
          ] as const;
          return parts.flatMap(([paneName, name]) => {
            const pane = document.querySelector(paneName)!.getBoundingClientRect();
            const found = document.querySelector(name)!.getBoundingClientRect();
            const isIn =
              found.top >= pane.top - 1 &&
              found.bottom <= Math.min(pane.bottom, window.innerHeight) + 1 &&
              found.left >= pane.left - 1 &&
              found.right <= pane.right + 1;
            return isIn ? [] : [name];
          });
        });
        expect(outside, `step ${step} at ${viewport.width}`).toEqual([]);
      }
    }
  },

  "plays automatically, and stops at the end": async ({ open }) => {
    const tab = await open(page);
    await tab.keyboard.press("End");
    await tab.keyboard.press("ArrowLeft");
    await tab.keyboard.press("Space");
    expect(await tab.textContent(".play")).toBe("Pause");
    await tab.waitForFunction(() => document.querySelector(".count")?.textContent === "11 / 11");
    expect(await tab.textContent(".play")).toBe("Play");
  },

  "shows each forward pass": async ({ open }) => {
    const tab = await open(page);
    expect(
      await tab.$$eval(".modes button", (buttons) => buttons.map((button) => button.textContent)),
    ).toEqual(["Reverse", "Forward  dx = 1, dy = 0", "Forward  dx = 0, dy = 1"]);
    await tab.click(".modes button:nth-child(2)");
    await tab.keyboard.press("End");
    expect(await tab.textContent(".row.is-current")).toBe("z=a + b6.9093dz=da + db2.58385");
    expect(await tab.textContent('.dh-box[data-node="4"] .dh-adjoint')).toBe("dz = 2.58385");
  },

  "highlights the nodes that a selected node affects and that affect it, by mouse and keyboard": async ({
    open,
  }) => {
    const tab = await open(page);
    const marked = async (name: string): Promise<(string | null)[]> =>
      tab.$$eval(`.dh-box.${name} .dh-title`, (titles) => titles.map((title) => title.textContent));
    await tab.click('.dh-box[data-node="3"]');
    expect([
      await marked("is-selected"),
      await marked("is-before"),
      await marked("is-after"),
      await marked("is-dim"),
    ]).toEqual([["b = sin(x)"], ["x"], ["z = a + b"], ["y", "a = x · y"]]);
    expect(await tab.textContent(".selection")).toBe("b affects z and is affected by x");
    await tab.keyboard.press("Escape");
    expect(await marked("is-dim")).toEqual([]);
    await tab.focus('.dh-box[data-node="0"]');
    await tab.keyboard.press("Enter");
    expect(await marked("is-after")).toEqual(["a = x · y", "b = sin(x)", "z = a + b"]);
    expect(await tab.getAttribute('.dh-box[data-node="0"]', "aria-pressed")).toBe("true");
  },

  "is readable in light and in dark": async ({ open }) => {
    for (const colorScheme of ["light", "dark"] as const) {
      const tab = await open(page, { colorScheme });
      await tab.keyboard.press("End");
      const worst = await tab.evaluate(() => {
        const luminance = (colour: string): number => {
          const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => {
            const c = Number(part) / 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const contrast = (a: string, b: string): number => {
          const [x, y] = [luminance(a) + 0.05, luminance(b) + 0.05];
          return Math.max(x, y) / Math.min(x, y);
        };
        const paper = getComputedStyle(document.body).backgroundColor;
        const texts = [
          ...document.querySelectorAll(".lists .math, .lists .number, .caption, h2, .note, .selection"),
        ].filter((element) => element.textContent !== "" && element.closest(".mark") === null);
        const boxes = [...document.querySelectorAll(".dh-box text")].map((text) =>
          contrast(
            getComputedStyle(text).fill,
            getComputedStyle(text.parentElement!.querySelector("rect:last-of-type")!).fill,
          ),
        );
        return Math.min(...texts.map((text) => contrast(getComputedStyle(text).color, paper)), ...boxes);
      });
      expect(worst, colorScheme).toBeGreaterThan(4.5); // WCAG AA
    }
  },

  "fits narrow windows: nothing is off screen": async ({ open }) => {
    const long = toHtml(traceText(compileText("x^y*max(x, y, 2) + sin(x)"), { at: [2, 3] }));
    for (const width of [320, 1280, 400].slice(0, extent(2, 3))) {
      const tab = await open(long, { viewport: { width, height: 800 } });
      await tab.keyboard.press("End");
      expect(await tab.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      const right = await tab.$eval(".count", (count) => count.getBoundingClientRect().right);
      expect(right).toBeLessThanOrEqual(width);
    }
  },

  // Each row sized its columns to its own numbers, 4 px apart.
  "columns of the forward table are aligned": async ({ open }) => {
    const tab = await open(toHtml(notes), { viewport: { width: 1280, height: 800 } });
    await tab.click(".modes button >> nth=1");
    const lefts = await tab.$$eval(".forward .row", (rows) =>
      rows.map((row) => [...row.querySelectorAll(".sign")].map((sign) => sign.getBoundingClientRect().left)),
    );
    expect(lefts.length).toBeGreaterThan(4);
    for (const row of lefts) expect(row).toEqual(lefts[0]);
  },

  // A tall graph could not be fitted, because the scale had a lower limit of 0.6.
  "Fit shows all of a tall graph; initially its text is legible": async ({ open }) => {
    const tall = toHtml(traceText(compileText(`a = sin(x); ${Array.from({ length: 40 }, (_, i) => `a${i} = sin(${i === 0 ? "a" : `a${i - 1}`})`).join("; ")}`), { at: [2] })); // prettier-ignore
    for (const width of [360, 1280]) {
      const tab = await open(tall, { viewport: { width, height: 800 } });
      const scale = (): Promise<number> =>
        tab.$eval(
          ".picture svg",
          (svg) => svg.getBoundingClientRect().width / (svg as SVGSVGElement).viewBox.baseVal.width,
        );
      expect(12 * (await scale())).toBeGreaterThan(10.99);
      await tab.click(".fit");
      expect(await scale()).toBeLessThan(0.6);
      const [inside, room] = await tab.$eval(".picture", (pane) => [pane.scrollHeight, pane.clientHeight]);
      expect(inside).toBeLessThanOrEqual(room);
    }
  },

  "given arrays are on one line, with enough space": async ({ open }) => {
    const at = [Array.from({ length: 30 }, (_, i) => i + 0.123456)];
    const tab = await open(toHtml(traceTable((x: Tensor) => sum(sin(x)), { at })));
    const given = await tab.$eval(".row .right.given", (cell) => cell.getBoundingClientRect());
    expect(given.width).toBeGreaterThan(300);
    expect(given.height).toBeLessThan(40);
  },

  "names that look like markup remain text": async ({ open }) => {
    const evil = `</script><script>window.hurt = 1</script><img src=x onerror="window.hurt = 2">`;
    const table = traceTable((x: Tensor) => sin(x), { at: [2], names: [evil] });
    const tab = await open(toHtml(table, { title: `${evil} = <b>` }));
    await tab.keyboard.press("End");
    expect(await tab.evaluate(() => "hurt" in window)).toBe(false);
    expect(await tab.$$eval("main img, h1 b, main script", (found) => found.length)).toBe(0);
    expect(await tab.textContent("h1")).toContain("<b>");
  },

  "a program without values, without derivatives, or of one input": async ({ open }) => {
    for (const text of ["x*y + sin(x)", "2 + 3", "x"]) {
      const tab = await open(toHtml(traceText(compileText(text))));
      await tab.keyboard.press("End");
      expect(await tab.textContent(".count")).toMatch(/^(\d+) \/ \1$/);
    }
    // "Cannot read properties of undefined (reading 'mode')" if there was a value but nothing to differentiate.
    const tab = await open(toHtml(traceText(compileText("1"), { at: [] })));
    expect(await tab.textContent(".lists")).toContain("The result depends on no input");
    expect(await tab.textContent(".caption")).toBe("z = 1");
  },

  "initially creates only the rows near the visible ones of thousands, and the rest on demand": async ({
    open,
  }) => {
    const steps = extent(150, 2500, 300);
    const table = traceTable(chain(steps), { at: [0.5, 1.1], check: false });
    expect(table.program.length).toBeGreaterThan(4 * steps);
    const html = toHtml(table);
    const tab = await open(html);
    await tab.waitForSelector(".dh-box[tabindex]");
    expect(await tab.$$eval(".dh-box", (boxes) => boxes.length)).toBeLessThan(60);
    expect(await tab.$$eval(".row", (rows) => rows.length)).toBeLessThan(1000); // the rest is made when it is near

    await tab.keyboard.press("End");
    expect(await tab.textContent(".is-current .row .left, .row.is-current .left")).toBe("∂s/∂y");
    await tab.click(".dh-group >> nth=5");
    expect(await tab.$$eval(".chips button", (chips) => chips.length)).toBe(1);
    await tab.click(".chips button");
    expect(await tab.$$eval(".chips button", (chips) => chips.length)).toBe(0);
  },
});
