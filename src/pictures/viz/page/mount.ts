import type { LineFold, FoldState } from "../groups.ts";
import { firstFolding, foldsOf, keepFolding, loopsOf } from "../groups.ts";
import type { PageData } from "../page-data.ts";
import type { Move, Player } from "./controls.ts";
import { listenToKeys, makePlayer, showControls } from "./controls.ts";
import { bringInto, make } from "./dom.ts";
import type { TraceElements, TracePart } from "./frame.ts";
import { makeFrame } from "./frame.ts";
import type { ListingRow } from "./listing.ts";
import { listRows } from "./listing.ts";
import type { Lists } from "./lists.ts";
import { layOutColumns, makeLists, showLists } from "./lists.ts";
import type { LoopChoice } from "./loop-choice.ts";
import { makeLoopChoice } from "./loop-choice.ts";
import { pictureState } from "./marks.ts";
import type { LabelledMode, ModeChoice } from "./modes.ts";
import { graphFor, makeModeChoice, modesOf, sameMode, setLabel } from "./modes.ts";
import type { GraphPicture } from "./picture.ts";
import { makePicture } from "./picture.ts";
import { isSameProgram } from "./same-program.ts";
import { selectionText } from "./selection.ts";
import type { TraceMode, TraceStep } from "./steps.ts";
import { stepsOf } from "./steps.ts";

/** Options for showing a trace. */
export interface TraceDisplayOptions {
  /** Initial mode. Default: reverse if there is something to differentiate. */
  readonly mode?: TraceMode;
  /** Initial step, from 0. Default: the last step, at which all values are shown. */
  readonly step?: number;
  /** Function that is called with each step shown, including the first. */
  readonly onStep?: (state: TraceState) => void;
  /** The parts of the trace view to show. `forward` and `reverse` are the modes on offer. Default: all. */
  readonly parts?: readonly TracePart[];
  /** Target of the key listener. Default: the element. A page that shows only the trace passes its document. */
  readonly keys?: EventTarget;
}

/** Current position in a trace. */
export interface TraceState {
  readonly mode: TraceMode;
  /** Zero-based index of the step. */
  readonly step: number;
  readonly stepCount: number;
}

/** A trace shown in a page. */
export interface MountedTrace {
  /** Shows another trace, and keeps mode, step, selection and size where possible. */
  update(data: PageData): void;
  /** Shows another mode. A mode that the trace does not have becomes the first one. */
  setMode(mode: TraceMode): void;
  /** Goes to a step, from 0, or to the nearest existing one. */
  goTo(step: number): void;
  /** Removes all listeners and empties the element. */
  destroy(): void;
}

const everyPart: readonly TracePart[] = ["forward", "reverse", "graph", "table"];

/**
 * Shows a trace inside an element of any page: modes, steps, the table of its lines and its dependency graph. The page
 * must include the style `traceStyle`, which affects only the class `dh-trace` that the element receives. A page may
 * contain several traces. The width of the element determines whether table and graph are side by side.
 */
export function mountTrace(
  element: HTMLElement,
  data: PageData,
  options: TraceDisplayOptions = {},
): MountedTrace {
  return new TraceView(element, data, options);
}

const stepsPerMillisecond = 1 / 1200; // playback speed, slow enough to read the sentence of each step

class TraceView implements MountedTrace {
  readonly #element: HTMLElement;
  readonly #options: TraceDisplayOptions;
  readonly #parts: ReadonlySet<TracePart>;
  readonly #frame: TraceElements;
  readonly #picture: GraphPicture;
  readonly #player: Player;
  readonly #ended = new AbortController();
  readonly #watch: ResizeObserver;
  #data: PageData;
  #modes: readonly [LabelledMode, ...LabelledMode[]];
  #mode: TraceMode;
  #choice: ModeChoice | undefined;
  #loops: LoopChoice | undefined;
  #folding: FoldState;
  #rows: { readonly program: readonly ListingRow[]; readonly adjoints: readonly ListingRow[] };
  #steps: readonly TraceStep[];
  #at: number;
  #selected: number | undefined;
  /** Step and folding before printing. Set only while the page is printed. */
  #beforePrint: { readonly at: number; readonly folding: FoldState } | undefined;
  #lists: Lists;
  #numberWidth = 0; // width of the column of numbers, in ems

  constructor(element: HTMLElement, data: PageData, options: TraceDisplayOptions) {
    element.classList.add("dh-trace");
    element.tabIndex = -1; // a click anywhere inside gives it the keyboard focus
    this.#element = element;
    this.#options = options;
    this.#parts = new Set(options.parts ?? everyPart);
    this.#frame = makeFrame(element, this.#parts);
    const { picture, chips, play, lists } = this.#frame;
    this.#picture = makePicture(picture, chips, {
      select: (node) => this.#select(node),
      toggle: (id, isClosed) => this.#toggle(id, isClosed),
    });
    this.#player = makePlayer(
      play,
      () => stepsPerMillisecond,
      (steps) => this.goTo(this.#at + steps),
    );
    this.#watch = new ResizeObserver(() => this.#showLists());
    this.#watch.observe(lists); // keeps the current row in view when the pane is resized

    this.#data = data;
    this.#modes = modesOf(data, (kind) => this.#parts.has(kind));
    this.#mode = this.#wanted(options.mode);
    this.#folding = firstFolding(data.groups ?? []);
    this.#rows = this.#listRows();
    this.#steps = this.#listSteps();
    this.#at = this.#clamp(options.step ?? Infinity);
    this.#lists = this.#makeLists();
    this.#listen();
    this.#setUp();
    this.setMode(this.#mode);
  }

  update(data: PageData): void {
    if (isSameProgram(this.#data, data)) return this.#renew(data);
    const step = this.#steps[this.#at];
    const wasAtEnd = this.#at === this.#steps.length - 1;
    const name = this.#selected === undefined ? undefined : this.#data.graph.nodes[this.#selected]?.name;
    this.#folding = keepFolding(this.#data.groups ?? [], this.#folding, data.groups ?? []);
    this.#data = data;
    this.#modes = modesOf(data, (kind) => this.#parts.has(kind));
    this.#mode = this.#wanted(this.#mode);
    this.#selected = data.graph.nodes.find((node) => node.name === name && node.depth === 0)?.id;
    this.#setUp();
    this.#list(wasAtEnd ? undefined : step);
    this.setMode(this.#mode);
  }

  /** Shows the values of another trace of the same program. Nothing else changes or moves. */
  #renew(data: PageData): void {
    this.#data = data;
    this.#steps = this.#listSteps();
    this.#numberWidth = layOutColumns(this.#frame.lists, data, this.#numberWidth);
    this.#lists.renew(data);
    this.#picture.renew(graphFor(data, this.#mode));
    this.#showTexts();
  }

  /**
   * Rebuilds the rows and steps. Goes to the first step of the same list that reaches at least as far as `step`, or
   * else to the last step.
   */
  #list(step: TraceStep | undefined): void {
    this.#rows = this.#listRows();
    this.#steps = this.#listSteps();
    const same = this.#steps.findIndex(({ phase, last }) => phase === step?.phase && last >= step.last);
    this.#at = same < 0 ? this.#steps.length - 1 : same;
  }

  #listRows(): { readonly program: readonly ListingRow[]; readonly adjoints: readonly ListingRow[] } {
    const { lines, reverse, groups = [], inputCount } = this.#data;
    const { around } = foldsOf(groups, this.#folding);
    const groupOf = new Map(lines.map(({ node, group = -1 }) => [node, group]));
    const groupOfAdjoint = (at: number): number => {
      const { from, node } = reverse[at]!;
      return groupOf.get(from < 0 ? node : from) ?? -1;
    };
    return {
      program: listRows(
        lines.length,
        (at) => around(lines[at]!.group ?? -1),
        (at) => at === inputCount,
      ),
      adjoints: listRows(reverse.length, (at) => around(groupOfAdjoint(at))),
    };
  }

  #listSteps(): TraceStep[] {
    return stepsOf(this.#data, this.#mode, this.#rows.program, this.#rows.adjoints);
  }

  /** Opens or closes a group. For hidden iterations, shows the nearest one. */
  #toggle(id: number, isClosed: boolean): void {
    const { groups = [] } = this.#data;
    if (id < 0) {
      const { loop, value } = foldsOf(groups, this.#folding).beside(id);
      return this.#showIteration(loop, value);
    }
    const closed = new Set(this.#folding.closed);
    if (isClosed) closed.delete(id);
    else closed.add(id);
    this.#fold({ ...this.#folding, closed });
  }

  #showIteration(loop: string, value: number): void {
    const before = this.#steps[this.#at];
    const { row = 0, phase } = before ?? {};
    this.#fold({ ...this.#folding, shown: new Map(this.#folding.shown).set(loop, value) });
    // If nothing else changed, the same source line in the other iteration has the same row.
    const same = this.#steps.findIndex((step) => step.phase === phase && step.row >= row);
    if (same >= 0 && this.#at < this.#steps.length - 1) this.goTo(same);
  }

  #fold(folding: FoldState): void {
    const step = this.#at === this.#steps.length - 1 ? undefined : this.#steps[this.#at];
    const { activeElement } = document;
    const { lists } = this.#frame;
    const toggled = lists.contains(activeElement) ? activeElement : null;
    const isProgram = toggled?.closest("section") === lists.firstElementChild;
    this.#folding = folding;
    this.#list(step);
    this.setMode(this.#mode);
    if (!(toggled instanceof HTMLElement)) return;
    // Return the focus to the fold that the user clicked.
    const id = Number(toggled.dataset["fold"] ?? Number.NaN);
    const rows = isProgram ? this.#rows.program : this.#rows.adjoints;
    const at = rows.findIndex((row) => row.kind !== "line" && row.fold.id === id);
    const row = (isProgram ? this.#lists.program : this.#lists.adjoints)?.row(at);
    (row?.querySelector<HTMLElement>("button") ?? lists).focus({ preventScroll: true });
    if (row !== undefined) bringInto(lists, row);
  }

  /**
   * Prepares the view for printing and restores it afterwards. A printed view shows the last step and all rows, with
   * nothing folded except iterations of loops.
   */
  #print(isPrinting: boolean): void {
    if (isPrinting === (this.#beforePrint !== undefined)) return;
    if (isPrinting) {
      this.#beforePrint = { at: this.#at, folding: this.#folding };
      this.#fold({ ...this.#folding, closed: new Set() });
      this.goTo(Infinity);
      this.#lists.program.makeAll();
      this.#lists.adjoints?.makeAll();
    } else if (this.#beforePrint !== undefined) {
      const { at, folding } = this.#beforePrint;
      this.#beforePrint = undefined;
      this.#fold(folding);
      this.goTo(at);
    }
  }

  setMode(wanted: TraceMode): void {
    this.#mode = this.#wanted(wanted);
    this.#steps = this.#listSteps();
    this.#at = this.#clamp(this.#at);
    this.#lists = this.#makeLists();
    this.#frame.lists.replaceChildren(...this.#lists.sections);
    this.#picture.setGraph(graphFor(this.#data, this.#mode), this.#around());
    this.#loops?.show(this.#folding.shown);
    this.#choice?.show(this.#mode);
    this.#render();
  }

  goTo(step: number): void {
    this.#at = this.#clamp(step);
    if (this.#at === this.#steps.length - 1) this.#player.stop();
    this.#render();
  }

  destroy(): void {
    this.#ended.abort();
    this.#player.stop();
    this.#watch.disconnect();
    this.#picture.destroy();
    this.#element.classList.remove("dh-trace");
    this.#element.replaceChildren();
  }

  /** Returns the mode of the trace that equals `wanted`, or else the first one. */
  #wanted(wanted: TraceMode | undefined): TraceMode {
    const found = this.#modes.find(({ mode }) => wanted !== undefined && sameMode(wanted, mode));
    return (found ?? this.#modes[0]).mode;
  }

  #clamp(step: number): number {
    return Math.min(this.#steps.length - 1, Math.max(0, step));
  }

  #makeLists(): Lists {
    return makeLists(this.#frame.lists, this.#data, this.#mode, this.#rows, {
      goToRow: (phase, row) => {
        const found = this.#steps.findIndex((step) => step.phase === phase && step.row >= row);
        if (found >= 0) this.goTo(found);
      },
      toggle: ({ id, isClosed }) => this.#toggle(id, isClosed),
    });
  }

  /** Returns the function that finds the folds around a node of the graph. */
  #around(): (node: number) => readonly LineFold[] {
    const { groups = [], lines } = this.#data;
    const { around } = foldsOf(groups, this.#folding);
    const groupOf = new Map(lines.map(({ node, group = -1 }) => [node, group]));
    return (node) => around(groupOf.get(node) ?? -1);
  }

  #select(node: number | undefined): void {
    this.#selected = node === this.#selected ? undefined : node;
    this.#render();
  }

  #play(): void {
    if (this.#player.isPlaying()) return this.#player.stop();
    if (this.#at === this.#steps.length - 1) this.goTo(0);
    this.#player.start();
  }

  #listen(): void {
    const { signal } = this.#ended;
    const frame = this.#frame;
    const moves: Readonly<Record<Move, (many: number) => void>> = {
      first: () => this.goTo(0),
      back: (many) => this.goTo(this.#at - many),
      play: () => this.#play(),
      forth: (many) => this.goTo(this.#at + many),
      last: () => this.goTo(Infinity),
      closer: () => this.#picture.zoom(1.25),
      further: () => this.#picture.zoom(0.8),
      fit: () => this.#picture.fit(),
      unselect: () => this.#select(undefined),
    };
    for (const name of ["first", "back", "play", "forth", "last", "closer", "further", "fit"] as const)
      frame[name].addEventListener("click", () => moves[name](1), { signal });
    frame.slider.addEventListener("input", () => this.goTo(Number(frame.slider.value)), { signal });
    window.addEventListener("beforeprint", () => this.#print(true), { signal });
    window.addEventListener("afterprint", () => this.#print(false), { signal });
    window.matchMedia("print").addEventListener("change", ({ matches }) => this.#print(matches), { signal });
    listenToKeys(this.#options.keys ?? this.#element, (move, many) => moves[move](many), signal);
  }

  /** Creates the controls that are the same in every mode and at every step. */
  #setUp(): void {
    this.#choice = makeModeChoice(this.#modes, (mode) => this.setMode(mode));
    this.#frame.modes.replaceChildren(...this.#choice.elements);
    this.#loops = makeLoopChoice(loopsOf(this.#data.groups ?? []), (loop, value) =>
      this.#showIteration(loop, value),
    );
    this.#frame.loops.replaceChildren(...this.#loops.elements);
    this.#numberWidth = layOutColumns(this.#frame.lists, this.#data);
  }

  #showLists(): void {
    showLists(this.#frame.lists, this.#lists, this.#steps[this.#at], this.#at === this.#steps.length - 1);
  }

  #render(): void {
    const step = this.#steps[this.#at];
    const stepCount = this.#steps.length;
    showControls(this.#frame, this.#at, Math.max(0, stepCount - 1), `${this.#at + 1} / ${stepCount}`);
    this.#showLists();
    this.#picture.show(pictureState(this.#data, this.#mode, step, this.#selected));
    this.#showTexts();
    this.#options.onStep?.({ mode: this.#mode, step: this.#at, stepCount });
  }

  #showTexts(): void {
    const { caption, selection } = this.#frame;
    replaceText(caption, setLabel(this.#steps[this.#at]?.caption ?? []));
    replaceText(selection, selectionText(this.#data, this.#selected));
  }
}

/**
 * Replaces the content of an element unless its text stays the same, so that screen readers announce a text only once.
 */
function replaceText(element: HTMLElement, nodes: readonly (Node | string)[]): void {
  const next = make("div", {}, ...nodes);
  if (next.textContent !== element.textContent) element.replaceChildren(...next.childNodes);
}
