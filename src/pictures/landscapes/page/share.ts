import {
  copyAs,
  fileName,
  type GifEncoder,
  makeShare,
  pictureActions,
  programActions,
  saveFile,
} from "../../plot/page/share.ts";
import { byId } from "../../viz/page/dom.ts";
import { motionStyle } from "../draw/motion.ts";
import type { PageRuns } from "../page-data.ts";

/** The step that the page shows, its last step, and a function that draws a figure at another step. */
export interface ShownStep {
  readonly step: () => number;
  readonly last: number;
  readonly at: <T>(step: number, draw: () => T) => T;
}

const mostFrames = 60; // of a GIF
const frameDelay = 120; // milliseconds
const restDelay = 1500; // milliseconds; duration of the last frame

/** Adds a Share button to a figure with runs: its picture, its animation, a link to the step, its program. */
export function shareRuns(figure: PageRuns, { step, last, at }: ShownStep, gifOf: GifEncoder): void {
  const section = byId(figure.id);
  const title = section.querySelector("h2")?.textContent ?? document.title;
  const name = fileName(title);
  const share = makeShare(title, () => [
    {
      name: "Copy link",
      run: () => copyAs("Link", `${location.href.replace(/#.*$/, "")}#step=${step()}`),
    },
    ...programActions(),
    ...pictureActions({ name, svg: () => drawingOf(figure, "") }),
    {
      name: "Save as animation",
      run: () =>
        saveFile(
          at(last, () => drawingOf(figure, motionOf(figure))),
          `${name}-animated.svg`,
          "image/svg+xml",
        ),
    },
    {
      name: "Save as GIF",
      run: async (say) => {
        const count = Math.min(last, mostFrames);
        const frames = Array.from({ length: count + 1 }, (_, k) => ({
          svg: at(Math.round((k * last) / Math.max(1, count)), () => drawingOf(figure, "")),
          delay: k < count ? frameDelay : restDelay,
        }));
        const gif = await gifOf(frames, (i, n) => say(`Drawing frame ${i} of ${n} …`));
        return saveFile(gif, `${name}.gif`, "image/gif");
      },
    },
  ]);
  section.querySelector(".pair")!.after(share);
}

/** Writes the visible drawings of a figure side by side as standalone SVG, with the style of the page. */
function drawingOf({ id, charts }: PageRuns, motion: string): string {
  const shown = [...byId(id).querySelectorAll<SVGSVGElement>(".pair svg")].filter(
    (svg) => svg.getClientRects().length > 0 && svg.closest("button") === null,
  );
  let [width, height] = [0, 0];
  const parts = shown.map((svg) => {
    const part = document.createElementNS("http://www.w3.org/2000/svg", "g");
    const { width: across, height: down } = svg.viewBox.baseVal;
    part.setAttribute("class", `${svg.getAttribute("class") ?? ""} ${id}`);
    part.setAttribute("transform", `translate(${width} 0)`);
    part.append(...[...svg.childNodes].map((child) => child.cloneNode(true)));
    const chart = charts.find((one) => one.id === svg.id);
    const line = part.querySelector(".cursor");
    if (motion !== "" && chart !== undefined && line !== null) {
      line.setAttribute("class", "now");
      for (const end of ["x1", "x2"]) line.setAttribute(end, String(chart.left));
    }
    [width, height] = [width + across, Math.max(height, down)];
    return part;
  });
  const whole = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  whole.setAttribute("width", String(width));
  whole.setAttribute("height", String(height));
  whole.setAttribute("viewBox", `0 0 ${width} ${height}`);
  whole.style.background = "var(--paper)";
  const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
  style.textContent = `${document.querySelector("style")?.textContent ?? ""}\n${motion}`;
  whole.append(style, ...parts);
  return new XMLSerializer().serializeToString(whole);
}

/** Style rules that play the visible map of a figure. */
function motionOf({ id, steps, runs, maps, charts }: PageRuns): string {
  const map = maps.find((one) => byId(one.id).getClientRects().length > 0);
  const chart = charts.find((one) => byId(one.id).getClientRects().length > 0);
  return motionStyle({
    name: id,
    steps,
    across: chart === undefined ? 0 : chart.perStep * steps,
    runs: (map?.trails ?? []).map(({ run, at, xy, exit, lastInside }, i) => ({
      index: run,
      isLost: runs[i]?.isLost ?? false,
      trail: {
        steps: at,
        spots: at.map((_, k) => [xy[2 * k]!, xy[2 * k + 1]!] as const),
        exit: exit ?? undefined,
        lastInside,
      },
    })),
  });
}
