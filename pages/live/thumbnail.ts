// Thumbnails of pages, for lists.

/**
 * Definition of a page's thumbnail, if it is not the first drawing of the initial page. It is exported by a module next
 * to the page.
 */
export interface Thumbnail {
  /** The figure whose first drawing is shown. */
  readonly figure: string;
  /** Part of the drawing that is shown, in its own units. Default: all of it. */
  readonly view?: readonly [left: number, top: number, width: number, height: number];
  /** Brings the page to the state that is shown. */
  readonly prepare: () => Promise<void>;
}

/**
 * Extracts the first drawing of a document as a thumbnail: without text, which would be illegible, and without
 * interaction. Empty if the document has no drawing.
 *
 * @param name makes its ids unique among several thumbnails in one document
 * @param part figure to search (default: the whole document), and the shown part of its drawing
 */
export function thumbnailOf(
  html: string,
  name: string,
  { figure, view }: Partial<Pick<Thumbnail, "figure" | "view">> = {},
): string {
  const begin = figure === undefined ? 0 : html.indexOf(` id="${figure}"`);
  if (begin < 0) throw new Error(`the page ${name} has no figure ${figure}`);
  const from = html.indexOf("<svg", begin);
  if (from < 0) return "";
  const opening = html.slice(from, html.indexOf(">", from) + 1);
  const inside = html.slice(from + opening.length, endOf(html, from));
  const [, width, height] =
    /viewBox="0 0 (\S+) (\S+)"/.exec(opening) ?? /width="(\S+)" height="(\S+)"/.exec(opening) ?? [];
  if (width === undefined || height === undefined) return "";
  const silent = inside
    .replaceAll(
      /<g transform="[^"]*"><g class="[^"]*">(?:(?!<\/?g\b).)*<\/g><text class="key".*?<\/text><\/g>/gs,
      "",
    ) // a legend
    .replaceAll(/<(text|title)\b.*?<\/\1>/gs, "")
    .replaceAll(/ (?:tabindex|role|aria-[a-z]+)="[^"]*"/gi, "")
    .replaceAll(/( id="|url\(#)/g, `$1${name}-`);
  const own = /\bclass="([^"]*)"/.exec(opening)?.[1] ?? ""; // styles of the page's own drawings depend on it
  const classes = new Set(["dh-chart", "dl", "thumbnail", ...own.split(" ")].filter((one) => one !== ""));
  return `<svg class="${[...classes].join(" ")}" viewBox="${view?.join(" ") ?? `0 0 ${width} ${height}`}" aria-hidden="true">${silent}</svg>`;
}

/** End of the drawing that starts at `from`, before its closing tag. Drawings may be nested. */
function endOf(html: string, from: number): number {
  let depth = 0;
  for (const { 1: slash, index } of html.slice(from).matchAll(/<(\/?)svg\b/g)) {
    depth += slash === "" ? 1 : -1;
    if (depth === 0) return from + index;
  }
  return html.length;
}
