import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { builtFolder } from "../shared/built-folder.ts";
import { onInterrupt } from "../shared/interrupt.ts";
import type { Terminal } from "../shared/terminal.ts";
import type { LearnRequest } from "./command.ts";
import { packageFiles } from "./packages.ts";
import { serveFolder } from "./serve-folder.ts";

/** Serves the course until a signal ends it. This is the regular end, so that the exit code is 0. */
export async function learn(
  { chapter = "", port = "0", open: opensBrowser }: LearnRequest,
  { stdout }: Terminal,
): Promise<number> {
  const folder = builtFolder("course");
  if (folder === undefined)
    throw new DownhillError(
      "file",
      "learn: the course is missing. In a clone, `npm run build` builds it; in a project, reinstall downhill.",
    );
  checkChapter(folder, chapter);
  const library = dirname(folder); // the pages import its modules
  const home = basename(folder);
  const served = await serveFolder(library, readPort(port), { more: packageFiles(), home });
  const address = `${served.address}${home}/${chapter === "" ? "" : `${chapter}/`}`;
  const interruption = onInterrupt(() => {});
  try {
    stdout.write(`The course is at ${address} (Ctrl-C ends it)\n`);
    if (opensBrowser) openBrowser(address);
    await new Promise<void>((end) => {
      interruption.signal.addEventListener("abort", () => end(), { once: true });
    });
    stdout.write("\n");
  } finally {
    await served.close();
    interruption.dispose();
  }
  return 0;
}

function checkChapter(folder: string, chapter: string): void {
  if (chapter === "") return;
  const chapters = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, "index.html")))
    .map(({ name }) => name);
  if (chapters.includes(chapter)) return;
  const near = didYouMean(chapter, chapters);
  throw new DownhillError(
    "option",
    `learn: there is no chapter ${chapter}.${near === "" ? ` There are ${chapters.join(", ")}.` : near}`,
  );
}

const greatestPort = 65535;

function readPort(text: string): number {
  const port = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= greatestPort) return port;
  throw new DownhillError(
    "option",
    `learn: --port must be an integer from 0 (any that is free) to ${greatestPort}, got ${JSON.stringify(text)}`,
  );
}

/** Opens an address in the browser. Failures are ignored, because the address is printed too. */
function openBrowser(address: string): void {
  const { platform } = process;
  const program = platform === "darwin" ? "open" : platform === "win32" ? "cmd" : "xdg-open";
  const words = platform === "win32" ? ["/c", "start", "", address] : [address];
  spawn(program, words, { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}
