import { become, make } from "./dom.ts";

const chunk = 100; // number of rows created together
const rowHeight = 30; // estimated height of rows not yet created, in pixels

/**
 * A list whose rows are created only when they come near the visible part. A trace may have tens of thousands of rows.
 */
export interface LazyRows {
  readonly list: HTMLElement;
  /** Returns a row, which is created if necessary; undefined if the list has no such row. */
  row(index: number): HTMLElement | undefined;
  /** Creates all rows, for printing. */
  makeAll(): void;
  /** Rebuilds the content of all created rows by calling `makeRow` again. */
  renew(): void;
  /** Calls `f` for every created row, now and whenever a row is created or rebuilt later. Replaces the former `f`. */
  update(f: (row: HTMLElement, index: number) => void): void;
}

/** Creates a list of `count` rows that scrolls in `pane`. */
export function makeRows(
  pane: HTMLElement,
  count: number,
  makeRow: (index: number) => HTMLElement,
  label: string,
): LazyRows {
  const list = make("div", { class: "rows", role: "list", "aria-label": label });
  const made: HTMLElement[][] = [];
  let style: (row: HTMLElement, index: number) => void = () => {};

  const fill = (block: HTMLElement, number: number): void => {
    if (made[number] !== undefined) return;
    const from = number * chunk;
    const rows = Array.from({ length: Math.min(chunk, count - from) }, (_, i) => makeRow(from + i));
    made[number] = rows;
    rows.forEach((row, i) => style(row, from + i));
    block.style.minHeight = "";
    block.append(...rows);
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        if (target instanceof HTMLElement) fill(target, Number(target.dataset["block"]));
      }
    },
    { root: pane, rootMargin: "400px" },
  );
  const blocks = Array.from({ length: Math.ceil(count / chunk) }, (_, number) => {
    const block = make("div", { class: "block", "data-block": String(number) });
    block.style.minHeight = `${Math.min(chunk, count - number * chunk) * rowHeight}px`;
    observer.observe(block);
    return block;
  });
  list.append(...blocks);
  return {
    list,
    row(index) {
      const number = Math.floor(index / chunk);
      const block = blocks[number];
      if (block === undefined) return undefined;
      fill(block, number);
      return made[number]?.[index - number * chunk];
    },
    makeAll: () => blocks.forEach(fill),
    renew: () =>
      made.forEach((rows, number) =>
        rows.forEach((row, i) => {
          rows[i] = become(row, makeRow(number * chunk + i));
          style(rows[i], number * chunk + i);
        }),
      ),
    update(f) {
      style = f;
      made.forEach((rows, number) => rows.forEach((row, i) => f(row, number * chunk + i)));
    },
  };
}
