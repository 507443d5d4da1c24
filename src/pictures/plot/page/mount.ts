import type { ChartSpec, ChartView } from "../chart-spec.ts";
import { type ChartLayout, drawParts, layoutChart } from "../chart.ts";
import { chartCsv } from "../chart-table.ts";
import { element } from "../markup.ts";
import { heightAt, type PictureChart, writePicture } from "../picture.ts";
import { makeCursor } from "./cursor.ts";
import { make, makeNode } from "./dom.ts";
import { listenTo, partBetween, type PointerPosition } from "./gestures.ts";
import { nearestStop, type CursorStop, stopsOf } from "./readings.ts";
import { isLog, makeTools, type ChartTools } from "./tools.ts";

/** Options for showing a chart in a page. */
export interface MountOptions {
  /** Height: a number of CSS pixels plus a fraction of the width. Default: 170 and 0.25. */
  readonly height?: PictureChart["height"];
  /** Initial view. Default: everything. */
  readonly view?: ChartView;
  /**
   * Creates the element that shares the chart, from functions that return its drawing as SVG and its numbers as CSV. Default: buttons
   * that copy both.
   */
  readonly share?: (svg: () => string, csv: () => string) => HTMLElement;
}

/** An interactive chart in a page. */
export interface MountedChart {
  /** Shows other data and keeps the view that the user chose. */
  update(spec: ChartSpec): void;
  /** Empties the element and removes all listeners. */
  destroy(): void;
}

/**
 * Replaces the content of an element with an interactive chart that is redrawn for the current width. It shows the
 * values under the pointer or under a cursor that the arrow keys move (with Shift by ten; Home, End); keyboard readings
 * are announced to screen readers. Dragging zooms in; a double click or Escape shows all again. The user can hide
 * series, switch axes to logarithmic scale, and copy the drawing as SVG and the numbers as CSV. The page must include
 * the styles `colourProperties`, `chartStyle` and `liveStyle`.
 */
export function mountChart(place: HTMLElement, spec: ChartSpec, options: MountOptions = {}): MountedChart {
  const chart = new LiveChart(place, spec, options);
  return { update: (next) => chart.update(next), destroy: () => chart.destroy() };
}

/** Implementation of {@link mountChart}. Observes the size of its element until destroyed. */
class LiveChart {
  readonly #place: HTMLElement;
  readonly #height: PictureChart["height"];
  readonly #pane = make("div", "dh-pane");
  readonly #cursor = makeCursor();
  readonly #tools: ChartTools;
  readonly #observer: ResizeObserver;
  #spec: ChartSpec;
  #view: ChartView;
  #layout: ChartLayout | undefined;
  #stops: readonly CursorStop[] = [];
  #at = -1; // index of the cursor's stop

  constructor(place: HTMLElement, spec: ChartSpec, { height = [170, 0.25], view = {}, share }: MountOptions) {
    this.#place = place;
    this.#spec = spec;
    this.#view = view;
    this.#height = height;
    const svg = (): string => this.#drawing();
    const csv = (): string => chartCsv(this.#spec);
    this.#tools = makeTools({
      toggle: (name) => this.#toggle(name),
      switchLog: (axis) => this.#switchLog(axis),
      showAll: () => this.#showAll(),
      svg,
      csv,
      share: share?.(svg, csv),
    });
    const pane = this.#pane;
    pane.tabIndex = 0;
    pane.setAttribute("role", "application");
    pane.setAttribute("aria-roledescription", "chart");
    listenTo(pane, {
      at: (x, y) => this.#point(nearestStop(this.#stops, x, y)),
      leave: () => this.#point(-1),
      part: (from, to, isDone) => this.#choose(from, to, isDone),
    });
    pane.addEventListener("blur", () => this.#point(-1));
    pane.addEventListener("dblclick", () => this.#showAll());
    pane.addEventListener("keydown", (event) => this.#press(event));
    place.replaceChildren(this.#tools.above, pane, ...this.#tools.below);
    place.classList.add("dh-live");
    this.#observer = new ResizeObserver(() => {
      if (this.#layout?.size.width !== pane.clientWidth) this.#render();
    });
    this.#observer.observe(pane);
    this.#render();
  }

  update(spec: ChartSpec): void {
    this.#spec = spec;
    this.#render();
  }

  destroy(): void {
    this.#observer.disconnect();
    this.#place.replaceChildren();
    this.#place.classList.remove("dh-live");
  }

  #render(): void {
    const width = this.#pane.clientWidth;
    if (width === 0) return; // invisible: the observer calls again when it becomes visible
    const spec = this.#spec;
    const view = { ...this.#view, hasLegend: false };
    const size = { width, height: heightAt(this.#height, width) };
    const layout = layoutChart(spec, size, view);
    const frame = {
      class: "dh-chart",
      viewBox: `0 0 ${size.width} ${size.height}`,
      role: "img",
      "aria-label": spec.title,
    };
    const drawing = makeNode(element("svg", frame, ...drawParts(spec, layout, view)));
    drawing.append(this.#cursor.overlay);
    this.#pane.replaceChildren(drawing, this.#cursor.readout);
    this.#pane.setAttribute(
      "aria-label",
      `${spec.title}. Arrow keys read values, plus and minus zoom, Escape shows all.`,
    );
    this.#layout = layout;
    this.#stops = stopsOf(spec, layout, view);
    this.#tools.show(spec, view);
    this.#point(-1);
  }

  #show(view: ChartView): void {
    this.#view = view;
    this.#render();
  }

  #showAll(): void {
    // The pressed button disappears.
    if (this.#tools.above.contains(document.activeElement)) this.#pane.focus();
    this.#show({ ...this.#view, x: undefined, y: undefined });
  }

  #toggle(name: string): void {
    const hidden = new Set(this.#view.hidden);
    if (!hidden.delete(name)) hidden.add(name);
    this.#show({ ...this.#view, hidden });
  }

  #switchLog(axis: "x" | "y"): void {
    const isOn = !isLog(this.#spec, this.#view, axis);
    this.#show({ ...this.#view, ...(axis === "x" ? { isLogX: isOn } : { isLogY: isOn }) });
  }

  #drawing(): string {
    const view = { ...this.#view, hasLegend: undefined };
    const charts = [{ spec: this.#spec, height: this.#height, view }];
    return writePicture({ heading: this.#spec.title, charts }, Math.max(360, this.#pane.clientWidth));
  }

  /** Moves the cursor to a stop, or hides it (−1). Returns the values there as text. */
  #point(to: number): string {
    this.#at = to;
    const stop = this.#stops[to];
    if (stop !== undefined && this.#layout !== undefined) {
      return this.#cursor.show(this.#spec, this.#layout, this.#view, stop);
    }
    this.#cursor.hide();
    return "";
  }

  #choose(from: PointerPosition, to: PointerPosition, isDone: boolean): void {
    if (this.#layout === undefined) return;
    const { box, x, y } = this.#layout;
    const part = partBetween(box, from, to);
    if (!isDone) {
      this.#point(-1);
      this.#cursor.overlay.replaceChildren(makeNode(element("rect", { class: "dh-part", ...part }), true));
      return;
    }
    const across = (px: number): number => x.valueAt((px - box.x) / box.width);
    const up = (py: number): number => y.valueAt(1 - (py - box.y) / box.height);
    this.#show({
      ...this.#view,
      ...(part.width < box.width ? { x: [across(part.x), across(part.x + part.width)] } : {}),
      ...(part.height < box.height ? { y: [up(part.y + part.height), up(part.y)] } : {}),
    });
  }

  /** Scales the visible x range by a factor around the cursor, or around its centre. The cursor keeps its position. */
  #zoom(factor: number): void {
    if (this.#layout === undefined || (factor > 1 && this.#view.x === undefined)) return;
    const { box, x } = this.#layout;
    const stop = this.#stops[this.#at];
    const middle = stop === undefined ? 0.5 : (stop.px - box.x) / box.width;
    const part = [x.valueAt(middle - middle * factor), x.valueAt(middle + (1 - middle) * factor)] as const;
    this.#show({ ...this.#view, x: part });
    if (stop !== undefined) this.#point(this.#stops.findIndex(({ x: at }) => at === stop.x));
  }

  #press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const many = event.shiftKey ? 10 : 1;
    const last = this.#stops.length - 1;
    const isPart = this.#view.x !== undefined || this.#view.y !== undefined;
    const keys: Readonly<Record<string, () => unknown>> = {
      ArrowRight: () => this.#point(this.#at < 0 ? 0 : Math.min(last, this.#at + many)),
      ArrowLeft: () => this.#point(this.#at < 0 ? last : Math.max(0, this.#at - many)),
      Home: () => this.#point(0),
      End: () => this.#point(last),
      Escape: () => (isPart ? this.#showAll() : this.#point(-1)),
      "+": () => this.#zoom(0.5),
      "-": () => this.#zoom(2),
    };
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
    this.#tools.said.textContent = this.#point(this.#at);
  }
}
