import type { Markup } from "../../plot/markup.ts";
import { mathMarkup } from "../math-pieces.ts";

/** Creates an HTML element. Strings are inserted as text only, never as markup. */
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

/** Creates the SVG nodes of a drawing. */
export function makeSvg(drawing: Markup): SVGElement {
  return build(drawing, "http://www.w3.org/2000/svg") as SVGElement;
}

/** Creates an element that shows a formula in mathematical type. */
export function math(formula: string): HTMLElement {
  return build(mathMarkup(formula), "http://www.w3.org/1999/xhtml") as HTMLElement;
}

function build({ tag, attributes, children }: Markup, namespace: string): Element {
  const made = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children.map((child) => (typeof child === "string" ? child : build(child, namespace))));
  return made;
}

/**
 * Updates an element to show the content of `next`. If both have the same structure, the element is kept with its
 * listeners, focus and added classes, and only texts and attributes change. Otherwise `next` replaces it.
 *
 * @returns the element now in the page: `element` or `next`
 */
export function become<E extends Element>(element: E, next: E): E {
  if (element.isEqualNode(next)) return element;
  const isAlike =
    element.nodeName === next.nodeName &&
    element.childNodes.length === next.childNodes.length &&
    [...next.classList].every((name) => element.classList.contains(name));
  if (!isAlike) {
    element.replaceWith(next);
    return next;
  }
  for (const { name, value } of next.attributes)
    if (name !== "class" && name !== "style" && element.getAttribute(name) !== value)
      element.setAttribute(name, value);
  let [child, other] = [element.firstChild, next.firstChild];
  while (child !== null && other !== null) {
    const after: readonly [ChildNode | null, ChildNode | null] = [child.nextSibling, other.nextSibling];
    if (child instanceof Element && other instanceof Element) become(child, other);
    else if (!child.isEqualNode(other)) child.replaceWith(other);
    [child, other] = after;
  }
  return element;
}

/**
 * Scrolls `pane` just enough to show `element`. Scrolls nothing else, so that the page stays where the user left it.
 */
export function bringInto(pane: HTMLElement, element: Element): void {
  const [frame, place] = [pane.getBoundingClientRect(), element.getBoundingClientRect()];
  const beyond = (from: number, to: number, start: number, end: number): number =>
    from < start || to - from > end - start ? from - start - margin : to > end ? to - end + margin : 0;
  pane.scrollLeft += beyond(place.left, place.right, frame.left, frame.left + pane.clientWidth);
  pane.scrollTop += beyond(place.top, place.bottom, frame.top, frame.top + pane.clientHeight);
}

const margin = 8; // pixels between the element and the edge of the pane after scrolling

/**
 * Returns the element with this id.
 *
 * @throws Error if the page has none.
 */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page lacks #${id}`);
  return found;
}
