// Drawings of the library in pages of Preact.
import { createElement, type JSX } from "preact";
import type { Markup } from "../../src/pictures/plot/markup.ts";

/** A drawing that the library makes as {@link Markup}, as nodes of the page. */
export function Drawing({ of: { tag, attributes, children } }: { readonly of: Markup }): JSX.Element {
  return createElement(
    tag,
    attributes,
    ...children.map((child) => (typeof child === "string" ? child : <Drawing of={child} />)),
  );
}
