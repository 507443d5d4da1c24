import { descentOf } from "../live/descent.ts";
import { contourMap, contourSize } from "../live/contour-map.ts";
import { readGround } from "../live/ground.ts";
import { optimizerOf, type Racer, racerOf } from "../live/racers.ts";
import { shades } from "../live/shades.ts";
import { zoo } from "../../src/pictures/landscapes/zoo.ts";
import { element } from "../../src/pictures/plot/markup.ts";
import { keyframes, line, picture, short, size } from "./film.ts";

const steps = 40;
const seconds = 6;
const moving = 0.92; // fraction of the time in which steps are taken
const racers: readonly Racer[] = [
  racerOf("sgd", { lr: 0.05 }),
  racerOf("momentum", { lr: 0.05, momentum: 0.9 }),
  racerOf("adam", { lr: 0.05 }),
];

/** Gradient descent, momentum and Adam near a saddle, where plain descent stays for long. */
export function drawRace(): string {
  const { definition, domain } = zoo["saddle"]!;
  const box = domain as readonly [readonly [number, number], readonly [number, number]];
  const { landscape } = readGround(definition as string);
  const map = contourMap("gallery", landscape, box, 60);
  const colours = shades(map.paths.length + 1);
  const [[x0, x1], [y0, y1]] = box;
  const place = ([x, y]: readonly number[]): readonly [number, number] => [
    Math.min(999, Math.max(-999, ((x! - x0) / (x1 - x0)) * size.width)),
    Math.min(999, Math.max(-999, ((y1 - y!) / (y1 - y0)) * size.height)),
  ];
  const runs = racers.map((racer) => {
    const run = descentOf<Record<string, number>>(
      (point) => landscape.value(point),
      (settings) => optimizerOf(racer, steps, settings),
      steps,
    );
    return run([-1.5, 0.02], racer.settings).points.map(place);
  });
  const balls = runs.map((points, i) => {
    const all = Array.from({ length: steps + 1 }, (_, k) => points[Math.min(k, points.length - 1)]!);
    const rules = all.map(([x, y]) => `transform:translate(${short(x)}px,${short(y)}px)`);
    let travelled = 0;
    const far = all.map(([x, y], k) => {
      const [fromX, fromY] = all[Math.max(0, k - 1)]!;
      return (travelled += Math.hypot(x - fromX, y - fromY));
    });
    const trail = far.map((length) => `stroke-dashoffset:${(1 - length / travelled).toFixed(3)}`);
    return {
      d: line(points),
      still: rules.at(-1)!,
      frames: keyframes(`b${i}`, rules, moving) + keyframes(`t${i}`, trail, moving),
    };
  });
  const style = {
    still: `.t{fill:none;stroke-width:2.4;stroke-linejoin:round;stroke-dasharray:1}.b{stroke:var(--paper);stroke-width:1.5}${balls.map(({ still }, i) => `.b${i}{${still};fill:var(--run-${i})}.t${i}{stroke:var(--run-${i})}`).join("")}`,
    moving: balls
      .map(
        ({ frames }, i) =>
          `${frames}.b${i}{animation:b${i} ${seconds}s linear infinite}.t${i}{animation:t${i} ${seconds}s linear infinite}`,
      )
      .join(""),
  };
  const scale = `scale(${short(size.width / contourSize.width)} ${(size.height / contourSize.height).toFixed(4)})`;
  return picture(
    "Gradient descent, momentum and Adam leave a saddle one after the other",
    style,
    element("rect", { width: size.width, height: size.height, style: `fill:${colours[0]!}` }),
    element(
      "g",
      { transform: scale },
      ...map.paths.map((d, i) =>
        element("path", { "fill-rule": "evenodd", d, style: `fill:${colours[i + 1]!}` }),
      ),
    ),
    ...balls.map(({ d }, i) => element("path", { class: `t t${i}`, pathLength: 1, d })),
    ...balls.map((_, i) => element("circle", { class: `b b${i}`, r: 6 })),
  );
}
