// Frame of a figure: number, title, caption, and exports.
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";
import type { PageState } from "./address.ts";

interface FigureProps {
  /** Anchor of links to the figure, `#figure-ID`, which is not a state. */
  readonly id: string;
  readonly title: string;
  /** Describes the content and the controls. */
  readonly caption?: ComponentChildren;
  readonly children: ComponentChildren;
  /** Whether the figure is wider than the text if there is space. */
  readonly isWide?: boolean;
  /** Values that its “reset” button resets. Without it there is no such button. */
  readonly state?: { readonly page: PageState; readonly keys: readonly string[] };
  /** Returns the numbers of the figure as comma-separated values. */
  readonly csv?: () => string;
}

/** A figure with its caption, a link to its state, its drawing as SVG and its numbers as CSV. */
export function Figure({
  id,
  title,
  caption,
  children,
  isWide = false,
  state,
  csv,
}: FigureProps): JSX.Element {
  const frame = useRef<HTMLElement>(null);
  const said = useSignal("");
  const say = (words: string): void => {
    said.value = words;
    setTimeout(() => (said.value = ""), 2500);
  };
  return (
    <figure ref={frame} id={id} class={isWide ? "live wide" : "live"} aria-labelledby={`${id}-title`}>
      <p class="live-title" id={`${id}-title`}>
        {title}
      </p>
      <div class="live-body">{children}</div>
      {caption !== undefined && <figcaption>{caption}</figcaption>}
      <div class="live-tools">
        {state !== undefined && (
          <button type="button" onClick={() => state.page.reset(...state.keys)}>
            Reset
          </button>
        )}
        <button type="button" onClick={() => void copyLink(location.href).then(say)}>
          Copy link
        </button>
        <button type="button" onClick={() => say(saveSvg(frame.current, id))}>
          Save as SVG
        </button>
        {csv !== undefined && (
          <button type="button" onClick={() => save(csv(), `${id}.csv`, "text/csv")}>
            Save as CSV
          </button>
        )}
        <span role="status">{said}</span>
      </div>
    </figure>
  );
}

/** Copies an address to the clipboard. Returns a message for the reader. */
export async function copyLink(address: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(address);
    return "The link is on the clipboard.";
  } catch {
    return "The link stands in the address bar.";
  }
}

/** Saves the first drawing in an element with the page's styles. Returns a message for the reader. */
function saveSvg(frame: HTMLElement | null, name: string): string {
  const drawing = frame?.querySelector<SVGSVGElement>(".live-body svg");
  if (drawing === null || drawing === undefined) return "This figure has no drawing.";
  save(standaloneSvg(drawing), `${name}.svg`, "image/svg+xml");
  return "";
}

/** CSS properties that affect the appearance of SVG elements. */
const drawnProperties = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "paint-order",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "font-style",
  "text-anchor",
  "dominant-baseline",
  "display",
];

/** Converts a drawing of the page to a standalone SVG, with the computed styles as attributes. */
export function standaloneSvg(drawing: SVGSVGElement): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  const originals = [drawing, ...drawing.querySelectorAll<SVGElement>("*")];
  const copies = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  for (const [i, original] of originals.entries()) {
    const computed = getComputedStyle(original);
    for (const property of drawnProperties) {
      copies[i]!.style.setProperty(property, computed.getPropertyValue(property));
    }
  }
  const { width, height } = drawing.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(Math.round(width)));
  copy.setAttribute("height", String(Math.round(height)));
  copy.setAttribute("viewBox", `0 0 ${Math.round(width)} ${Math.round(height)}`);
  copy.style.background = getComputedStyle(document.body).backgroundColor;
  return new XMLSerializer().serializeToString(copy);
}

/** Makes the browser save a text as a file. */
export function save(text: string, name: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser may still be reading it
}
