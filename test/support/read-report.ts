import { readFileSync } from "node:fs";

/** Reads a report. Its commands are plain text again: options such as `--hidden` are not enclosed in elements. */
export const readReport = (path: string): string =>
  readFileSync(path, "utf8").replaceAll(/<span class="whole">(.*?)<\/span>/g, "$1");
