// Every page that the commands write, as a reader meets it: on a phone and a desktop, in light and dark, by keyboard
// alone, and with a screen reader (as far as axe can tell).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { type BrowserTest, describeInBrowser, describePageInCi } from "./support/browser.ts";
import { downhill } from "./support/command.ts";
import { focusFaults, layoutAt, violations } from "./support/page-checks.ts";
import { extent } from "./support/extent.ts";

const longText = "h = tanh(w*x + b); k = exp(-h^2) * sin(h) + log(1 + h^2); (k - t)^2 + max(w, b)";
const commands: Readonly<Record<string, readonly string[]>> = {
  trace: ["explain", longText, "--at", "x=2,w=3,b=0.1,t=1", "--graph"],
  "trace of a loop": ["explain", "power.ts#power", "--at", "x=1.1, steps=[1, 2, 3, 4, 5, 6]", "--graph"],
  constant: ["explain", "1", "--graph"],
  race: ["race", "rosenbrock", "--steps", "200", "--out"],
  "race of one coordinate": ["race", "x^4 - 3*x^2 + x", "--steps", "60", "--out"],
  study: ["race", "--preset", "symmetry", "--out"],
  training: ["train", "digits", "--epochs", "2", "--hidden", "8", "--out"],
  fit: ["fit", "data.csv", "y = a*exp(-b*x) + c", "--out"],
  schedule: ["schedule", "cyclic", "--base", "0.001", "--max", "0.006", "--steps", "40", "--out"],
  rates: ["lr-find", "digits", "--hidden", "8", "--out"],
  slice: [
    "landscape",
    "digits",
    "--epochs",
    "2",
    "--hidden",
    "8",
    "--items",
    "50",
    "--resolution",
    "9",
    "--out",
  ],
};
const powerText = `export function power(x: number, steps: number[]): number {
  "use ad";
  let y = 1;
  for (let i = 0; i < steps.length; i++) {
    const t = Math.sin(steps[i]! * x);
    y *= 1 + t * t;
  }
  return y;
}
`;
/** In the quick extent the page with most controls and the one with most text. */
const names = Object.keys(commands).filter(
  (name) => extent(0, 1, 1) === 1 || ["trace", "race"].includes(name),
);
let folder: string;
const pages: Record<string, string> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "downhill-all-pages-"));
  const rows = Array.from(
    { length: 40 },
    (_, i) => `${i / 8},${2.5 * Math.exp(-i / 6) + 0.05 * Math.sin(7 * i)}`,
  );
  writeFileSync(join(folder, "data.csv"), `x,y\n${rows.join("\n")}\n`);
  writeFileSync(join(folder, "power.ts"), powerText);
  for (const [i, name] of names.entries()) {
    const file = join(folder, `${i}.html`);
    const { status, stderr } = await downhill([...commands[name]!, file], { cwd: folder });
    expect(status, `${name}: ${stderr}`).toBe(0);
    pages[name] = file;
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const phone = { width: 360, height: 740 };
const desk = { width: 1280, height: 900 };

/** The same test for each of some pages. */
function forEach(
  some: readonly string[],
  title: (name: string) => string,
  body: (browser: BrowserTest, page: { readonly file: string }, name: string) => Promise<void>,
): Record<string, (browser: BrowserTest) => Promise<void>> {
  return Object.fromEntries(
    some.map((name) => [title(name), async (browser) => body(browser, { file: pages[name]! }, name)]),
  );
}
/**
 * Widths at which a drawing or a layout changes. Each page is checked at the first and, in turn, at one more; the soak
 * checks all.
 */
const widths = [320, 900, 1920, 360, 600, 1280];

// charts shrank with the window, down to text of 4.6 pixels
describeInBrowser("text of 11 pixels or more and nothing off screen, at any width:", {
  ...forEach(
    names,
    (name) => name,
    async ({ open }, file, name) => {
      const page = await open(file, { viewport: phone });
      const next = 1 + (names.indexOf(name) % (widths.length - 1));
      for (const width of extent(0, 1) === 1 ? widths : [widths[0]!, widths[next]!]) {
        const layout = await layoutAt(page, width);
        if (width < 400) expect(layout.hiddenScrolls, `at ${width}`).toEqual([]);
        const [pixels, words] = layout.smallest;
        expect(pixels, `at ${width}: ${words}`).toBeGreaterThan(10.99);
        expect(layout.width).toBeLessThanOrEqual(width);
      }
    },
  ),
});

/** Pages with distinct styles, one of each kind. They are checked in their last state, in light, instead. */
const lastStates = ["race of one coordinate", "constant", "training", "fit"];

describePageInCi("axe finds nothing on a phone in the dark, or on a desk with all values shown:", {
  ...forEach(
    names,
    (name) => name,
    async ({ open }, file, name) => {
      const options = { bypassCSP: true, reducedMotion: "reduce" } as const;
      const isLast = lastStates.includes(name);
      if (!isLast || extent(0, 1) === 1) {
        const page = await open(file, { ...options, viewport: phone, colorScheme: "dark" });
        expect(await violations(page)).toEqual([]);
        if (extent(0, 1) === 0) return;
      }
      const page = await open(file, { ...options, viewport: desk, colorScheme: "light" });
      await page.locator("h1").click();
      await page.keyboard.press("End");
      expect(await violations(page)).toEqual([]);
    },
  ),
});

describeInBrowser("the Tab key goes through all controls, and what has the focus shows it:", {
  ...forEach(
    extent(0, 1, 1) === 1 ? ["trace", "race", "training"] : ["race"],
    (name) => name,
    async ({ open }, file) => {
      const page = await open(file, { viewport: desk });
      expect(await focusFaults(page)).toEqual([[], []]);
    },
  ),
});
