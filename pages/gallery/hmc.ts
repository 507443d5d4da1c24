import { exp, neg, type Tensor } from "downhill";
import { draws, proposalPath, sample } from "../examples/hmc/sampler.ts";
import { targets } from "../examples/hmc/targets.ts";
import { contourMap, contourSize } from "../live/contour-map.ts";
import { shades } from "../live/shades.ts";
import { element } from "../../src/pictures/plot/markup.ts";
import { dots, line, picture, size } from "./film.ts";

const span = [
  [-3.4, 3.4],
  [-2.4, 3.4],
] as const;
const shown = 16; // paths that are drawn one after the other
const cycle = 12; // seconds
const target = "banana";

/** Paths of Hamiltonian Monte Carlo through a curved density, and the draws that they end in. */
export function drawHmc(): string {
  const question = { target, stepSize: 0.1, steps: 18 } as const;
  const { points, momenta } = sample({ ...question, starts: [[-2.5, 2]], seed: 2 });
  const [chain] = points;
  const value = (at: Tensor): Tensor => exp(neg(targets[target].energy(at.at(0), at.at(1))));
  const map = contourMap("gallery", { value, coordinates: ["x", "y"], saddles: [], lowest: 0 }, span, 72);
  const colours = shades(map.paths.length + 1);
  const place = ([x, y]: readonly number[]): readonly [number, number] => [
    ((x! - span[0][0]) / (span[0][1] - span[0][0])) * size.width,
    ((span[1][1] - y!) / (span[1][1] - span[1][0])) * size.height,
  ];
  const first = 20; // the chain has settled
  const paths = Array.from({ length: shown }, (_, k) =>
    proposalPath(question, chain![first + k]!, momenta[first + k]![0]!).map(place),
  );
  const share = 100 / shown;
  const style = {
    still: `.p{fill:none;stroke:var(--run-1);stroke-width:2.2;stroke-linejoin:round;stroke-dasharray:1;opacity:.35}.d{fill:none;stroke:var(--run-0);stroke-width:3.6;stroke-linecap:round;opacity:.55}.n{fill:var(--run-1);stroke:var(--paper);stroke-width:1.5}`,
    moving: `@keyframes p{0%{stroke-dashoffset:1;opacity:1}${share.toFixed(2)}%{stroke-dashoffset:0;opacity:1}${(3 * share).toFixed(2)}%{opacity:.2}90%{opacity:.2}100%{stroke-dashoffset:0;opacity:0}}@keyframes n{0%,${(0.9 * share).toFixed(2)}%{opacity:0}${share.toFixed(2)}%,90%{opacity:1}100%{opacity:0}}.p{animation:p ${cycle}s linear infinite backwards}.n{animation:n ${cycle}s linear infinite backwards}${paths.map((_, k) => `.k${k}{animation-delay:${((k * cycle) / shown).toFixed(2)}s}`).join("")}`,
  };
  const scale = `scale(${size.width / contourSize.width} ${(size.height / contourSize.height).toFixed(4)})`;
  return picture(
    "Hamiltonian Monte Carlo: paths roll through a curved density, and each ends in a draw",
    style,
    element("rect", { width: size.width, height: size.height, style: `fill:${colours[0]!}` }),
    element(
      "g",
      { transform: scale },
      ...map.paths.map((d, i) =>
        element("path", { "fill-rule": "evenodd", d, style: `fill:${colours[i + 1]!}` }),
      ),
    ),
    element("path", { class: "d", d: dots(chain!.slice(first, Math.min(draws, 260)).map(place)) }),
    ...paths.map((path, k) => element("path", { class: `p k${k}`, pathLength: 1, d: line(path) })),
    ...paths.map((path, k) => {
      const [x, y] = path.at(-1)!;
      return element("circle", { class: `n k${k}`, cx: Math.round(x), cy: Math.round(y), r: 4 });
    }),
  );
}
