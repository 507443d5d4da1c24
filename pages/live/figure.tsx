// Frame of a figure: number, title, caption, and exports.
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";
import type { PageState } from "./address.ts";
import { Share, type ShareProps } from "./share.tsx";

interface FigureProps extends Pick<ShareProps, "animation" | "program" | "csv"> {
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
}

/** A figure with its caption, and the ways to share it. */
export function Figure({
  id,
  title,
  caption,
  children,
  isWide = false,
  state,
  ...shared
}: FigureProps): JSX.Element {
  const body = useRef<HTMLDivElement>(null);
  const said = useSignal("");
  const say = (words: string): void => {
    said.value = words;
    setTimeout(() => (said.value = ""), 2500);
  };
  return (
    <figure id={id} class={isWide ? "live wide" : "live"} aria-labelledby={`${id}-title`}>
      <p class="live-title" id={`${id}-title`}>
        {title}
      </p>
      <div ref={body} class="live-body">
        {children}
      </div>
      {caption !== undefined && <figcaption>{caption}</figcaption>}
      <div class="live-tools">
        {state !== undefined && (
          <button type="button" onClick={() => state.page.reset(...state.keys)}>
            Reset
          </button>
        )}
        <Share name={id} frame={body} say={say} {...shared} />
        <span role="status">{said}</span>
      </div>
    </figure>
  );
}
