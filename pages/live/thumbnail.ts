// Small pictures of pages, for lists of them.

/**
 * The first drawing of a document as a picture to be shown small: without its text, which could not be read, and without what it
 * answers to. "" where the document has no drawing.
 *
 * @param name keeps its ids apart from those of others in one document
 */
export function thumbnailOf(html: string, name: string): string {
  const from = html.indexOf("<svg");
  if (from < 0) return "";
  const opening = html.slice(from, html.indexOf(">", from) + 1);
  const inside = html.slice(from + opening.length, endOf(html, from));
  const [, width, height] =
    /viewBox="0 0 (\S+) (\S+)"/.exec(opening) ?? /width="(\S+)" height="(\S+)"/.exec(opening) ?? [];
  if (width === undefined || height === undefined) return "";
  const silent = inside
    .replaceAll(/<(text|title)\b.*?<\/\1>/gs, "")
    .replaceAll(/ (?:tabindex|role|aria-[a-z]+)="[^"]*"/gi, "")
    .replaceAll(/( id="|url\(#)/g, `$1${name}-`);
  return `<svg class="dh-chart dl thumbnail" viewBox="0 0 ${width} ${height}" aria-hidden="true">${silent}</svg>`;
}

/** Where the drawing that begins at a place ends, before its closing tag; drawings may stand in drawings. */
function endOf(html: string, from: number): number {
  let depth = 0;
  for (const { 1: slash, index } of html.slice(from).matchAll(/<(\/?)svg\b/g)) {
    depth += slash === "" ? 1 : -1;
    if (depth === 0) return from + index;
  }
  return html.length;
}
