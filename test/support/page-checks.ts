// Requirements for every page.
import axe from "axe-core";
import type { Locator, Page } from "playwright-core";

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

/** Result of {@link tabWalk}. */
export interface TabWalk {
  /** Number of elements that received the focus. */
  readonly stops: number;
  /** Faults for keyboard users, each with the beginning of its element. */
  readonly faults: readonly string[];
}

/**
 * Presses Tab from the beginning of a page to its end, as a keyboard user does. A field that keeps Tab for itself is left
 * with Escape and Tab. Faults are a first stop that is no link to the text, focus that is invisible or moves
 * backwards, fields that are traps, and visible controls or interactive figures that are not reached. A draggable point
 * must move by the arrow keys, and its label must name them.
 */
export async function tabWalk(page: Page): Promise<TabWalk> {
  await page.evaluate(installWalk);
  const stopNow = (): Promise<Stop> => page.evaluate(() => (window as unknown as WalkSteps).stopOfWalk());
  let stops = 0;
  for (; stops < longestWalk; stops++) {
    await page.keyboard.press("Tab");
    let stop = await stopNow();
    if (stop === "same") {
      await page.keyboard.press("Escape");
      await page.keyboard.press("Tab");
      stop = await stopNow();
      if (stop === "same") break;
    }
    if (stop === "end") break;
    if (stop === "point") {
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("ArrowUp");
    }
  }
  return { stops, faults: await page.evaluate(() => (window as unknown as WalkSteps).faultsOfWalk()) };
}

const longestWalk = 600;

interface WalkSteps {
  stopOfWalk(): Stop;
  faultsOfWalk(): string[];
}

/** A stop of the walk: a draggable point, another element, the element before again, or the end of the page. */
type Stop = "point" | "other" | "same" | "end";

/** Installs the two steps of {@link tabWalk}. It runs in the page. */
function installWalk(): void {
  const faults: string[] = [];
  const seen = new Set<Element>();
  const points = new Map<Element, string>();
  let before: Element | null = null;
  // The walk begins at the top, wherever the test has clicked.
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
  const short = (e: Element): string => e.outerHTML.slice(0, 110).replaceAll(/\s+/g, " ");
  const isMarked = (e: Element): boolean =>
    [e, e.parentElement!, e.querySelector("rect:last-of-type, .map-grip, .handle-room") ?? e].some((at) => {
      const { outlineStyle, outlineWidth, stroke, strokeWidth } = getComputedStyle(at);
      return (
        (outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0) ||
        (at instanceof SVGElement && stroke !== "none" && Number.parseFloat(strokeWidth) >= 2)
      );
    });
  /** Visible controls. A player that runs enables and disables some during the walk. */
  const controlsNow = (): readonly Element[] =>
    [
      ...document.querySelectorAll<HTMLElement>(
        "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex='0']",
      ),
    ].filter(
      (e) =>
        e.checkVisibility({ visibilityProperty: true }) &&
        e.tabIndex >= 0 &&
        !e.matches("input[type=radio]:not(:checked)"),
    );
  const atFirst = controlsNow();
  const labelOf = (e: Element): string =>
    `${e.getAttribute("aria-label") ?? ""} ${e.getAttribute("aria-valuetext") ?? ""}`;
  const isPoint = (e: Element): boolean => e.matches(".handle, .map-start");
  const stopOfWalk = (): Stop => {
    const now = document.activeElement;
    if (now === null || now === document.body || (seen.has(now) && now !== before)) return "end";
    if (now === before) return "same";
    if (before === null && !now.matches("a.skip"))
      faults.push(`the first stop is no link to the text: ${short(now)}`);
    const isBack =
      before?.isConnected === true &&
      (before.compareDocumentPosition(now) & Node.DOCUMENT_POSITION_PRECEDING) !== 0;
    if (isBack) faults.push(`the focus moves backwards: ${short(before!)} to ${short(now)}`);
    before = now;
    seen.add(now);
    if (!isMarked(now)) faults.push(`the focus is invisible: ${short(now)}`);
    if (!isPoint(now)) return "other";
    if (!labelOf(now).includes("arrow keys"))
      faults.push(`the label does not name the arrow keys: ${short(now)}`);
    points.set(now, labelOf(now));
    return "point";
  };
  const faultsOfWalk = (): string[] => {
    if (document.activeElement === before && before !== null && seen.size > 0 && document.hasFocus())
      faults.push(`Escape and Tab do not leave this element: ${short(before)}`);
    for (const [point, label] of points)
      if (point.isConnected && labelOf(point) === label)
        faults.push(`the arrow keys do not move this point: ${short(point)}`);
    const atLast = new Set(controlsNow());
    for (const control of atFirst)
      if (atLast.has(control) && !seen.has(control)) faults.push(`Tab does not reach: ${short(control)}`);
    for (const figure of document.querySelectorAll(".live")) {
      const reached = [...seen].filter((e) => figure.contains(e) && !e.matches(".figure-tools *"));
      if (reached.length === 0) faults.push(`no control of a figure is reached: ${short(figure)}`);
    }
    return faults;
  };
  Object.assign(window, { stopOfWalk, faultsOfWalk });
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** Presses Enter on a button that saves a file. Returns the bytes of the file, one character each. */
export async function savedFile(page: Page, button: Locator): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent("download"), button.press("Enter")]);
  const parts: Uint8Array[] = [];
  for await (const part of await download.createReadStream()) parts.push(part as Uint8Array);
  return Buffer.concat(parts).toString("latin1");
}
