import {
  copyAs,
  fileName,
  makeShare,
  pictureActions,
  programActions,
  standaloneSvg,
} from "../../plot/page/share.ts";
import type { PageData } from "../page-data.ts";
import { byId } from "./dom.ts";
import { mountTrace, type TraceDisplayOptions, type TraceState } from "./mount.ts";

/** Starts a page that contains its data and shows only a trace, which receives all keys of the page. */
export function start(): void {
  const data = JSON.parse(byId("data").textContent ?? "") as PageData;
  let shown: TraceState | undefined;
  const place = byId("trace");
  mountTrace(place, data, {
    keys: document,
    onStep: (state) => (shown = state),
    ...stateOf(location.hash),
  });
  const svg = (): string => standaloneSvg(place.querySelector<SVGSVGElement>(".picture svg")!);
  const share = makeShare("the trace", () => [
    { name: "Copy link", run: () => copyAs("Link", location.href.replace(/#.*$/, "") + hashOf(shown!)) },
    ...programActions(),
    ...pictureActions({ name: fileName(data.title), svg }),
  ]);
  document.querySelector("header")!.append(share);
}

/** End of the address for a state, such as `#mode=forward-0&step=3`. */
function hashOf({ mode, step }: TraceState): string {
  return `#mode=${mode.kind === "reverse" ? mode.kind : `forward-${mode.pass}`}&step=${step}`;
}

/** Reads the state of a shared address. */
function stateOf(hash: string): Pick<TraceDisplayOptions, "mode" | "step"> {
  const [, mode, pass, step] = /^#mode=(reverse|forward-(\d+))&step=(\d+)$/.exec(hash) ?? [];
  if (mode === undefined) return {};
  return {
    mode: pass === undefined ? { kind: "reverse" } : { kind: "forward", pass: Number(pass) },
    step: Number(step),
  };
}
