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

/** Brings the page to life: lists, picture, controls and keys over the data that it carries. */
export function start(): void {
  const data = JSON.parse(byId("data").textContent ?? "") as PageData;
  const modes = modesOf(data);
  let mode: Mode = modes[0]!.mode;
  let steps = stepsOf(data, mode);
  let at = 0;
  let selected: number | undefined;
  let timer: number | undefined;
  let lists = makeLists(data, mode, goToRow);
  const picture = makePicture(byId("picture"), byId("chips"), (node) => {
    selected = node === selected ? undefined : node;
    render();
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
    render();
  }

  function goTo(step: number): void {
    at = Math.min(steps.length - 1, Math.max(0, step));
    if (at === steps.length - 1) stop();
    render();
  }

  function goToRow(phase: Step["phase"], row: number): void {
    const found = steps.findIndex((step) => step.phase === phase && step.row >= row);
    if (found >= 0) goTo(found);
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
    byId("play").textContent = "Play";
    byId("play").setAttribute("aria-pressed", "false");
  }

  function play(): void {
    if (timer !== undefined) {
      stop();
      return;
    }
    if (at === steps.length - 1) goTo(0);
    timer = window.setInterval(() => goTo(at + 1), playEvery);
    byId("play").textContent = "Pause";
    byId("play").setAttribute("aria-pressed", "true");
  }

  function render(): void {
    const step = steps[at];
    slider.value = String(at);
    byId("count").textContent = `${at + 1} / ${steps.length}`;
    byId("caption").replaceChildren(...setCaption(step?.caption ?? []));
    showLists(lists, step);
    showPicture(picture, data, steps, at, mode, selected);
    byId("selection").replaceChildren(...selectionText(data, selected));
    lists.end?.classList.toggle("is-ahead", at < steps.length - 1);
    (byId("back") as HTMLButtonElement).disabled = at === 0;
    (byId("first") as HTMLButtonElement).disabled = at === 0;
    (byId("forth") as HTMLButtonElement).disabled = at >= steps.length - 1;
    (byId("last") as HTMLButtonElement).disabled = at >= steps.length - 1;
  }

  const tabs = modes.map(({ mode: other, label }) => {
    const button = make("button", { type: "button" }, ...setCaption(label));
    button.addEventListener("click", () => setMode(other));
    return { button, mode: other };
  });
  byId("modes").replaceChildren(...tabs.map(({ button }) => button));

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
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const onControl = event.target instanceof Element && event.target.closest("button, input") !== null;
    const move = keyMove(event.key, onControl);
    if (move === undefined) return;
    event.preventDefault();
    if (move === "unselect") {
      selected = undefined;
      render();
    } else moves.get(move)?.();
  });
  const hasArrays = data.lines.some(({ value }) => value.includes("["));
  const isLong = data.lines.some(
    ({ right }, i) => right.length + (data.tangents[i]?.right.length ?? 0) > longestPair,
  );
  byId("lists").classList.toggle("has-arrays", hasArrays);
  byId("lists").classList.toggle("is-stacked", hasArrays || isLong);
  if (data.title.includes(" = ")) byId("title").replaceChildren(math(data.title));
  // The column of left-hand sides is as wide as the longest, within reason.
  const longest = [...data.lines, ...data.reverse].reduce((most, { left }) => Math.max(most, left.length), 0);
  byId("lists").style.setProperty("--left", `${Math.min(14, Math.max(4.4, longest * 0.5 + 1))}em`);
  setMode(mode);
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
