import type { MarkSpec } from "../../plot/chart-spec.ts";
import type { GifEncoder } from "../../plot/page/share.ts";
import { listenToKeys, makePlayer, type Move, showControls } from "../../viz/page/controls.ts";
import { byId } from "../../viz/page/dom.ts";
import type { PageChart, PageMap, PageRun, PageRuns } from "../page-data.ts";
import { shareRuns } from "./share.ts";

const wholeRun = 9000; // milliseconds; duration of playback at the usual speed

/** Starts the page: stepping, playing, showing or hiding runs, and sharing. `gifOf` draws the GIFs. */
export function start(gifOf: GifEncoder): void {
  const figures = JSON.parse(byId("data").textContent ?? "[]") as readonly PageRuns[];
  const views = figures.map(viewOf);
  hideRuns();
  if (views.length === 0) return;
  const last = Math.max(...figures.map(({ steps }) => steps));
  const word = figures.every(({ unit }) => unit === "state") ? "state" : "step";
  const [first, back, forth, end] = ["first", "back", "forth", "last"].map(
    (id) => byId(id) as HTMLButtonElement,
  ) as [HTMLButtonElement, HTMLButtonElement, HTMLButtonElement, HTMLButtonElement];
  const slider = byId("slider") as HTMLInputElement;
  const speed = byId("speed") as HTMLSelectElement;
  const controls = { first, back, forth, last: end, slider, count: byId("count") };
  let at = last;

  function show(step: number): void {
    at = Math.min(last, Math.max(0, step));
    if (at === last) player.stop();
    showControls(controls, at, last, `${word} ${at} / ${last}`);
    for (const view of views) view(at);
  }
  const player = makePlayer(
    byId("play"),
    () => (last * Number(speed.value)) / wholeRun,
    (steps) => show(at + steps),
  );
  const goTo = (step: number): void => {
    player.stop();
    show(step);
  };
  const moves: Readonly<Partial<Record<Move, (many: number) => void>>> = {
    first: () => goTo(0),
    back: (many) => goTo(at - many),
    play: () => {
      if (player.isPlaying()) return player.stop();
      if (at === last) show(0);
      player.start();
    },
    forth: (many) => goTo(at + many),
    last: () => goTo(last),
  };
  for (const [id, move] of Object.entries(moves)) byId(id).addEventListener("click", () => move(1));
  slider.addEventListener("input", () => goTo(Number(slider.value)));
  listenToKeys(document, (move, many) => moves[move]?.(many));
  addEventListener("resize", () => show(at)); // another drawing may become visible
  for (const [i, figure] of figures.entries()) {
    const drawAt = <T>(step: number, draw: () => T): T => {
      views[i]!(step);
      const drawn = draw();
      views[i]!(at);
      return drawn;
    };
    shareRuns(figure, { step: () => at, last, at: drawAt }, gifOf);
  }
  const [, shared] = /^#step=(\d+)$/.exec(location.hash) ?? [];
  show(shared === undefined ? last : Number(shared));
}

/** Returns a function that shows a figure at a step, in those of its drawings that are visible. */
function viewOf({ id, steps, unit, runs, maps, charts }: PageRuns): (step: number) => void {
  const section = byId(id);
  const drawings = [
    ...maps.map((map) => ({ svg: byId(map.id), show: mapView(map, runs) })),
    ...charts.map((chart) => ({ svg: byId(chart.id), show: chartView(chart) })),
  ];
  const values = runs.map((run, i) => ({ run, cell: section.querySelector(`[data-value="${i}"]`) }));
  const touchable = section.querySelectorAll(".chart-place");
  return (step) => {
    const t = Math.min(step, steps);
    for (const { svg, show } of drawings) if (svg.getClientRects().length > 0) show(t);
    for (const { run, cell } of values) if (cell !== null) cell.textContent = valueAt(run, t);
    const marks: readonly MarkSpec[] = [{ x: t, label: `${unit} ${t}: ${valueAt(runs[0]!, t)}` }];
    for (const chart of touchable) chart.dispatchEvent(new CustomEvent("dh-marks", { detail: marks }));
  };
}

function mapView({ id, trails }: PageMap, runs: readonly PageRun[]): (step: number) => void {
  const svg = byId(id);
  const parts = trails.map((trail, i) => {
    const all = [...svg.querySelectorAll(`[data-run="${trail.run}"]`)];
    const drawn = all.find((node) => !node.classList.contains("head"));
    return {
      trail,
      isLost: runs[i]?.isLost ?? false,
      lines: [...(drawn?.querySelectorAll(".halo, .trail") ?? [])],
      dots: drawn?.querySelector(".dot") ?? undefined,
      head: all.find((node) => node.classList.contains("head")),
    };
  });
  return (t) => {
    for (const { trail, isLost, lines, dots, head } of parts) {
      const shown = Math.max(1, countUpTo(trail.at, t));
      const spots = Array.from(
        { length: shown },
        (_, k) => [trail.xy[2 * k]!, trail.xy[2 * k + 1]!] as const,
      );
      const d = spots.map(([x, y], k) => `${k === 0 ? "M" : "L"}${x},${y}`).join("");
      for (const line of lines) line.setAttribute("d", d);
      dots?.setAttribute("d", spots.map(([x, y]) => `M${x - 2},${y}a2,2 0 1,0 4,0a2,2 0 1,0 -4,0`).join(""));
      const isGone = trail.exit !== null && shown === trail.at.length;
      const [x, y] = isGone ? trail.exit : spots.at(-1)!;
      head?.setAttribute("transform", `translate(${x} ${y})`);
      head?.classList.toggle("is-lost", isLost && shown === trail.at.length);
    }
  };
}

function chartView({ id, left, perStep }: PageChart): (step: number) => void {
  const svg = byId(id);
  const reveal = svg.querySelector(".inside");
  const cursor = svg.querySelector(".cursor");
  return (t) => {
    reveal?.setAttribute("width", String(Math.max(1, t * perStep)));
    const x = String(left + t * perStep);
    cursor?.setAttribute("x1", x);
    cursor?.setAttribute("x2", x);
  };
}

/** Returns the number of entries of a sorted array that are at most `t`. */
function countUpTo(at: readonly number[], t: number): number {
  let [low, high] = [0, at.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at[middle]! <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

function valueAt({ values, every }: PageRun, t: number): string {
  const place = Math.floor(t / every);
  return place < values.length ? values[place]! : "–";
}

/** Connects the checkboxes that show and hide runs. */
function hideRuns(): void {
  for (const box of document.querySelectorAll<HTMLInputElement>("input[data-shows]")) {
    const section = box.closest("section");
    box.addEventListener("change", () => {
      const run = box.dataset["shows"]!;
      for (const node of section?.querySelectorAll(`svg :is([data-run="${run}"], [data-series="${run}"])`) ??
        []) {
        node.classList.toggle("is-off", !box.checked);
      }
    });
  }
}
