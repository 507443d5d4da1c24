import type { PageData } from "../page-data.ts";
import { setText } from "../math-pieces.ts";
import { bringInto, make, math } from "./dom.ts";
import type { Rows } from "./rows.ts";
import { makeRows } from "./rows.ts";
import type { Mode, Step } from "./steps.ts";

/** The lists of a mode. */
export interface Lists {
  readonly sections: readonly HTMLElement[];
  readonly program: Rows;
  readonly adjoints: Rows | undefined;
  /** The gradient, which is known at the end. */
  readonly end: HTMLElement | undefined;
}

const mostGradient = 50; // inputs whose gradient is listed
const verdicts = { ok: "✓", bad: "✗", unknown: "" } as const;

/** Makes the lists of a mode: the program, with differentials beside it in forward mode; and the adjoints. */
export function makeLists(
  pane: HTMLElement,
  data: PageData,
  mode: Mode,
  goToRow: (phase: Step["phase"], row: number) => void,
): Lists {
  const clickable = (row: HTMLElement, phase: Step["phase"], index: number): HTMLElement => {
    row.addEventListener("click", () => goToRow(phase, index));
    return row;
  };
  const value = (text: string, kind: string): HTMLElement =>
    make("span", { class: `number ${kind}`, title: text }, setText(text));
  const formula = (left: string, sign: string, right: string): Node[] => [
    make("span", { class: "left" }, math(left)),
    make("span", { class: "sign" }, sign),
    make("span", { class: "right" }, math(right)),
  ];
  /** An input and what it is given, which may take the room of the value beside it. */
  const given = (left: string, right: string): Node[] => [
    make("span", { class: "left" }, math(left)),
    make("span", { class: "sign" }, "="),
    make("span", { class: "right given", title: right }, math(right)),
  ];
  const program = makeRows(
    pane,
    data.lines.length,
    (i) => {
      const { left, right, value: shown, stored } = data.lines[i]!;
      const isInput = i < data.inputCount;
      const tangent = data.tangents[i];
      const cells = isInput ? given(left, right) : [...formula(left, "=", right), value(shown, "value")];
      if (mode.kind === "forward" && tangent !== undefined) {
        const dx = data.passes[mode.pass]?.values[i] ?? "";
        cells.push(
          ...(isInput
            ? given(tangent.left, dx === "" ? tangent.right : dx)
            : [...formula(tangent.left, "=", tangent.right), value(dx, "derivative")]),
        );
      } else if (mode.kind === "reverse") {
        const marks = stored.map((text) =>
          make("span", { class: "mark", title: `stored for the way back: ${text}` }, math(text)),
        );
        cells.push(make("span", { class: "note" }, ...marks));
      }
      return clickable(make("div", { class: "row", role: "listitem" }, ...cells), "program", i);
    },
    "Program",
  );
  const heading = mode.kind === "forward" ? "Each line beside its differential" : "Program";
  const sections = [make("section", { class: mode.kind }, make("h2", {}, heading), program.list)];
  if (mode.kind === "forward") return { sections, program, adjoints: undefined, end: undefined };
  if (data.reverse.length === 0) {
    const words = "The result depends on no input: there is nothing to differentiate.";
    return {
      sections: [...sections, make("p", { class: "note" }, words)],
      program,
      adjoints: undefined,
      end: undefined,
    };
  }

  const adjoints = makeRows(
    pane,
    data.reverse.length,
    (i) => {
      const line = data.reverse[i]!;
      const before = data.reverse[i - 1];
      const head =
        line.kind === "contribution" && (before?.kind !== "contribution" || before.from !== line.from)
          ? [ruleOf(data, line.from, line.rule)]
          : [];
      const marks = line.uses.map((text) =>
        make("span", { class: "mark", title: `stored on the way forward: ${text}` }, math(text)),
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
      return make("div", { class: "entry", role: "listitem" }, ...head, clickable(row, "adjoints", i));
    },
    "Adjoints",
  );
  sections.push(
    make(
      "section",
      { class: "reverse" },
      make("h2", {}, "Adjoints, from the result back to the inputs"),
      adjoints.list,
    ),
  );
  const end = endOf(data);
  return { sections: end === undefined ? sections : [...sections, end], program, adjoints, end };
}

/** The line whose rule is transposed, above its contributions. */
function ruleOf(data: PageData, from: number, rule: string): HTMLElement {
  const line = data.lines.find(({ node }) => node === from);
  const text = line === undefined ? "" : `${line.left} = ${line.right}`;
  return make("div", { class: "rule" }, math(text), make("span", { class: "transposed" }, math(rule)));
}

function endOf({ gradient, check }: PageData): HTMLElement | undefined {
  if (gradient.length === 0) return undefined;
  const shown = gradient
    .slice(0, mostGradient)
    .map(({ name, value }) =>
      make("div", {}, math(`${name} = `), make("span", { class: "number derivative" }, math(value))),
    );
  const rest =
    gradient.length > mostGradient ? [make("p", {}, `and ${gradient.length - mostGradient} more`)] : [];
  const verdict =
    check === null
      ? []
      : [make("p", { class: check.verdict }, `${verdicts[check.verdict]} ${check.text}`.trim())];
  return make("section", { class: "gradient" }, make("h2", {}, "Gradient"), ...shown, ...rest, ...verdict);
}

/** Marks the rows that are reached, and brings the current one into view; after the last step the gradient too. */
export function showLists(
  pane: HTMLElement,
  { program, adjoints, end }: Lists,
  step: Step | undefined,
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

const longestPair = 52; // characters of a line and its differential that have room beside one another

/** The columns of the lists: as wide as what they hold, within reason. */
export function layOutColumns(pane: HTMLElement, { lines, tangents, reverse, passes }: PageData): void {
  const hasArrays = lines.some(({ value }) => value.includes("["));
  const isLong = lines.some(({ right }, i) => right.length + (tangents[i]?.right.length ?? 0) > longestPair);
  pane.classList.toggle("has-arrays", hasArrays);
  pane.classList.toggle("is-stacked", hasArrays || isLong);
  const longest = (texts: readonly string[]): number =>
    texts.reduce((most, text) => Math.max(most, text.length), 0);
  const ems = (letters: number, least: number, most: number): string =>
    `${Math.min(most, Math.max(least, letters * 0.6 + 1.3))}em`;
  const lefts = longest([...lines, ...reverse].map(({ left }) => left));
  pane.style.setProperty("--left", ems(lefts, 4.4, 14));
  pane.style.setProperty("--tangent", ems(longest(tangents.map(({ left }) => left)), 3.4, 9));
  // Rows are grids of their own: columns that were as wide as their own number would not stand below one another.
  const numbers = [...lines.map(({ value }) => value), ...passes.flatMap(({ values }) => values)];
  pane.style.setProperty("--pair-number", ems(longest(numbers), 5, 8.4));
}
