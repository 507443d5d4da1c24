import { type AxisSpec, type ChartSpec, type ChartView, namesOf } from "../chart-spec.ts";
import { chartTable } from "../chart-table.ts";
import { legendSign } from "../legend.ts";
import { element } from "../markup.ts";
import { copyText, make, makeButton, makeNode } from "./dom.ts";

/** Functions that the buttons next to a chart call. */
export interface ToolActions {
  readonly toggle: (name: string) => void;
  readonly switchLog: (axis: "x" | "y") => void;
  readonly showAll: () => void;
  /** Returns the drawing as SVG. `csv` returns the numbers as CSV. */
  readonly svg: () => string;
  readonly csv: () => string;
  /** Element that shares the chart, in place of the buttons that copy drawing and numbers. */
  readonly share: HTMLElement | undefined;
}

/** Buttons, notes and the table of a chart. */
export interface ChartTools {
  /** Series names and view buttons. */
  readonly above: HTMLElement;
  /** Notes, the table and copy buttons. */
  readonly below: readonly HTMLElement[];
  /** Status element whose text is announced to screen readers. */
  readonly said: HTMLElement;
  /** Updates the buttons and the table for a chart and its view. */
  readonly show: (spec: ChartSpec, view: ChartView) => void;
}

export function makeTools(actions: ToolActions): ChartTools {
  const names = make("div", "dh-names");
  names.setAttribute("role", "group");
  names.setAttribute("aria-label", "Series");
  const note = make("p", "dh-note");
  const said = make("p", "dh-said");
  said.setAttribute("role", "status");
  const table = make("details", "", make("summary", "", "Values"));
  const whole = makeButton(actions.showAll, "Show all");
  const logs = { x: makeButton(() => actions.switchLog("x"), "log x"), y: makeButton(() => actions.switchLog("y"), "log y") }; // prettier-ignore
  const copies =
    actions.share ??
    make(
      "div",
      "dh-acts",
      makeButton(() => void copy("SVG", actions.svg()), "Copy SVG"),
      makeButton(() => void copy("CSV", actions.csv()), "Copy CSV"),
    );
  let spec: ChartSpec | undefined;

  function setNote(text: string): void {
    note.textContent = text;
    note.hidden = text === "";
  }

  async function copy(kind: string, text: string): Promise<void> {
    const isCopied = await copyText(text);
    said.textContent = isCopied ? `${kind} copied.` : "";
    if (!isCopied) setNote(`The browser does not allow this page to copy ${kind}.`);
  }

  function fillTable(): void {
    while (table.childNodes.length > 1) table.lastChild!.remove();
    if (table.open && spec !== undefined) table.append(makeNode(chartTable(spec)));
  }
  table.addEventListener("toggle", fillTable);

  return {
    above: make("div", "dh-tools", names, make("div", "dh-acts", whole, logs.x, logs.y)),
    below: [note, said, make("div", "dh-below", table, copies)],
    said,
    show(next, view) {
      spec = next;
      showNames(names, spec, view, actions.toggle);
      for (const axis of ["x", "y"] as const) {
        logs[axis].hidden = !canBeLog(spec, axis);
        logs[axis].setAttribute("aria-pressed", String(isLog(spec, view, axis)));
      }
      whole.hidden = view.x === undefined && view.y === undefined;
      setNote(leftOut(spec, view));
      fillTable();
    },
  };
}

/** True if an axis is logarithmic in a view: as the user has chosen, or by default as in the chart. */
export function isLog(spec: ChartSpec, view: ChartView, axis: "x" | "y"): boolean {
  return (axis === "x" ? view.isLogX : view.isLogY) ?? spec[axis].log ?? false;
}

/**
 * Shows one button per name if there are two or more. The buttons are rebuilt only when names change, so that the focus
 * is kept.
 */
function showNames(
  place: HTMLElement,
  spec: ChartSpec,
  { hidden }: ChartView,
  toggle: (name: string) => void,
): void {
  const all = namesOf(spec);
  const hasShapes = all.filter(({ series }) => series.draw === "dots").length > 1;
  const key = JSON.stringify(all.map(({ name, colour, series: { draw } }) => [name, colour, draw]));
  if (place.dataset["key"] !== key) {
    const buttons = all.map((named) => {
      const frame = { class: "dh-chart", viewBox: "0 -7 22 14", "aria-hidden": "true" };
      const sign = makeNode(element("svg", frame, legendSign(named, hasShapes)));
      return makeButton(() => toggle(named.name), sign, named.name);
    });
    place.dataset["key"] = key;
    place.replaceChildren(...buttons);
  }
  place.hidden = all.length < 2;
  all.forEach(({ name }, i) =>
    place.children[i]!.setAttribute("aria-pressed", String(hidden?.has(name) !== true)),
  );
}

/**
 * True if a logarithmic axis is useful: the positive values span a factor of ten or more and are not percentages, or
 * the axis is logarithmic by default.
 */
function canBeLog({ series, ...axes }: ChartSpec, axis: "x" | "y"): boolean {
  const { unit, log = false }: AxisSpec = axes[axis];
  let [low, high] = [Infinity, 0];
  for (const one of series) {
    for (let i = 0; i < one[axis].length; i++) {
      const value = one[axis][i]!;
      if (value > 0 && value < Infinity) [low, high] = [Math.min(low, value), Math.max(high, value)];
    }
  }
  return log || (unit !== "percent" && high >= 10 * low);
}

/** Returns a note about the number of values that logarithmic axes cannot show. Empty if all values can be shown. */
function leftOut(spec: ChartSpec, view: ChartView): string {
  const shown = spec.series.filter(({ name, draw }) => view.hidden?.has(name) !== true && draw !== "band");
  return (["x", "y"] as const)
    .filter((axis) => isLog(spec, view, axis))
    .map((axis) => {
      const n = shown.reduce((sum, one) => sum + Array.from(one[axis]).filter((v) => v <= 0).length, 0);
      if (n === 0) return "";
      return n === 1
        ? `One value along ${axis} is 0 or less and not shown on the logarithmic axis.`
        : `${n} values along ${axis} are 0 or less and not shown on the logarithmic axis.`;
    })
    .filter((text) => text !== "")
    .join(" ");
}
