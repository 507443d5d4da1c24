// Requirements for every page.
import axe from "axe-core";
import type { Page } from "playwright-core";

/** Layout of a page in its window. */
export interface Layout {
  /** Pixels and text of the smallest visible text. */
  readonly smallest: readonly [number, string];
  /** Elements that scroll sideways without a visible sign, or are not reachable by keyboard. */
  readonly hiddenScrolls: readonly string[];
  /** Width of the page's content in pixels. */
  readonly width: number;
}

/** Layout of a page in a window of this width, in pixels. */
export async function layoutAt(page: Page, width: number): Promise<Layout> {
  await page.setViewportSize({ width, height: 800 });
  return page.evaluate(async () => {
    // two frames, so that handlers of the window's size have run
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    let smallest: [number, string] = [Infinity, ""];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const parent = node.parentElement!;
      const words = node.textContent!.trim();
      const isText = !["script", "style", "noscript", "title", "desc"].includes(parent.tagName.toLowerCase());
      if (words === "" || !isText || !parent.checkVisibility({ visibilityProperty: true })) continue;
      const { a, b } = (parent instanceof SVGGraphicsElement && parent.getScreenCTM()) || { a: 1, b: 0 };
      const pixels = Number.parseFloat(getComputedStyle(parent).fontSize) * Math.hypot(a, b);
      if (pixels < smallest[0]) smallest = [pixels, words];
    }
    const hiddenScrolls = [...document.querySelectorAll<HTMLElement>("body *")]
      .filter((e) => e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX))
      .filter((e) => !e.classList.contains("scroll") || e.tabIndex < 0)
      .map((e) => e.outerHTML.slice(0, 80));
    return { smallest, hiddenScrolls, width: document.documentElement.scrollWidth };
  });
}

/** Accessibility violations that axe finds. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { run } = (
      window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }
    ).axe;
    const found = await run({ resultTypes: ["violations"] });
    return found.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 100)).join(" ")}`,
    );
  });
}
/**
 * Presses Tab through all focusable elements. Returns elements without a visible focus, and elements not reached.
 *
 * @throws if no element is focusable
 */
export async function focusFaults(page: Page): Promise<[unmarked: string[], missed: string[]]> {
  const reachable = await page.evaluate(() => {
    (document.activeElement as HTMLElement).blur();
    const all = [
      ...document.querySelectorAll("button:enabled, input, select, summary, textarea, [tabindex='0']"),
    ];
    const missed = new Set(all.filter((e) => e.checkVisibility() && (e as HTMLElement).tabIndex >= 0));
    const unmarked: string[] = [];
    document.addEventListener("focusin", ({ target }) => {
      const e = target as Element;
      missed.delete(e);
      const [own, inner] = [e, e.querySelector("rect:last-of-type, .map-grip") ?? e].map((at) =>
        getComputedStyle(at),
      );
      const isMarked =
        (own!.outlineStyle !== "none" && Number.parseFloat(own!.outlineWidth) > 0) ||
        Number.parseFloat(inner!.strokeWidth) > 2;
      if (!isMarked) unmarked.push(e.outerHTML.slice(0, 80));
    });
    Object.assign(window, {
      focusFaults: () => [unmarked, [...missed].map((e) => e.outerHTML.slice(0, 80))],
    });
    return missed.size;
  });
  if (reachable < 2) throw new Error("the page has nothing for the keyboard");
  // links are reached too, and the cycle may begin in the middle
  for (let i = 0; i <= 2 * reachable; i++) await page.keyboard.press("Tab");
  return page.evaluate(() => (window as unknown as { focusFaults(): [string[], string[]] }).focusFaults());
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}
