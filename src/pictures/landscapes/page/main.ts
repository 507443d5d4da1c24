import { byId } from "../../viz/page/dom.ts";
import type { PageChart, PageMap, PageRace, PageRun } from "../page-data.ts";

const wholeRun = 9000; // milliseconds that playing takes at the usual speed

/** Brings the page to life: races that are scrubbed, played, and whose runs are shown or hidden. */
export function start(): void {
  const races = JSON.parse(byId("data").textContent ?? "[]") as readonly PageRace[];
  const views = races.map(viewOf);
  hideRuns();
  if (views.length === 0) return;
  const last = Math.max(...races.map(({ steps }) => steps));
  const slider = byId("slider") as HTMLInputElement;
  const speed = byId("speed") as HTMLSelectElement;
  let at = last;
  let playing: { readonly frame: number; readonly time: number; readonly exact: number } | undefined;
  slider.max = String(last);

  function render(): void {
    slider.value = String(at);
    byId("count").textContent = `step ${at} / ${last}`;
    for (const view of views) view(at);
    for (const id of ["back", "first"]) (byId(id) as HTMLButtonElement).disabled = at === 0;
    for (const id of ["forth", "last"]) (byId(id) as HTMLButtonElement).disabled = at >= last;
  }

  function goTo(step: number): void {
    stop();
    at = Math.min(last, Math.max(0, step));
    render();
  }

  function stop(): void {
    if (playing !== undefined) cancelAnimationFrame(playing.frame);
    playing = undefined;
    byId("play").textContent = "Play";
    byId("play").setAttribute("aria-pressed", "false");
  }

  function frame(time: number): void {
    if (playing === undefined) return;
    const exact = playing.exact + ((time - playing.time) * last * Number(speed.value)) / wholeRun;
    at = Math.min(last, Math.floor(exact));
    render();
    if (at === last) stop();
    else playing = { frame: requestAnimationFrame(frame), time, exact };
  }

  function play(): void {
    if (playing !== undefined) {
      stop();
      return;
    }
    if (at === last) at = 0;
    byId("play").textContent = "Pause";
    byId("play").setAttribute("aria-pressed", "true");
    playing = { frame: requestAnimationFrame(frame), time: performance.now(), exact: at };
    render();
  }

  const moves: ReadonlyMap<string, (many: number) => void> = new Map<string, (many: number) => void>([
    ["first", () => goTo(0)],
    ["back", (many) => goTo(at - many)],
    ["play", play],
    ["forth", (many) => goTo(at + many)],
    ["last", () => goTo(last)],
  ]);
  for (const [id, move] of moves) byId(id).addEventListener("click", () => move(1));
  slider.addEventListener("input", () => goTo(Number(slider.value)));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const isOn = (controls: string): boolean =>
      event.target instanceof Element && event.target.closest(controls) !== null;
    if (isOn("select")) return; // it has keys of its own
    const name = moveOf(event.key, isOn("button, input"));
    if (name === undefined) return;
    event.preventDefault();
    moves.get(name)?.(event.shiftKey ? 10 : 1);
  });
  addEventListener("resize", render); // another drawing may be seen
  render();
}

function moveOf(key: string, isOnControl: boolean): string | undefined {
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
      return isOnControl ? undefined : "play"; // buttons and boxes answer to the space bar themselves
    default:
      return undefined;
  }
}

/** What shows a race at a step, on those of its drawings that are seen. */
function viewOf(race: PageRace): (step: number) => void {
  const section = byId(race.id);
  const drawings = [
    ...race.maps.map((map) => ({ svg: byId(map.id), show: mapView(map, race.runs) })),
    ...race.charts.map((chart) => ({ svg: byId(chart.id), show: chartView(chart) })),
  ];
  const values = race.runs.map((run, i) => ({ run, cell: section.querySelector(`[data-value="${i}"]`) }));
  return (step) => {
    const t = Math.min(step, race.steps);
    for (const { svg, show } of drawings) if (svg.getClientRects().length > 0) show(t);
    for (const { run, cell } of values) if (cell !== null) cell.textContent = valueAt(run, t);
  };
}

function mapView({ id, trails }: PageMap, runs: readonly PageRun[]): (step: number) => void {
  const svg = byId(id);
  const parts = trails.map((trail, i) => {
    const all = [...svg.querySelectorAll(`[data-run="${i}"]`)];
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

/** How many of the sorted steps are `t` or less. */
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

/** The boxes that show and hide runs. */
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
