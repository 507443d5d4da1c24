import { copyText, make, makeButton } from "./dom.ts";

/** One way to share a figure. */
export interface ShareAction {
  readonly name: string;
  /** Performs the action and returns a message for the reader. Long actions report their progress by `say`. */
  readonly run: (say: (words: string) => void) => string | Promise<string>;
}

/** A frame of an animation: the picture as standalone SVG, and its duration in milliseconds. */
export interface SvgFrame {
  readonly svg: string;
  readonly delay: number;
}

/**
 * Draws frames as GIF.
 *
 * @param report is called with the number of drawn frames, and the number of all frames
 */
export type GifEncoder = (
  frames: readonly SvgFrame[],
  report: (drawn: number, all: number) => void,
) => Promise<ArrayBuffer>;

/** A drawing of a page, or another element with a picture, and the ways to save it. */
export interface SharedPicture {
  /** Name of files, without extension. */
  readonly name: string;
  /** Returns the picture as standalone SVG. */
  readonly svg: () => string;
}

let shares = 0;

/**
 * Creates a button that shows the ways to share a figure. Escape closes them and returns the focus. The page must include
 * `shareStyle`.
 *
 * @param label name of the figure, for screen readers
 * @param actions returns the ways; called when they are shown
 */
export function makeShare(label: string, actions: () => readonly ShareAction[]): HTMLElement {
  const ways = make("span", "dh-ways");
  const said = make("span", "dh-told");
  said.setAttribute("role", "status");
  ways.id = `dh-share-${++shares}`;
  ways.setAttribute("role", "group");
  ways.setAttribute("aria-label", `Share ${label}`);
  const perform = async (run: ShareAction["run"]): Promise<void> => {
    try {
      said.textContent = await run((words) => (said.textContent = words));
    } catch (error) {
      said.textContent = `That failed: ${error instanceof Error ? error.message : String(error)}.`;
    }
  };
  const show = (isOpen: boolean): void => {
    button.setAttribute("aria-expanded", String(isOpen));
    said.textContent = "";
    ways.hidden = !isOpen;
    ways.replaceChildren(
      ...(isOpen ? actions() : []).map(({ name, run }) => makeButton(() => void perform(run), name)),
    );
  };
  const button = makeButton(() => show(ways.hidden !== false), "Share");
  button.setAttribute("aria-controls", ways.id);
  const share = make("div", "dh-share", button, ways, said);
  share.addEventListener("keydown", (event) => {
    event.stopPropagation(); // pages step with some of the keys
    if (event.key !== "Escape" || ways.hidden) return;
    show(false);
    button.focus();
  });
  show(false);
  return share;
}

/** Ways to save a picture: as SVG and as PNG. */
export function pictureActions({ name, svg }: SharedPicture): ShareAction[] {
  return [
    { name: "Save as SVG", run: () => saveFile(svg(), `${name}.svg`, "image/svg+xml") },
    { name: "Save as PNG", run: async () => saveFile(await pngOf(svg()), `${name}.png`, "image/png") },
  ];
}

/** Copies the program of the page as TypeScript, if the page has one (`withProgram`). */
export function programActions(): ShareAction[] {
  const held = document.getElementById("program")?.textContent;
  if (held === undefined || held === null) return [];
  return [{ name: "Copy as TypeScript", run: () => copyProgram(String(JSON.parse(held))) }];
}

/** Copies a text and returns a message for the reader. */
export async function copyAs(kind: string, text: string): Promise<string> {
  return (await copyText(text)) ? `${kind} copied.` : `The browser does not allow this page to copy ${kind}.`;
}

/** Copies a program to the clipboard, or saves it as a file if the browser does not allow that. */
export async function copyProgram(text: string): Promise<string> {
  if (!(await copyText(text))) return saveFile(text, "figure.ts", "text/plain");
  return "The program is on the clipboard. It needs npm install downhill.";
}

/** Makes the browser save a file. Returns a message for the reader. */
export function saveFile(content: BlobPart, name: string, type: string): string {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser may still be reading it
  return `Saved as ${name}.`;
}

/** Returns a text as the name of a file, without extension. */
export function fileName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-|-$/g, "");
  return name === "" ? "figure" : name.slice(0, 60);
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
  sizeDrawing(copy, width, height);
  copy.style.background = getComputedStyle(document.body).backgroundColor;
  return new XMLSerializer().serializeToString(copy);
}

/** Converts a part of the page that is not a drawing, such as a table, to a standalone SVG with the styles of the page. */
export function pageSvg(part: HTMLElement): string {
  const { width, height } = part.getBoundingClientRect();
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  sizeDrawing(svg, width, height);
  const frame = document.createElementNS("http://www.w3.org/2000/svg", "foreignObject");
  frame.setAttribute("width", "100%");
  frame.setAttribute("height", "100%");
  const body = document.createElement("body");
  const style = document.createElement("style");
  style.textContent = [...document.querySelectorAll("style")]
    .map(({ textContent }) => textContent)
    .join("\n");
  const copy = part.cloneNode(true) as HTMLElement;
  for (const share of copy.querySelectorAll(".dh-share")) share.remove();
  body.append(style, copy);
  frame.append(body);
  svg.append(frame);
  svg.style.background = "var(--paper)";
  return new XMLSerializer().serializeToString(svg);
}

function sizeDrawing(svg: SVGSVGElement, width: number, height: number): void {
  const size = [Math.round(width), Math.round(height)] as const;
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("width", String(size[0]));
  svg.setAttribute("height", String(size[1]));
  if (!svg.hasAttribute("viewBox")) svg.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
}

const pngScale = 2; // pixels per CSS pixel

/** Draws a standalone SVG as PNG. */
async function pngOf(svg: string): Promise<Blob> {
  const canvas = await canvasOf(svg, pngScale);
  return await new Promise((resolve, reject) =>
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error("the browser draws no PNG"));
      else resolve(blob);
    }, "image/png"),
  );
}

/** Draws a standalone SVG on a canvas, with the given number of pixels per CSS pixel. */
export async function canvasOf(svg: string, scale: number): Promise<HTMLCanvasElement> {
  const image = new Image();
  image.setAttribute("src", `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`);
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}
