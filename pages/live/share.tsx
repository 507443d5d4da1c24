// Sharing a figure: a link to its state, its picture, its animation, its numbers, and a program that computes it.
import { useSignal } from "@preact/signals";
import { type Context, createContext, type JSX, type RefObject } from "preact";
import { useContext, useId, useRef } from "preact/hooks";
import { type Markup, writeMarkup } from "../../src/pictures/plot/markup.ts";
import {
  copyProgram,
  pictureActions,
  saveFile,
  type ShareAction,
  standaloneSvg,
} from "../../src/pictures/plot/page/share.ts";

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
  /** Returns the animated picture. */
  readonly animation?: (() => Promise<Markup>) | undefined;
  /** Returns the figure as a program. Default: that of the page. */
  readonly program?: (() => Promise<string>) | undefined;
  /** Returns the numbers of the figure as comma-separated values. */
  readonly csv?: (() => string) | undefined;
  /** Shows a message to the reader. */
  readonly say: (words: string) => void;
}

/** A button that shows the ways to share a figure. Escape closes them. */
export function Share({ name, frame, link, animation, program, csv, say }: ShareProps): JSX.Element {
  const isOpen = useSignal(false);
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const pageProgram = useContext(PageProgram);
  const code = program ?? pageProgram;
  const drawing = isOpen.value ? drawingIn(frame.current) : undefined;
  const actions: ShareAction[] = [
    { name: "Copy link", run: async () => copyLink((await link?.()) ?? location.href) },
    ...(code === undefined
      ? []
      : [{ name: "Copy as TypeScript", run: async () => copyProgram(await code()) }]),
    ...(drawing === undefined ? [] : pictureActions({ name, svg: () => standaloneSvg(drawing) })),
    ...(animation === undefined
      ? []
      : [
          {
            name: "Save as animation",
            run: async () =>
              saveFile(writeMarkup(await animation()), `${name}-animated.svg`, "image/svg+xml"),
          },
          {
            name: "Save as GIF",
            run: async (tell: (words: string) => void) => {
              const { gifOf } = await import("./gif.ts");
              const gif = await gifOf(await animation(), (i, n) => tell(`Drawing frame ${i} of ${n} …`));
              return saveFile(gif, `${name}.gif`, "image/gif");
            },
          },
        ]),
    ...(csv === undefined
      ? []
      : [{ name: "Save as CSV", run: () => saveFile(csv(), `${name}.csv`, "text/csv") }]),
  ];
  const perform = async ({ run }: ShareAction): Promise<void> => {
    try {
      say(await run(say));
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

/** Returns the largest drawing in an element: figures also have small ones, such as the signs of a legend. */
export function drawingIn(frame: HTMLElement | null | undefined): SVGSVGElement | undefined {
  let [found, area] = [undefined as SVGSVGElement | undefined, 0];
  for (const drawing of frame?.querySelectorAll<SVGSVGElement>("svg") ?? []) {
    const { width, height } = drawing.getBoundingClientRect();
    if (width * height > area) [found, area] = [drawing, width * height];
  }
  return found;
}
