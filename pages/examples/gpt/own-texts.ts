// Texts of the reader in the address: short ones as they are; a long one stays in the page where it was pasted.

/** Characters of a text that the address holds whole; longer addresses are cut by what passes them on. */
export const longestInAddress = 4000;

/** How a text is kept. */
export interface Keeping {
  /** @throws Error for a long text of another page */
  read(kept: string): string;
  write(text: string): string;
}

/** Keeps texts: `=` and the text, or `*` and what tells it from others where it is too long. Going back and forth finds those again. */
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

/** 32 bits of a text: FNV-1a over its code units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
