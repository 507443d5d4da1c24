// Small pictures of pages, for lists of them.

/** What a page's thumbnail shows, where that is not the first drawing of the page as it begins. A page has it in a module beside it. */
export interface Thumbnail {
  /** The figure whose first drawing is shown. */
  readonly figure: string;
  /** Brings the page's state to where it is shown. */
  readonly prepare: () => Promise<void>;
}

/**
 * The first drawing of a document as a picture to be shown small: without its text, which could not be read, and without what it
 * answers to. "" where the document has no drawing.
 *
 * @param name keeps its ids apart from those of others in one document
 * @param figure the id of the figure where the drawing is looked for; left out, the whole document
 */
export function thumbnailOf(html: string, name: string, figure?: string): string {
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
