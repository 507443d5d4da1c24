import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { checkFlag, checkOptions } from "../../../engine/errors/options.ts";
import { runSign } from "../../plot/markers.ts";
import { element, type Markup, writeMarkup } from "../../plot/markup.ts";
import { plainFonts } from "../../plot/palette.ts";
import { textLines } from "../../plot/picture.ts";
import { chartStyle, colourStyle } from "../../plot/style.ts";
import type { LossSlice } from "../loss-slice.ts";
import type { Race } from "../race.ts";
import type { RaceFigure, Study, StudyFigure } from "../study.ts";
import {
  besideMap,
  cellsOf,
  chartPart,
  type FigurePart,
  linesHeight,
  pairWidths,
  placed,
  raceMapPart,
  sliceMapPart,
  type ValuePart,
  valuePart,
} from "./figure.ts";
import { pathRun, sceneOf, sliceHills } from "./map.ts";
import { type MovingFigure, motionStyle } from "./motion.ts";
import { mapColours, mapStyle } from "./style.ts";
import { linesChart, pathChart } from "./value-chart.ts";
import {
  asStudy,
  constraintHead,
  constraintRows,
  mapCaption,
  raceSubtitle,
  regionWords,
  tableHead,
  tableRow,
} from "./words.ts";

const width = 1100;
const linesWidth = 860;
const margin = 20;
const lettersPerLine = 145;
const rowHeight = 24;

const pictureStyle = /* @__PURE__ */ `
svg{background:var(--paper);font-family:${plainFonts}}
.paper{fill:var(--paper)}
.dl .head{font-size:22px;font-weight:600}
.dl .panel{font-size:15px;font-weight:600}
.dl .text{font-size:13.5px}
.dl .soft{fill:var(--soft);font-size:12.5px}
.dl .cell{font-size:13px;font-variant-numeric:tabular-nums}
.dl .cell-head{fill:var(--soft);font-size:12.5px}
`.trim();

/** Options of `landscapeSvg`. */
export interface LandscapeSvgOptions {
  /**
   * True if the runs move in a loop, step by step. Viewers that do not animate pictures, and readers who prefer reduced motion, see
   * the complete runs. Default false.
   */
  readonly animated?: boolean;
}

/** Part of a picture with a known height, which can be drawn at any vertical position. */
interface SvgBlock {
  readonly height: number;
  /** The runs that the block draws, for their animation. Absent if it draws no map of runs. */
  readonly motion?: MovingFigure;
  readonly draw: (y: number) => readonly Markup[];
}

/**
 * Draws a study, a race or a loss slice as a standalone SVG picture that follows the viewer's light or dark mode. It needs no script, so
 * that an animated one also moves in a README.
 *
 * @throws DownhillError `option`
 * @example
 * const picture = landscapeSvg(race(findLandscape("bowl"), { adam: adam({ learningRate: 0.1 }) }));
 * picture.startsWith("<svg"); // true
 */
export function landscapeSvg(shown: Study | Race | LossSlice, options: LandscapeSvgOptions = {}): string {
  if (arguments.length > 2) refuseExtra("landscapeSvg", arguments, 2);
  checkOptions("landscapeSvg", options, ["animated"]);
  const { animated = false } = options;
  checkFlag("landscapeSvg", "animated", animated);
  return `${writeMarkup(drawLandscape(shown, animated))}\n`;
}

/** Draws the picture of {@link landscapeSvg}. */
export function drawLandscape(shown: Study | Race | LossSlice, isAnimated: boolean): Markup {
  const study = asStudy(shown);
  const blocks = [
    textBlock(study.title, "head", 34),
    ...textLines(study.claim, lettersPerLine).map((line) => textBlock(line, "text", 20)),
    ...study.findings.flatMap((finding) =>
      textLines(`• ${finding}`, lettersPerLine).map((line) => textBlock(line, "text", 20)),
    ),
    gap(14),
    ...study.figures.flatMap((figure, i) => [...figureBlocks(figure, `f${i}`), gap(26)]),
  ];
  let y = margin;
  const drawn: Markup[] = [];
  for (const block of blocks) {
    drawn.push(...block.draw(y));
    y += block.height;
  }
  const height = Math.ceil(y);
  const motion = blocks.flatMap((block) =>
    isAnimated && block.motion !== undefined ? [motionStyle(block.motion)] : [],
  );
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "dh-chart dl",
      role: "img",
      "aria-label": study.title,
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
    },
    element("title", {}, study.title),
    element("style", {}, [colourStyle, mapColours, chartStyle, mapStyle, pictureStyle, ...motion].join("\n")),
    element("rect", { class: "paper", width, height }),
    ...drawn,
  );
}

function figureBlocks(figure: StudyFigure, id: string): SvgBlock[] {
  const title = figure.title === "" ? [] : [textBlock(figure.title, "panel", 24)];
  const note =
    figure.note === undefined
      ? []
      : textLines(figure.note, lettersPerLine).map((line) => textBlock(line, "soft", 19));
  switch (figure.kind) {
    case "race":
      return [...title, ...raceBlocks(figure, id), ...note];
    case "lines": {
      const part = chartPart(linesChart(figure), linesWidth, linesHeight);
      return [...title, { height: part.height, draw: (y) => [placed(part, margin, y)] }, ...note];
    }
    case "slice": {
      const map = sliceMapPart(figure, sliceHills(figure.slice), pairWidths.map, `${id}-map`);
      const path = pathChart(figure.slice);
      const chart = path === undefined ? undefined : chartPart(path, pairWidths.chart, besideMap);
      return [
        ...title,
        {
          height: map.height,
          motion: {
            name: id,
            runs: map.trails.map((trail) => ({ trail, index: pathRun, isLost: false })),
            steps: figure.slice.path.length - 1,
            across: 0,
          },
          draw: (y) => [
            element("g", { class: id }, placed(map, margin, y)),
            ...(chart === undefined ? [] : [placed(chart, margin + map.width, y)]),
          ],
        },
        textBlock(map.caption, "soft", 20),
        ...note,
      ];
    }
    case "table":
      return [...title, ...tableBlocks(figure.head, cellsOf(figure), false), ...note];
    default:
      return figure satisfies never;
  }
}

function raceBlocks({ race }: RaceFigure, id: string): SvgBlock[] {
  const map = raceMapPart(race, sceneOf(race), pairWidths.map, `${id}-map`);
  const chart = valuePart(race, pairWidths.chart);
  const caption = mapCaption(race, map.caption);
  return [
    textBlock(raceSubtitle(race), "soft", 22),
    {
      height: map.height,
      motion: {
        name: id,
        runs: map.trails.map((trail, index) => ({
          trail,
          index,
          isLost: race.runs[index]!.outcome === "diverged",
        })),
        steps: race.steps,
        across: chart.perStep * race.steps,
      },
      draw: (y) => [
        element("g", { class: id }, placed(map, margin, y), placed(withLine(chart), margin + map.width, y)),
      ],
    },
    ...(caption === "" ? [] : [textBlock(caption, "soft", 26)]),
    ...tableBlocks(
      tableHead(race),
      race.runs.map((run) => tableRow(race, run)),
      true,
    ),
    ...(race.region === undefined
      ? []
      : [
          gap(10),
          ...textLines(regionWords(race.region), lettersPerLine).map((line) => textBlock(line, "text", 20)),
          ...tableBlocks(constraintHead, constraintRows(race.region), false),
        ]),
  ];
}

/** Adds to a chart of values the line at its first step, which moves in an animated picture. */
function withLine(chart: ValuePart): FigurePart {
  const { left: x, box } = chart;
  const now = element("line", {
    class: "now",
    visibility: "hidden",
    x1: x,
    x2: x,
    y1: box.y,
    y2: box.y + box.height,
  });
  return { ...chart, markup: [...chart.markup, now] };
}

/** Draws a table. The first column is wide, and contains the markers of the runs if `hasSigns` is true. */
function tableBlocks(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  hasSigns: boolean,
): SvgBlock[] {
  const first = hasSigns ? 420 : 300;
  const each = Math.min(170, (width - 2 * margin - first) / Math.max(1, head.length - 1));
  const cells = (row: readonly string[], kind: string, y: number): Markup[] =>
    row.map((cell, i) =>
      element(
        "text",
        i === 0
          ? { class: kind, x: margin + (hasSigns ? 40 : 0), y }
          : { class: kind, x: margin + first + each * i - 20, y, "text-anchor": "end" },
        cell,
      ),
    );
  return [
    {
      height: rowHeight,
      draw: (y) => [
        ...cells(head, "cell-head", y + 15),
        element("line", {
          class: "axis",
          x1: margin,
          x2: margin + first + each * (head.length - 1),
          y1: y + 22,
          y2: y + 22,
        }),
      ],
    },
    ...rows.map((row, i): SvgBlock => ({
      height: rowHeight,
      draw: (y) => [
        ...(hasSigns ? [element("g", { transform: `translate(${margin} ${y + 13})` }, runSign(i))] : []),
        ...cells(row, "cell", y + 17),
      ],
    })),
  ];
}

function textBlock(text: string, kind: string, height: number): SvgBlock {
  return {
    height,
    draw: (y) =>
      text === "" ? [] : [element("text", { class: kind, x: margin, y: y + height * 0.72 }, text)],
  };
}

function gap(height: number): SvgBlock {
  return { height, draw: () => [] };
}
