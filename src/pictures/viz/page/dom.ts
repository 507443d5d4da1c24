import type { Markup } from "../../plot/markup.ts";
import { mathPieces } from "../math-pieces.ts";

/** Makes an element of the page. Text is only ever set as text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A drawing as nodes of the page. */
export function makeSvg({ tag, attributes, children }: Markup): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children.map((child) => (typeof child === "string" ? child : makeSvg(child))));
  return made;
}

/** A formula set as mathematics: names slanted. */
export function math(formula: string): HTMLElement {
  return make(
    "span",
    { class: "math" },
    ...mathPieces(formula).map(({ kind, text }) => (kind === "name" ? make("i", {}, text) : text)),
  );
}

/** The element with this id, which the page has. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page lacks #${id}`);
  return found;
}
