import { corners, settle, triangles } from "../examples/soft-body/model.ts";
import { shades } from "../live/shades.ts";
import { element } from "../../src/pictures/plot/markup.ts";
import { film, picture, short, size, styles } from "./film.ts";

const frames = 18;
const levels = 5; // shades of elastic energy
const fullShade = 0.2; // elastic energy per unit of area of the last shade
const unit = 72; // pixels per unit of length
const origin = [22, 132] as const;

/** The path of the hand that pulls the upper corner. */
function hand(k: number): readonly [number, number] {
  const t = k / (frames - 1);
  return [3 + 0.95 * Math.sin(Math.PI * t), 0.5 - 1.35 * t + 1.75 * t * t + 0.55 * Math.sin(Math.PI * t)];
}

/** A rubber beam that a hand pulls at one corner: each frame is a shape of minimal energy. */
export function drawSoftBody(): string {
  const colours = shades(levels + 3).slice(3); // the first ones are those of the paper
  const pictures = Array.from({ length: frames }, (_, k) => {
    const { nodes, energies } = settle({ held: { upper: hand(k) }, bulk: 3, weight: 0.01 });
    const spot = (i: number): readonly [number, number] => [
      Math.round(origin[0] + unit * nodes[i]![0]!),
      Math.round(origin[1] - unit * nodes[i]![1]!),
    ];
    const level = (i: number): number =>
      Math.min(levels - 1, Math.floor(levels * Math.sqrt(Math.max(0, energies[i]!) / fullShade)));
    const paths = Array.from({ length: levels }, (_level, shade) =>
      triangles
        .filter((_triangle, i) => level(i) === shade)
        .map((triangle) => {
          const [a, b, c] = triangle.map(spot) as [
            readonly [number, number],
            readonly [number, number],
            readonly [number, number],
          ];
          return `M${a[0]} ${a[1]}l${b[0] - a[0]} ${b[1] - a[1]} ${c[0] - b[0]} ${c[1] - b[1]}z`.replaceAll(
            " -",
            "-",
          );
        })
        .join(""),
    );
    const [x, y] = spot(corners.upper);
    return [
      ...paths.flatMap((d, shade) => (d === "" ? [] : [element("path", { class: `e${shade}`, d })])),
      element("circle", { class: "h", cx: x, cy: y, r: 7 }),
    ];
  });
  const { strip, style } = film(pictures, { seconds: 2.2, still: 8, isThereAndBack: true });
  const look = {
    still: `.film path{stroke:var(--soft);stroke-width:.8;stroke-linejoin:round}.h{fill:var(--run-1);stroke:var(--paper);stroke-width:2}${colours.map((colour, i) => `.e${i}{fill:${colour}}`).join("")}`,
    moving: "",
  };
  return picture(
    "A beam of rubber, pulled at one corner",
    styles(look, style),
    strip,
    element("path", {
      d: `M0 0H${origin[0]}V${size.height}H0Z`,
      fill: "var(--faint)",
      "fill-opacity": short(0.6),
    }),
  );
}
