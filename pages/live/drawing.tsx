// Drawings of the library as Preact elements.
import { createElement, type JSX } from "preact";
import type { Markup } from "../../src/pictures/plot/markup.ts";

/** Renders {@link Markup} as elements of the page. */
export function Drawing({ of: { tag, attributes, children } }: { readonly of: Markup }): JSX.Element {
  return createElement(
    tag,
    attributes,
    ...children.map((child) => (typeof child === "string" ? child : <Drawing of={child} />)),
  );
}
