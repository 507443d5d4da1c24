// Sharing a figure: a link to its state, its picture, its animation, its numbers, and a program that computes it.
import { useSignal } from "@preact/signals";
import { type Context, createContext, type JSX, type RefObject } from "preact";
import { useContext, useId, useRef } from "preact/hooks";

/** Returns the program of the page as TypeScript, for figures without a program of their own. */
export const PageProgram: Context<(() => Promise<string>) | undefined> = createContext<
  (() => Promise<string>) | undefined
>(undefined);

/** Parts of a figure that can be shared. */
export interface ShareProps {
  /** Name of files, without extension. */
  readonly name: string;
  /** The element that contains the drawing. */
  readonly frame: RefObject<HTMLElement>;
  /** Returns a link to the state. Default: the address of the page. */
  readonly link?: () => Promise<string>;
  /** Returns the animated picture as SVG. */
  readonly animation?: (() => Promise<string>) | undefined;
  /** Returns the figure as a program. Default: that of the page. */
  readonly program?: (() => Promise<string>) | undefined;
  /** Returns the numbers of the figure as comma-separated values. */
  readonly csv?: (() => string) | undefined;
  /** Shows a message to the reader. */
  readonly say: (words: string) => void;
}

interface ShareAction {
  readonly name: string;
  /** Performs the action and returns a message for the reader. */
  readonly run: () => string | Promise<string>;
}

/** A button that shows the ways to share a figure. Escape closes them. */
export function Share({ name, frame, link, animation, program, csv, say }: ShareProps): JSX.Element {
  const isOpen = useSignal(false);
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const pageProgram = useContext(PageProgram);
  const code = program ?? pageProgram;
  const drawing = isOpen.value ? drawingIn(frame.current) : undefined;
  const svg = (): string => standaloneSvg(drawing!);
  const actions: ShareAction[] = [
    { name: "Copy link", run: async () => copyLink((await link?.()) ?? location.href) },
    ...(code === undefined
      ? []
      : [{ name: "Copy as TypeScript", run: async () => copyProgram(await code()) }]),
    ...(drawing === undefined
      ? []
      : [
          { name: "Save as SVG", run: () => save(svg(), `${name}.svg`, "image/svg+xml") },
          { name: "Save as PNG", run: async () => save(await pngOf(svg()), `${name}.png`, "image/png") },
        ]),
    ...(animation === undefined
      ? []
      : [
          {
            name: "Save as animation",
            run: async () => save(await animation(), `${name}-animated.svg`, "image/svg+xml"),
          },
        ]),
    ...(csv === undefined
      ? []
      : [{ name: "Save as CSV", run: () => save(csv(), `${name}.csv`, "text/csv") }]),
  ];
  const perform = async ({ run }: ShareAction): Promise<void> => {
    try {
      say(await run());
    } catch (error) {
      say(`That failed: ${error instanceof Error ? error.message : String(error)}.`);
    }
  };
  return (
    <span
      class="share"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen.peek()) return;
        isOpen.value = false;
        button.current?.focus();
      }}
    >
      <button
        ref={button}
        type="button"
        aria-expanded={isOpen.value}
        aria-controls={id}
        onClick={() => (isOpen.value = !isOpen.peek())}
      >
        Share
      </button>
      <span class="share-ways" id={id} role="group" aria-label="Share the figure" hidden={!isOpen.value}>
        {isOpen.value &&
          actions.map((action) => (
            <button type="button" onClick={() => void perform(action)}>
              {action.name}
            </button>
          ))}
      </span>
    </span>
  );
}

/** Copies an address to the clipboard. Returns a message for the reader. */
export async function copyLink(address: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(address);
    return "The link is on the clipboard.";
  } catch {
    return "The link is in the address bar.";
  }
}

/** Copies a program to the clipboard, or saves it as a file if the browser does not allow that. */
async function copyProgram(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "The program is on the clipboard. It needs npm install downhill.";
  } catch {
    return save(text, "figure.ts", "text/plain");
  }
}

/** Returns the largest drawing in an element: figures also have small ones, such as the signs of a legend. */
export function drawingIn(frame: HTMLElement | null | undefined): SVGSVGElement | undefined {
  let [found, area] = [undefined as SVGSVGElement | undefined, 0];
  for (const drawing of frame?.querySelectorAll<SVGSVGElement>("svg") ?? []) {
    const { width, height } = drawing.getBoundingClientRect();
    if (width * height > area) [found, area] = [drawing, width * height];
  }
  return found;
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
  "visibility",
  "vector-effect",
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
  if (!drawing.hasAttribute("viewBox"))
    copy.setAttribute("viewBox", `0 0 ${Math.round(width)} ${Math.round(height)}`);
  copy.style.background = getComputedStyle(document.body).backgroundColor;
  return new XMLSerializer().serializeToString(copy);
}

const pngScale = 2; // pixels per CSS pixel

/** Draws a standalone SVG as PNG. */
async function pngOf(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.width * pngScale;
  canvas.height = image.height * pngScale;
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return await new Promise((resolve, reject) =>
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error("the browser draws no PNG"));
      else resolve(blob);
    }, "image/png"),
  );
}

/** Makes the browser save a file. Returns a message for the reader. */
export function save(content: BlobPart, name: string, type: string): string {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser may still be reading it
  return `Saved as ${name}.`;
}
