import type { LineFold } from "../groups.ts";
import type { PageData } from "../page-data.ts";
import { setText } from "../math-pieces.ts";
import { become, bringInto, make, math } from "./dom.ts";
import type { ListingRow } from "./listing.ts";
import type { LazyRows } from "./rows.ts";
import { makeRows } from "./rows.ts";
import type { TraceMode, TraceStep } from "./steps.ts";

/** Lists that a mode shows: the program and, in reverse mode, the adjoints and the gradient. */
export interface Lists {
  readonly sections: readonly HTMLElement[];
  readonly program: LazyRows;
  readonly adjoints: LazyRows | undefined;
  /** Section with the gradient, which is known at the end; `undefined` without a gradient. */
  readonly end: HTMLElement | undefined;
  /** Replaces the values by those of another trace of the same program. */
  readonly renew: (data: PageData) => void;
}

const mostGradient = 50; // maximum number of inputs with a listed gradient
const verdicts = { ok: "✓", bad: "✗", unknown: "" } as const;

/** Functions that are called when rows or fold buttons are clicked. */
export interface ListActions {
  readonly goToRow: (phase: TraceStep["phase"], row: number) => void;
  /** Opens or closes a fold. */
  readonly toggle: (fold: LineFold) => void;
}

/**
 * Creates the lists of a mode: the program (in forward mode with differentials) and, in reverse mode, the adjoints.
 *
 * @param rows rows of the program and rows of the adjoints
 */
export function makeLists(
  pane: HTMLElement,
  pageData: PageData,
  mode: TraceMode,
  rows: { readonly program: readonly ListingRow[]; readonly adjoints: readonly ListingRow[] },
  actions: ListActions,
): Lists {
  let data = pageData;
  const makeRow = (
    phase: TraceStep["phase"],
    list: readonly ListingRow[],
    index: number,
    makeLine: (at: number) => HTMLElement,
  ): HTMLElement => {
    const row = list[index]!;
    const element =
      row.kind === "line"
        ? makeLine(row.at)
        : row.kind === "fold"
          ? foldRow(data, phase, row, actions)
          : headRow(row, actions);
    const target = element.classList.contains("row") ? element : element.querySelector<HTMLElement>(".row");
    if (row.depth > 0) target?.style.setProperty("--depth", String(row.depth));
    if (row.kind !== "head") target?.addEventListener("click", () => actions.goToRow(phase, index));
    return element;
  };
  const program = makeRows(
    pane,
    rows.program.length,
    (i) => makeRow("program", rows.program, i, (at) => programRow(data, mode, at)),
    "Program",
  );
  const heading = mode.kind === "forward" ? "Each line beside its differential" : "Program";
  const sections = [make("section", { class: mode.kind }, make("h2", {}, heading), program.list)];
  const none = {
    program,
    adjoints: undefined,
    end: undefined,
    renew(next: PageData) {
      data = next;
      program.renew();
    },
  };
  if (mode.kind === "forward") return { sections, ...none };
  if (data.reverse.length === 0) {
    const words = "The result depends on no input: there is nothing to differentiate.";
    return { sections: [...sections, make("p", { class: "note" }, words)], ...none };
  }
  const adjoints = makeRows(
    pane,
    rows.adjoints.length,
    (i) => makeRow("adjoints", rows.adjoints, i, (at) => adjointRow(data, at)),
    "Adjoints",
  );
  const title = "Adjoints, from the result back to the inputs";
  sections.push(make("section", { class: "reverse" }, make("h2", {}, title), adjoints.list));
  const end = endOf(data);
  return {
    sections: end === undefined ? sections : [...sections, end],
    program,
    adjoints,
    end,
    renew(next) {
      data = next;
      program.renew();
      adjoints.renew();
      const nextEnd = endOf(data);
      if (end !== undefined && nextEnd !== undefined) become(end, nextEnd);
    },
  };
}

function value(text: string, kind: string): HTMLElement {
  return make("span", { class: `number ${kind}`, title: text }, setText(text));
}

function formula(left: string, sign: string, right: string): Node[] {
  return [
    make("span", { class: "left" }, math(left)),
    make("span", { class: "sign" }, sign),
    make("span", { class: "right" }, math(right)),
  ];
}

/** Creates the cells of an input: its name and its given value, which may extend into the column of values. */
function given(left: string, right: string): Node[] {
  return [
    make("span", { class: "left" }, math(left)),
    make("span", { class: "sign" }, "="),
    make("span", { class: "right given", title: right }, math(right)),
  ];
}

function programRow(data: PageData, mode: TraceMode, at: number): HTMLElement {
  const { left, right, value: shown, stored } = data.lines[at]!;
  const isInput = at < data.inputCount;
  const tangent = data.tangents[at];
  const cells = isInput ? given(left, right) : [...formula(left, "=", right), value(shown, "value")];
  if (mode.kind === "forward" && tangent !== undefined) {
    const dx = data.passes[mode.pass]?.values[at] ?? "";
    cells.push(
      ...(isInput
        ? given(tangent.left, dx === "" ? tangent.right : dx)
        : [...formula(tangent.left, "=", tangent.right), value(dx, "derivative")]),
    );
  } else if (mode.kind === "reverse") {
    const marks = stored.map((text) =>
      make("span", { class: "mark", title: `saved for the backward pass: ${text}` }, math(text)),
    );
    cells.push(make("span", { class: "note" }, ...marks));
  }
  return make("div", { class: "row", role: "listitem" }, ...cells);
}

function adjointRow(data: PageData, at: number): HTMLElement {
  const line = data.reverse[at]!;
  const before = data.reverse[at - 1];
  const head =
    line.kind === "contribution" && (before?.kind !== "contribution" || before.from !== line.from)
      ? [ruleOf(data, line.from, line.rule)]
      : [];
  const marks = line.uses.map((text) =>
    make("span", { class: "mark", title: `saved in the forward pass: ${text}` }, math(text)),
  );
  const row = make(
    "div",
    { class: `row ${line.kind}` },
    ...formula(line.left, line.sign === "=" ? "=" : "+=", line.right),
    value(line.kind === "seed" || line.kind === "none" ? "" : line.value, "derivative"),
    make(
      "span",
      { class: "note" },
      ...(line.kind === "sum" ? ["sum"] : line.kind === "seed" ? ["seed"] : marks),
    ),
  );
  return make("div", { class: "entry", role: "listitem" }, ...head, row);
}

/** Creates the row of lines folded into one: their number, and the name and value of the last line. */
function foldRow(
  data: PageData,
  phase: TraceStep["phase"],
  { fold, members }: ListingRow & { readonly kind: "fold" },
  actions: ListActions,
): HTMLElement {
  const last = members.at(-1)!;
  const count = `${members.length} line${members.length === 1 ? "" : "s"}`;
  const entry = phase === "program" ? data.lines[last]! : data.reverse[last]!;
  const isInput = phase === "program" && last < data.inputCount;
  return make(
    "div",
    { class: "row fold", role: "listitem" },
    foldButton(fold, actions),
    make(
      "span",
      { class: "count-of" },
      isInput ? count : `${count}, the last: `,
      ...(isInput ? [] : [math(entry.left)]),
    ),
    value(isInput ? "" : entry.value, phase === "program" ? "value" : "derivative"),
  );
}

function headRow({ fold }: ListingRow & { readonly kind: "head" }, actions: ListActions): HTMLElement {
  return make("div", { class: "row head", role: "listitem" }, foldButton(fold, actions));
}

function foldButton(fold: LineFold, { toggle }: ListActions): HTMLElement {
  const mark = make("span", { class: "triangle", "aria-hidden": "true" }, fold.isClosed ? "▸" : "▾");
  const attributes = {
    type: "button",
    class: "toggle",
    "aria-expanded": String(!fold.isClosed),
    "data-fold": String(fold.id),
  };
  const button = make("button", attributes, mark, math(fold.label));
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    toggle(fold);
  });
  return button;
}

/** Creates the row that shows, above the contributions of a line, the line whose rule is transposed. */
function ruleOf(data: PageData, from: number, rule: string): HTMLElement {
  const line = data.lines.find(({ node }) => node === from);
  const text = line === undefined ? "" : `${line.left} = ${line.right}`;
  return make("div", { class: "rule" }, math(text), make("span", { class: "transposed" }, math(rule)));
}

function endOf({ gradient, check }: PageData): HTMLElement | undefined {
  if (gradient.length === 0) return undefined;
  const shown = gradient
    .slice(0, mostGradient)
    .map(({ name, value: shown }) =>
      make("div", {}, math(`${name} = `), make("span", { class: "number derivative" }, math(shown))),
    );
  const rest =
    gradient.length > mostGradient ? [make("p", {}, `and ${gradient.length - mostGradient} more`)] : [];
  const verdict =
    check === null
      ? []
      : [make("p", { class: check.verdict }, `${verdicts[check.verdict]} ${check.text}`.trim())];
  return make("section", { class: "gradient" }, make("h2", {}, "Gradient"), ...shown, ...rest, ...verdict);
}

/** Marks the rows reached so far and scrolls to the current one. After the last step, scrolls to the gradient too. */
export function showLists(
  pane: HTMLElement,
  { program, adjoints, end }: Lists,
  step: TraceStep | undefined,
  isLast: boolean,
): void {
  const isBack = step?.phase === "adjoints";
  const row = step?.row ?? 0;
  const mark = (element: HTMLElement, isReached: boolean, isCurrent: boolean): void => {
    element.classList.toggle("is-ahead", !isReached);
    element.classList.toggle("is-current", isCurrent);
    if (isCurrent) element.setAttribute("aria-current", "step");
    else element.removeAttribute("aria-current");
  };
  const current = isBack ? adjoints?.row(row) : program.row(row);
  program.update((element, i) => mark(element, isBack || i <= row, !isBack && i === row));
  adjoints?.update((element, i) => mark(element, isBack && i <= row, isBack && i === row));
  end?.classList.toggle("is-ahead", !isLast);
  if (isLast && end !== undefined) bringInto(pane, end);
  if (current !== undefined) bringInto(pane, current);
}

const longestPair = 52; // maximum length in characters of a line plus its differential to fit side by side

/**
 * Sets the column widths of the lists to fit their content, within limits.
 *
 * @param leastNumber minimum width of the column of numbers, in ems
 * @returns the width of the column of numbers, in ems
 */
export function layOutColumns(
  pane: HTMLElement,
  { lines, tangents, reverse, passes }: PageData,
  leastNumber: number = 5,
): number {
  const hasArrays = lines.some(({ value: shown }) => shown.includes("["));
  const isLong = lines.some(({ right }, i) => right.length + (tangents[i]?.right.length ?? 0) > longestPair);
  pane.classList.toggle("has-arrays", hasArrays);
  pane.classList.toggle("is-stacked", hasArrays || isLong);
  const longest = (texts: readonly string[]): number =>
    texts.reduce((most, text) => Math.max(most, text.length), 0);
  const ems = (letters: number, least: number, most: number): number =>
    Math.min(most, Math.max(least, letters * 0.6 + 1.3));
  const set = (name: string, width: number): void => pane.style.setProperty(name, `${width}em`);
  const lefts = longest([...lines, ...reverse].map(({ left }) => left));
  set("--left", ems(lefts, 4.4, 14));
  set("--tangent", ems(longest(tangents.map(({ left }) => left)), 3.4, 9));
  // Each row is a grid. Columns sized to their own numbers would not align across rows.
  const numbers = [...lines.map(({ value: shown }) => shown), ...passes.flatMap(({ values }) => values)];
  const number = ems(longest(numbers), leastNumber, 8.4);
  set("--pair-number", number);
  return number;
}
