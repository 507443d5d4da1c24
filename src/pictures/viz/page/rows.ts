import { become, make } from "./dom.ts";

const chunk = 100; // rows that are made together
const rowHeight = 30; // of rows not made yet, in pixels

/** A list of rows that are made only when they come near what is seen: a trace may have tens of thousands. */
export interface LazyRows {
  readonly list: HTMLElement;
  /** The row, made if it was not. */
  row(index: number): HTMLElement | undefined;
  /** Makes all rows, as for paper. */
  makeAll(): void;
  /** Has the rows that are made show what they would show if they were made now. */
  renew(): void;
  /** Calls `f` for every row made, now and later. */
  update(f: (row: HTMLElement, index: number) => void): void;
}

/** Makes a list of `count` rows, which scrolls in `pane`. */
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
