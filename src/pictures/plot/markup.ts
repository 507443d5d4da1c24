/** An element of a drawing or a page, which is written as text or created as a DOM node. */
export interface Markup {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly (Markup | string)[];
}

/** Creates an element from its tag, attributes and children. */
export function element(
  tag: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly (Markup | string)[]
): Markup {
  return { tag, attributes, children };
}

/**
 * Returns the attributes of a scrollable element that also scrolls with the keyboard. `label` names it for screen
 * readers. `scrollStyle` indicates that it scrolls.
 */
export function scrollable(label: string): Readonly<Record<string, string>> {
  return { class: "scroll", tabindex: "0", role: "group", "aria-label": label };
}

/** Writes an element as XML or HTML, with text and attribute values escaped. */
export function writeMarkup({ tag, attributes, children }: Markup): string {
  const written = Object.entries(attributes).map(
    ([name, value]) => ` ${name}="${escapeText(String(value))}"`,
  );
  const inner = children.map((child) => (typeof child === "string" ? escapeText(child) : writeMarkup(child)));
  return children.length === 0
    ? `<${tag}${written.join("")}/>`
    : `<${tag}${written.join("")}>${inner.join("")}</${tag}>`;
}

const entities: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);

/**
 * Escapes a text for an element or a quoted attribute. Characters that XML forbids, such as control characters, are
 * replaced by `�`.
 */
export function escapeText(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (c) => entities.get(c) ?? c)
    .replaceAll(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      "\ufffd",
    );
}

/**
 * Writes a value as JSON for a script element of a page, in which no text can end the element.
 *
 * @throws Error for a number that is not finite, which JSON would silently replace by `null`.
 */
export function jsonForPage(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (typeof part === "number" && !Number.isFinite(part))
      throw new Error(
        `internal: the data of a page have ${part} as ${JSON.stringify(key)}; write it as text.`,
      );
    return part;
  })
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}
