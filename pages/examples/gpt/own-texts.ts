// The reader's texts in the address: short ones in full; a long one remains in the page in which it was pasted.

/** Maximum length in characters of a text in the address. Other software may truncate longer addresses. */
export const longestInAddress = 4000;

/** Encoding of texts in the address. */
export interface Keeping {
  /**
   * Decodes a text.
   *
   * @throws Error for a long text of another page
   */
  read(kept: string): string;
  write(text: string): string;
}

/**
 * Encodes texts: `=` and the text, or for a long text `*` and its hash. The returned object remembers the long texts,
 * so that the browser history finds them again.
 */
export function ownTexts(): Keeping {
  const long = new Map<string, string>();
  return {
    read(kept) {
      if (kept === "") return "";
      if (kept.startsWith("=")) return kept.slice(1);
      const text = long.get(kept);
      if (text === undefined)
        throw new Error(
          "this text was too long for an address, and only the page where it was pasted had it; paste it again",
        );
      return text;
    },
    write(text) {
      if (text === "") return "";
      if (text.length <= longestInAddress) return `=${text}`;
      const mark = `*${text.length}-${hashOf(text).toString(36)}`;
      long.set(mark, text);
      return mark;
    },
  };
}

/** 32-bit FNV-1a hash of the code units of a text. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
