/**
 * Parses numbers, lists and objects in JavaScript notation, without arithmetic: `[1, .5]`, `{ a: 1, b: [2] }`;
 * `undefined` for any other text.
 */
export function readData(text: string): unknown {
  const quoted = text
    .replace(/(?<before>[{,]\s*)(?<key>[\p{ID_Start}$_][\p{ID_Continue}$]*)\s*:/gu, '$<before>"$<key>":')
    .replace(/(?<![\d.])\.(?=\d)/g, "0.")
    .replace(/,(?=\s*[\]}])/g, "");
  try {
    return JSON.parse(quoted) as unknown;
  } catch {
    return undefined;
  }
}
