import { follow } from "../examples/inverse-kinematics/model.ts";
import { element, type Markup } from "../../src/pictures/plot/markup.ts";
import { keyframes, line, picture, short, size } from "./film.ts";

const joints = 5;
const frames = 60;
const seconds = 8;
const unit = 60; // pixels per unit of length
const base = [110, 204] as const;
const link = (4 / joints) * unit;

/** The path of the target: a figure of eight within reach. */
function target(k: number): readonly [number, number] {
  const t = (2 * Math.PI * k) / frames;
  return [2 + 1.2 * Math.sin(t), 1.9 + 0.75 * Math.sin(2 * t)];
}

/** A robot's arm whose hand follows a moving target: the angles are solved for at each position. */
export function drawArm(): string {
  let angles: readonly number[] = Array.from({ length: joints }, (_, j) => (j === 0 ? 2 : -0.5)); // elbows up
  const settings = { joints, limit: 2, stiffness: 0.02 };
  // one round to settle into the periodic motion
  const all = Array.from({ length: 2 * frames + 1 }, (_, k) => {
    const arm = follow(angles, target(k % frames), settings);
    angles = arm.angles;
    return arm.angles;
  }).slice(frames);
  const place = ([x, y]: readonly [number, number]): readonly [number, number] => [
    base[0] + unit * x,
    base[1] - unit * y,
  ];
  const turns = Array.from({ length: joints }, (_, j) =>
    all.map((one) => `transform:rotate(${(-one[j]!).toFixed(3)}rad)`),
  );
  const spots = Array.from({ length: frames + 1 }, (_, k) => place(target(k % frames)));
  const moves = spots.map(([x, y]) => `transform:translate(${short(x)}px,${short(y)}px)`);
  const still = 8;
  const animate = (name: string): string => `.${name}{animation:${name} ${seconds}s linear infinite}`;
  const style = {
    still: `.l{stroke:var(--ink);stroke-width:9;stroke-linecap:round}.j{fill:var(--paper);stroke:var(--ink);stroke-width:2}.w{fill:none;stroke:var(--faint);stroke-dasharray:3 4}.g{fill:none;stroke:var(--run-1);stroke-width:2.5}${turns.map((one, j) => `.a${j}{${one[still]!}}`).join("")}.g{${moves[still]!}}`,
    moving: [
      ...turns.map((one, j) => keyframes(`a${j}`, one) + animate(`a${j}`)),
      keyframes("g", moves),
      animate("g"),
    ].join(""),
  };
  const arm = Array.from({ length: joints }).reduceRight<Markup>(
    (rest, _, i) => {
      const j = i;
      return element(
        "g",
        { class: `a${j}` },
        element("path", { class: "l", d: `M0 0H${short(link)}` }),
        element("g", { transform: `translate(${short(link)} 0)` }, rest),
        element("circle", { class: "j", r: 6 }),
      );
    },
    element("circle", { r: 6.5, fill: "var(--run-0)", stroke: "var(--paper)", "stroke-width": 1.5 }),
  );
  return picture(
    "A robot's arm of five links follows a target along a figure of eight",
    style,
    element("path", { class: "w", d: `${line(spots)}Z` }),
    element("path", { stroke: "var(--line)", "stroke-width": 2, d: `M0 ${base[1] + 12}H${size.width}` }),
    element("rect", { x: base[0] - 16, y: base[1], width: 32, height: 12, fill: "var(--soft)" }),
    element("g", { transform: `translate(${base.join(" ")})` }, arm),
    element("circle", { class: "g", r: 11 }),
  );
}
