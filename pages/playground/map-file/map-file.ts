// A map as an interactive standalone page, which contains the program as code.
import { type Tensor, valueAndGrad } from "downhill";
import { arrayType } from "../../../src/engine/ir/types.ts";
import { emitTensorModule } from "../../../src/numeric/plain/emit/tensor.ts";
import { writeDocument } from "../../../src/pictures/plot/document.ts";
import { escapeText } from "../../../src/pictures/plot/markup.ts";
import type { MapBox } from "../../live/contour-map.ts";
import type { Place } from "../place.ts";
import type { MapData } from "./page/main.ts";
import { pageScript, pageScriptHash } from "./page.generated.ts";

const style = `body{font:16px/1.5 system-ui,sans-serif;margin:2rem;max-width:48rem}
svg{display:block;max-width:100%;height:auto;cursor:crosshair;touch-action:pan-y;-webkit-user-select:none;user-select:none}
.map-start{cursor:grab;touch-action:none}
.descent{fill:none;stroke:#e0571b;stroke-width:2}
p{margin:.5rem 0;font-variant-numeric:tabular-nums}
.under:empty{min-height:1.5em}`;

/**
 * Creates the page of a map: without scripts its drawing, with scripts also the value and the gradient under the
 * pointer, and a start with a line downhill. It loads nothing and runs only the scripts that it contains.
 *
 * @param place the program as a function of two of its numbers
 * @param drawing the map as SVG, drawn by `LandscapeMap` with its frame and start
 */
export function mapFile(title: string, place: Place, drawing: string): string {
  const [x, y] = place.along;
  if (x === undefined || y === undefined) throw new Error("a map is of two numbers");
  const data: MapData = {
    axes: [x.name, y.name],
    box: [x.range, y.range] satisfies MapBox,
    start: [x.value, y.value],
  };
  const { code } = emitTensorModule(
    valueAndGrad((point: Tensor) => place.value(point)),
    { name: "evaluateAt", args: [arrayType("float64", [2])] },
  );
  const nonce = crypto
    .getRandomValues(new Uint8Array(16))
    .reduce((text, byte) => text + byte.toString(36), "");
  return writeDocument({
    title,
    style,
    body: `<main><h1>${escapeText(title)}</h1>${drawing}</main>`,
    data: { id: "map", value: data },
    scripts: [
      { text: asScript(code), nonce },
      { text: pageScript, hash: pageScriptHash },
    ],
  });
}

/** Converts a module with one export to a script that defines it globally for other scripts of the page. */
function asScript(module: string): string {
  const body = module.replaceAll(/^export /gm, "").replaceAll("</script", "<\\/script");
  return `globalThis.evaluateAt=(()=>{${body}\nreturn evaluateAt;})();`;
}
