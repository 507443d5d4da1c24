/** Number of terminal cells of a text: combining marks take none, wide characters take two. */
export function cells(text: string): number {
  let n = 0;
  for (const c of text) n += /\p{Mark}|\u200d|\ufe0f/u.test(c) ? 0 : isWide(c.codePointAt(0)!) ? 2 : 1;
  return n;
}

// East Asian wide and emoji blocks, approximately: enough to position a caret.
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}
