import { digitImages, digitLabels } from "../examples/vae/data.ts";
import { codesOf, paramsOf, picturesOf, side, type Snapshot } from "../examples/vae/model.ts";
import { train } from "../examples/vae/training.ts";
import { element } from "../../src/pictures/plot/markup.ts";
import { dots, film, keyframes, line, picture, short, styles } from "./film.ts";

const epochs = 40;
const frames = 36;
const seconds = 9;
const shades = 5; // of ink
const cell = 17; // pixels
const reach = 2.6; // half width of the shown plane of codes
const plane = { left: 6, top: 6, size: 228 } as const;
const decoded = { left: 246, top: 52 } as const;
const most = 700; // codes

/** The plane of codes of a variational autoencoder, and the digits that a point on it is decoded to. */
export async function drawVae(): Promise<string> {
  let last: Snapshot | undefined;
  await train({ seed: 1, rate: 0.005, beta: 1, epochs }, ({ snapshot }) => (last = snapshot));
  const params = paramsOf(last!);
  const labels = digitLabels();
  const spot = ([x, y]: readonly number[]): readonly [number, number] => [
    plane.left + ((x! + reach) / (2 * reach)) * plane.size,
    plane.top + ((reach - y!) / (2 * reach)) * plane.size,
  ];
  const codes = codesOf(params, digitImages(0, most));
  const isInside = (code: readonly number[]): boolean => code.every((z) => Math.abs(z) < reach);
  const classes = Array.from({ length: 10 }, (_, label) =>
    codes.filter((code, i) => labels[i] === label && isInside(code)).map(spot),
  );
  const way = Array.from({ length: frames }, (_, k): readonly [number, number] => {
    const t = (2 * Math.PI * k) / frames;
    return [1.5 * Math.sin(t), 1.5 * Math.sin(2 * t + 0.6)];
  });
  const pictures = picturesOf(params, way).map((ink) =>
    Array.from({ length: shades }, (_, shade) => {
      const d = ink
        .flatMap((x, i) =>
          Math.min(shades, Math.floor(x * (shades + 1))) === shade + 1
            ? [`M${i % side} ${Math.floor(i / side)}h1v1h-1z`]
            : [],
        )
        .join("");
      return element("path", { class: `i${shade}`, d });
    }),
  );
  const placed = pictures.map((paths) => [
    element("g", { transform: `translate(${decoded.left} ${decoded.top}) scale(${cell * 0.77})` }, ...paths),
  ]);
  const { strip, style } = film(placed, { seconds, still: 4 });
  const spots = [...way, way[0]!].map(spot);
  const moves = spots.map(([x, y]) => `transform:translate(${short(x)}px,${short(y)}px)`);
  const look = {
    still: `.c{fill:none;stroke-width:4.4;stroke-linecap:round;opacity:.7}.w{fill:none;stroke:var(--ink);stroke-opacity:.5;stroke-dasharray:3 4}.m{fill:var(--paper);stroke:var(--ink);stroke-width:2.5;${moves[4]!}}.film path{fill:var(--ink)}${Array.from({ length: shades }, (_, i) => `.i${i}{fill-opacity:${short((i + 1) / shades)}}`).join("")}`,
    moving: `${keyframes("m", moves)}.m{animation:m ${seconds}s linear infinite}`,
  };
  const box = cell * 0.77 * side;
  return picture(
    "A point moves over the plane of codes, and the digit that it is decoded to changes",
    styles(look, style),
    ...classes.map((spots_, i) =>
      element("path", { class: "c", style: `stroke:${colourOf(i)}`, d: dots(spots_) }),
    ),
    element("path", { class: "w", d: `${line(spots.slice(0, -1))}Z` }),
    element("circle", { class: "m", r: 7 }),
    element("rect", {
      x: decoded.left - 4,
      y: decoded.top - 4,
      width: short(box + 8),
      height: short(box + 8),
      fill: "var(--box)",
      stroke: "var(--line)",
    }),
    strip,
  );
}

/** Colour of a class: the colours of runs for the first eight classes, lighter colours for the last two. */
function colourOf(label: number): string {
  return label < 8 ? `var(--run-${label})` : label === 8 ? "var(--faint)" : "light-dark(#0aa5c9,#52d5f2)";
}
