// Draws docs/pictures/descent.svg, the picture at the top of the README: three optimisers descending a landscape step
// by step. It follows the reader's choice of light or dark, and does not move for readers who prefer reduced motion.
//
// Usage: node scripts/moving-picture.mjs [--check]
//     --check only reports whether the file is up to date
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { importTypeScript } from "./bundle.mjs";

const file = fileURLToPath(new URL("../docs/pictures/descent.svg", import.meta.url));

/**
 * @typedef {typeof import("../src/pictures/landscapes/index.ts")
 *   & typeof import("../src/numeric/optim/index.ts")
 *   & typeof import("../src/pictures/landscapes/draw/map.ts")
 *   & typeof import("../src/pictures/landscapes/draw/style.ts")
 *   & typeof import("../src/pictures/plot/palette.ts")
 *   & typeof import("../src/pictures/plot/markup.ts")} Drawing
 */
const d = /** @type {Drawing} */ (
  await importTypeScript(`
  export { race, findLandscape } from "./src/pictures/landscapes/index.ts";
  export { adam, sgd } from "./src/numeric/optim/index.ts";
  export { sceneOf } from "./src/pictures/landscapes/draw/map.ts";
  export { mapColours, mapStyle } from "./src/pictures/landscapes/draw/style.ts";
  export { colourProperties, plainFonts, runClass, runStyle } from "./src/pictures/plot/palette.ts";
  export { element, writeMarkup } from "./src/pictures/plot/markup.ts";
`)
);

const [width, height] = [720, 400]; // user units of the picture
const legendHeight = 46;
const steps = 90;
const seconds = 9; // of a run; in the last tenth it does not move
const moving = 0.88; // share of the time in which steps are taken

const racers = {
  "gradient descent": d.sgd({ learningRate: 0.008 }),
  "with momentum": d.sgd({ learningRate: 0.002, momentum: 0.9 }),
  Adam: d.adam({ learningRate: 0.3 }),
};
const run = d.race(d.findLandscape("himmelblau"), racers, { steps });
const { plane, hills } = d.sceneOf(run);
const [[left, right] = [0, 1], [bottom, top] = [0, 1]] = plane.domain;
const hillSize = { width: 524, height: 432 }; // of the plot that the contours cover

/** @param {readonly number[]} point @returns {readonly [x: number, y: number]} */
const spotOf = ([x = 0, y = 0]) => [
  ((x - left) / (right - left)) * width,
  ((top - y) / (top - bottom)) * height,
];
/** @param {number} value */
const short = (value) => Number(value.toFixed(1)).toString();

const paths = run.runs.map(({ name, points }, i) => {
  const spots = points.map(spotOf);
  const lengths = spots.map(([x, y], k) => {
    const [fromX, fromY] = spots[k - 1] ?? [x, y];
    return Math.hypot(x - fromX, y - fromY);
  });
  let travelled = 0;
  const far = lengths.map((length) => (travelled += length));
  const at = spots.map((_, k) => ((k / (spots.length - 1)) * moving * 100).toFixed(2));
  const trail = spots.map(
    (_, k) => `${at[k]}%{stroke-dashoffset:${(1 - (far[k] ?? 0) / travelled).toFixed(4)}}`,
  );
  const ball = spots.map(([x, y], k) => `${at[k]}%{transform:translate(${short(x)}px,${short(y)}px)}`);
  const [endX, endY] = spots.at(-1) ?? spotOf(run.start);
  return {
    name,
    end: `translate(${short(endX)}px,${short(endY)}px)`,
    d: spots.map(([x, y], k) => `${k === 0 ? "M" : "L"}${short(x)} ${short(y)}`).join(""),
    keyframes: `@keyframes t${i}{${trail.join("")}to{stroke-dashoffset:0}}@keyframes b${i}{${ball.join("")}to{transform:translate(${short(endX)}px,${short(endY)}px)}}`,
  };
});

const style = `
svg{color-scheme:light dark;${d.colourProperties};font-family:${d.plainFonts.replaceAll('"', "'")}}
${d.mapColours.replace(":root", "svg")}
${d.runStyle}
${d.mapStyle}
.paper{fill:var(--paper)}
.dl .hill{fill-opacity:.026}
.dl .trail{stroke-width:2.6;stroke-dasharray:1}
.dl .name{fill:var(--ink);font-size:17px}
.dl .ball{fill:var(--run);stroke:var(--paper);stroke-width:1.5}
${paths.map(({ end }, i) => `.b${i}{transform:${end}}`).join("")}
@media (prefers-reduced-motion:no-preference){
${paths.map(({ keyframes }, i) => `${keyframes}.t${i}{animation:t${i} ${seconds}s linear infinite}.b${i}{animation:b${i} ${seconds}s linear infinite}`).join("\n")}
}`.trim();

const { element: e } = d;
const [startX, startY] = spotOf(run.start);
const scale = `${(width / hillSize.width).toFixed(4)} ${(height / hillSize.height).toFixed(4)}`;
const nameWidth = width / paths.length;
const markup = e(
  "svg",
  {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${width} ${height + legendHeight}`,
    class: "dl",
    role: "img",
    "aria-label": `Gradient descent, gradient descent with momentum, and Adam from one start on Himmelblau's function, ${steps} steps`,
  },
  e("style", {}, style),
  e("clipPath", { id: "map" }, e("rect", { width, height })),
  e("rect", { class: "paper", width, height: height + legendHeight }),
  e(
    "g",
    { "clip-path": "url(#map)" },
    e(
      "g",
      { transform: `scale(${scale})` },
      ...(hills?.paths ?? []).flatMap((path) => [
        e("path", { class: "hill", "fill-rule": "evenodd", d: path }),
        e("path", { class: "level", d: path }),
      ]),
    ),
    ...paths.flatMap(({ d: path }, i) => [
      e("path", { class: `${d.runClass(i)} t${i} trail`, pathLength: 1, d: path }),
    ]),
    e("circle", { class: "start", cx: short(startX), cy: short(startY), r: 5 }),
    ...paths.map((_, i) => e("circle", { class: `${d.runClass(i)} b${i} ball`, r: 6.5 })),
  ),
  e("rect", { class: "frame", x: 0.5, y: 0.5, width: width - 1, height: height - 1 }),
  ...paths.flatMap(({ name }, i) => [
    e("circle", { class: `${d.runClass(i)} ball`, cx: i * nameWidth + 22, cy: height + 25, r: 6.5 }),
    e("text", { class: "name", x: i * nameWidth + 36, y: height + 31 }, name),
  ]),
);
const svg = `${d.writeMarkup(markup)}\n`;

if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== svg) {
    console.error("docs/pictures/descent.svg is out of date: node scripts/moving-picture.mjs makes it");
    process.exitCode = 1;
  }
} else {
  writeFileSync(file, svg);
  console.log(`docs/pictures/descent.svg: ${(svg.length / 1000).toFixed(0)} KB`);
}
