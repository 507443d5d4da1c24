import type { Markup } from "../../../pictures/plot/markup.ts";

/** An element of an SVG picture. */
export type XmlElement = Markup;

/** Returns an attribute as text. */
export function attributeOf({ attributes }: XmlElement, name: string): string | undefined {
  return Object.hasOwn(attributes, name) ? String(attributes[name]) : undefined;
}

const piece =
  /<\/(?<end>[\w:-]+)>|<(?<tag>[\w:-]+)(?<attributes>(?: [\w:-]+="[^"]*")*)(?<isEmpty>\/?)>|(?<text>[^<]+)/y;

/**
 * Reads a picture that `writeMarkup` wrote.
 *
 * @throws Error for other XML: comments, declarations, entities that `writeMarkup` does not write.
 */
export function readMarkup(xml: string): XmlElement {
  interface OpenElement {
    readonly tag: string;
    readonly attributes: Readonly<Record<string, string>>;
    readonly children: (XmlElement | string)[];
  }
  const document: OpenElement = { tag: "", attributes: {}, children: [] };
  const open = [document];
  piece.lastIndex = 0;
  const source = xml.trim();
  while (piece.lastIndex < source.length) {
    const at = piece.lastIndex;
    const groups = piece.exec(source)?.groups;
    if (groups === undefined) throw new Error(`internal: unexpected XML: ${source.slice(at, at + 60)}`);
    const { end, tag, attributes = "", isEmpty, text } = groups;
    const parent = open.at(-1)!;
    if (text !== undefined) parent.children.push(unescaped(text));
    else if (end !== undefined) {
      if (open.length === 1 || parent.tag !== end) throw new Error(`internal: unexpected XML: </${end}>`);
      open.pop();
    } else {
      const child = { tag: tag!, attributes: attributesOf(attributes), children: [] };
      parent.children.push(child);
      if (isEmpty === "") open.push(child);
    }
  }
  const [root] = document.children;
  if (open.length > 1 || document.children.length !== 1 || typeof root !== "object")
    throw new Error("internal: a picture must be one element");
  return root;
}

function attributesOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/ ([\w:-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, unescaped(value!)]),
  );
}

const characters: ReadonlyMap<string, string> = new Map([
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
  ["&quot;", '"'],
  ["&#39;", "'"],
]);

function unescaped(text: string): string {
  return text.replaceAll(/&#?\w+;/g, (entity) => {
    const character = characters.get(entity);
    if (character === undefined) throw new Error(`internal: unexpected XML: ${entity}`);
    return character;
  });
}
