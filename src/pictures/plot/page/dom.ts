import type { Markup } from "../markup.ts";

const svgSpace = "http://www.w3.org/2000/svg";

/**
 * Creates the DOM node of an element, with its children. Elements in an `svg`, or all of them if `isInSvg` is true,
 * become SVG nodes.
 */
export function makeNode({ tag, attributes, children }: Markup, isInSvg: boolean = false): Element {
  const isSvg = isInSvg || tag === "svg";
  const made = isSvg ? document.createElementNS(svgSpace, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children.map((child) => (typeof child === "string" ? child : makeNode(child, isSvg))));
  return made;
}

/** Creates a button that calls `act` when clicked. */
export function makeButton(act: () => void, ...children: readonly (Node | string)[]): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...children);
  button.addEventListener("click", act);
  return button;
}

/** Creates an element with a class. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/** Copies a text to the clipboard. Returns false if the browser does not allow it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
