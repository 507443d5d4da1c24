// Exports: what every figure shares, a standalone page, a module.
import { useSignal } from "@preact/signals";
import type { JSX, RefObject } from "preact";
import { saveFile, standaloneSvg } from "../../src/pictures/plot/page/share.ts";
import { drawingIn, Share } from "../live/share.tsx";
import type { Shown } from "./question.ts";
import { question, seen, state, worker } from "./state.ts";

/** The export buttons below the view. */
export function Exports({ panel }: { readonly panel: RefObject<HTMLElement> }): JSX.Element {
  const said = useSignal("");
  const { shown } = seen.value;
  const say = (words: string): void => void (said.value = words);
  const savePage = async (): Promise<void> => {
    try {
      const found = drawingIn(panel.current);
      const page = await worker().page(question.value, found ? standaloneSvg(found) : "");
      saveFile(page, "playground.html", "text/html");
      say("The page works without a network.");
    } catch (error) {
      say(`There is no page to save: ${error instanceof Error ? error.message : String(error)}.`);
    }
  };
  return (
    <div class="live-tools">
      <Share
        name="playground"
        frame={panel}
        link={() => state.link()}
        program={() => worker().program(question.value)}
        animation={shown?.view === "descent" ? () => worker().animation(question.value) : undefined}
        say={say}
      />
      {shown !== undefined && shown.view !== "code" && (
        <button type="button" onClick={() => void savePage()}>
          Save as a page
        </button>
      )}
      {shown?.view === "code" && (
        <button type="button" onClick={() => saveCode(shown)}>
          {shown.language === "javascript" ? "Save as a module" : "Save as WebAssembly text"}
        </button>
      )}
      <button type="button" onClick={() => state.reset()}>
        Begin anew
      </button>
      <span role="status">{said}</span>
    </div>
  );
}

function saveCode({ language, text }: Shown & { readonly view: "code" }): void {
  if (language === "javascript") saveFile(text, "gradient.js", "text/javascript");
  else saveFile(text, "gradient.wat", "text/plain");
}
