import type { Graph } from "../graph.ts";
import { reachable, reachText } from "../graph.ts";
import type { PageData } from "../page-data.ts";
import { byId, make, math } from "./dom.ts";
import { makeLists, showLists } from "./lists.ts";
import type { Picture } from "./picture.ts";
import { makePicture } from "./picture.ts";
import type { CaptionPart, Mode, Step } from "./steps.ts";
import { stepsOf } from "./steps.ts";

const longestPair = 52; // characters of a line and its differential that have room beside one another
const playEvery = 1200; // milliseconds a step

/** Brings a page to life that carries its data. */
export function start(): void {
  showTrace(JSON.parse(byId("data").textContent ?? "") as PageData, "start");
}

/** A page that shows a trace. */
export interface TracePage {
  /** Shows another trace in the place of this one, and keeps what can be kept: mode, step, selection and size. */
  update(data: PageData): void;
}

/**
 * Shows a trace on a page with the elements of `pageBody`: lists, picture, controls and keys.
 *
 * @param begin the step to begin with: the first, or the last, at which all values are shown
 */
export function showTrace(shown: PageData, begin: "start" | "end"): TracePage {
  let data = shown;
  let modes = modesOf(data);
  let mode: Mode = modes[0]!.mode;
  let steps = stepsOf(data, mode);
  let at = begin === "start" ? 0 : steps.length - 1;
  let selected: number | undefined;
  let lists = makeLists(data, mode, goToRow);
  let tabs: readonly Tab[] = [];
  const player = makePlayer(() => goTo(at + 1));
  const picture = makePicture(byId("picture"), byId("chips"), (node) => {
    selected = node === selected ? undefined : node;
    render(false);
  });
  const slider = byId("slider") as HTMLInputElement;

  function setMode(next: Mode): void {
    mode = next;
    steps = stepsOf(data, mode);
    at = Math.min(at, steps.length - 1);
    lists = makeLists(data, mode, goToRow);
    byId("lists").replaceChildren(...lists.sections);
    picture.setGraph(graphFor(data, mode));
    slider.max = String(Math.max(0, steps.length - 1));
    for (const { button, mode: other } of tabs)
      button.setAttribute("aria-pressed", String(sameMode(mode, other)));
    render(false);
  }

  function goTo(step: number): void {
    at = Math.min(steps.length - 1, Math.max(0, step));
    if (at === steps.length - 1) player.stop();
    render(true);
  }

  function goToRow(phase: Step["phase"], row: number): void {
    const found = steps.findIndex((step) => step.phase === phase && step.row >= row);
    if (found >= 0) goTo(found);
  }

  function play(): void {
    if (player.isPlaying()) return player.stop();
    if (at === steps.length - 1) goTo(0);
    player.start();
  }

  function render(follow: boolean): void {
    const step = steps[at];
    showControls(slider, at, steps.length);
    byId("caption").replaceChildren(...setCaption(step?.caption ?? []));
    showLists(lists, step, follow);
    showPicture(picture, data, steps, at, mode, selected);
    byId("selection").replaceChildren(...selectionText(data, selected));
    lists.end?.classList.toggle("is-ahead", at < steps.length - 1);
  }

  /** What the page shows in every mode and at every step. */
  function setUp(): void {
    tabs = modes.map(({ mode: other, label }) => makeTab(other, label, setMode));
    byId("modes").replaceChildren(...tabs.map(({ button }) => button));
    layOut(data);
  }

  function update(next: PageData): void {
    const step = steps[at];
    const wasAtEnd = at === steps.length - 1;
    const name = selected === undefined ? undefined : data.graph.nodes[selected]?.name;
    data = next;
    modes = modesOf(data);
    mode = modes.find(({ mode: other }) => sameMode(mode, other))?.mode ?? modes[0]!.mode;
    selected = data.graph.nodes.find((node) => node.name === name && node.depth === 0)?.id;
    steps = stepsOf(data, mode);
    const same = steps.findIndex(({ phase, row }) => phase === step?.phase && row >= step.row);
    at = wasAtEnd || same < 0 ? steps.length - 1 : same;
    setUp();
    setMode(mode);
  }

  const moves: ReadonlyMap<string, () => void> = new Map([
    ["first", () => goTo(0)],
    ["back", () => goTo(at - 1)],
    ["play", play],
    ["forth", () => goTo(at + 1)],
    ["last", () => goTo(steps.length - 1)],
    ["closer", () => picture.zoom(1.25)],
    ["further", () => picture.zoom(0.8)],
    ["fit", () => picture.fit()],
  ]);
  for (const [id, move] of moves) byId(id).addEventListener("click", move);
  slider.addEventListener("input", () => goTo(Number(slider.value)));
  listenToKeys((move) => {
    if (move === "unselect") {
      selected = undefined;
      render(false);
    } else moves.get(move)?.();
  });
  setUp();
  setMode(mode);
  return { update };
}

/** A button that shows a mode. */
interface Tab {
  readonly button: HTMLButtonElement;
  readonly mode: Mode;
}

function makeTab(mode: Mode, label: readonly CaptionPart[], choose: (mode: Mode) => void): Tab {
  const button = make("button", { type: "button" }, ...setCaption(label));
  button.addEventListener("click", () => choose(mode));
  return { button, mode };
}

interface Player {
  readonly isPlaying: () => boolean;
  readonly start: () => void;
  readonly stop: () => void;
}

/** Calls `advance` again and again, and shows by the play button whether it does. */
function makePlayer(advance: () => void): Player {
  let timer: number | undefined;
  const show = (text: string): void => {
    byId("play").textContent = text;
    byId("play").setAttribute("aria-pressed", String(timer !== undefined));
  };
  return {
    isPlaying: () => timer !== undefined,
    start() {
      timer = window.setInterval(advance, playEvery);
      show("Pause");
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
      show("Play");
    },
  };
}

/** Where among `count` steps the page is. */
function showControls(slider: HTMLInputElement, at: number, count: number): void {
  slider.value = String(at);
  byId("count").textContent = `${at + 1} / ${count}`;
  for (const id of ["first", "back"]) (byId(id) as HTMLButtonElement).disabled = at === 0;
  for (const id of ["forth", "last"]) (byId(id) as HTMLButtonElement).disabled = at >= count - 1;
}

/** Calls `act` with the move that a key stands for. */
function listenToKeys(act: (move: string) => void): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const isOn = (controls: string): boolean =>
      event.target instanceof Element && event.target.closest(controls) !== null;
    if (isOn("textarea, select, input:not([type=range])")) return; // they have keys of their own
    const move = keyMove(event.key, isOn("button, input"));
    if (move === undefined) return;
    event.preventDefault();
    act(move);
  });
}

/** The heading, and the columns of the lists: as wide as what they hold, within reason. */
function layOut({ title, lines, tangents, reverse, passes }: PageData): void {
  const hasArrays = lines.some(({ value }) => value.includes("["));
  const isLong = lines.some(({ right }, i) => right.length + (tangents[i]?.right.length ?? 0) > longestPair);
  const lists = byId("lists");
  lists.classList.toggle("has-arrays", hasArrays);
  lists.classList.toggle("is-stacked", hasArrays || isLong);
  byId("title").replaceChildren(title.includes(" = ") ? math(title) : title);
  const longest = (texts: readonly string[]): number =>
    texts.reduce((most, text) => Math.max(most, text.length), 0);
  const ems = (letters: number, least: number, most: number): string =>
    `${Math.min(most, Math.max(least, letters * 0.6 + 1.3))}em`;
  const lefts = longest([...lines, ...reverse].map(({ left }) => left));
  lists.style.setProperty("--left", ems(lefts, 4.4, 14));
  lists.style.setProperty("--tangent", ems(longest(tangents.map(({ left }) => left)), 3.4, 9));
  // Rows are grids of their own: columns that were as wide as their own number would not stand below one another.
  const numbers = [...lines.map(({ value }) => value), ...passes.flatMap(({ values }) => values)];
  lists.style.setProperty("--pair-number", ems(longest(numbers), 5, 8.4));
}

function setCaption(parts: readonly CaptionPart[]): (HTMLElement | string)[] {
  return parts.map((part) => (typeof part === "string" ? part : math(part.formula)));
}

function keyMove(key: string, onControl: boolean): string | undefined {
  switch (key) {
    case "ArrowRight":
      return "forth";
    case "ArrowLeft":
      return "back";
    case "Home":
      return "first";
    case "End":
      return "last";
    case " ":
      return onControl ? undefined : "play"; // a button answers to the space bar itself
    case "Escape":
      return "unselect";
    case "+":
      return "closer";
    case "-":
      return "further";
    default:
      return undefined;
  }
}

function modesOf(data: PageData): { readonly mode: Mode; readonly label: readonly CaptionPart[] }[] {
  if (data.reverse.length === 0 && data.passes.length === 0)
    return [{ mode: { kind: "reverse" }, label: ["Program"] }]; // nothing is differentiated
  return [
    ...(data.reverse.length > 0 ? [{ mode: { kind: "reverse" }, label: ["Reverse"] } as const] : []),
    ...data.passes.map(
      ({ label }, pass) =>
        ({ mode: { kind: "forward", pass }, label: ["Forward  ", { formula: label }] }) as const,
    ),
  ];
}

function sameMode(a: Mode, b: Mode): boolean {
  return a.kind === b.kind && (a.kind === "reverse" || (b.kind === "forward" && a.pass === b.pass));
}

/** The graph with adjoints in its nodes, or with the differentials of the pass. */
function graphFor({ graph, lines, passes, tangents }: PageData, mode: Mode): Graph {
  if (mode.kind === "reverse") return graph;
  const rowOf = new Map(lines.map(({ node }, row) => [node, row]));
  const nodes = graph.nodes.map((node) => {
    const row = rowOf.get(node.id);
    const tangent = row === undefined ? undefined : tangents[row];
    if (row === undefined || tangent === undefined) return { ...node, derivative: "" };
    const value = passes[mode.pass]?.values[row] ?? "";
    const shown = value === "" ? ` = ${tangent.right}` : value.includes("[") ? "" : ` = ${value}`;
    return { ...node, derivative: tangent.left + shown };
  });
  return { ...graph, nodes };
}

function showPicture(
  picture: Picture,
  data: PageData,
  steps: readonly Step[],
  at: number,
  mode: Mode,
  selected: number | undefined,
): void {
  const step = steps[at];
  const isBack = step?.phase === "adjoints";
  const valued = new Set(
    data.lines.slice(0, isBack ? undefined : (step?.row ?? 0) + 1).map(({ node }) => node),
  );
  const differentiated = isBack
    ? new Set(
        data.reverse
          .slice(0, step.row + 1)
          .flatMap(({ kind, sign, node }) => (kind === "contribution" && sign === "+=" ? [] : [node])),
      )
    : new Set<number>();
  const inner = (node: number): boolean => (data.graph.nodes[node]?.depth ?? 0) > 0;
  picture.show({
    hasValue: (node) => valued.has(node) || inner(node),
    hasDerivative: (node) => (mode.kind === "forward" ? valued.has(node) : differentiated.has(node)),
    current: step?.node ?? -1,
    sources: step?.sources ?? [],
    selected,
  });
}

const keys = "← → step · Home End · space plays · + − zoom · Esc";
const mostNamed = 12; // nodes that the text about a selection names

function selectionText({ graph }: PageData, selected: number | undefined): (Node | string)[] {
  const node = selected === undefined ? undefined : graph.nodes[selected];
  if (node === undefined) {
    const reach = reachText(graph).map((line) => `${line}. `);
    return [...reach, "Choose a node to see what it affects and what affects it. ", make("kbd", {}, keys)];
  }
  const list = (direction: "forward" | "backward"): (Node | string)[] => {
    const names = [...reachable(graph, node.id, direction)]
      .sort((a, b) => a - b)
      .map((id) => graph.nodes[id]?.name ?? "");
    if (names.length === 0) return ["nothing"];
    const rest = names.length > mostNamed ? [` and ${names.length - mostNamed} more`] : [];
    return [math(names.slice(0, mostNamed).join(", ")), ...rest];
  };
  return [
    math(node.name),
    make("span", { class: "after" }, " affects "),
    ...list("forward"),
    make("span", { class: "before" }, " and is affected by "),
    ...list("backward"),
  ];
}
