// The syntax of programs of learners: JavaScript, or TypeScript that is parsed first.
import { syntaxProblem } from "./advice.ts";
import type { CodeOptions } from "./code.ts";

/** An import statement at the beginning of a line, in the two forms that programs of the course use. */
export const importStatement =
  /^[ \t]*import\s+(?:\{(?<names>[^}]*)\}|\*\s+as\s+(?<all>[\w$]+))\s+from\s+["'](?<from>[^"']+)["'];?/gm;

type AsyncFunctionOf = new (...texts: string[]) => (...args: unknown[]) => Promise<unknown>;
export const AsyncFunction = (async () => {}).constructor as AsyncFunctionOf;

/** True if a text is a JavaScript program. */
function isJavaScript(text: string): boolean {
  try {
    const run = new AsyncFunction(`"use strict"; ${text.replaceAll(importStatement, "")}`);
    return typeof run === "function";
  } catch {
    return false;
  }
}

/**
 * Parses a program that has types or functions marked `"use ad"`; `undefined` for other programs. Loads the parser when
 * it is first needed.
 *
 * @throws Error for a text that is neither JavaScript nor TypeScript, with the line and the repair
 */
export async function treeOf(text: string): Promise<CodeOptions["tree"]> {
  if (!/["']use ad["']/.test(text) && isJavaScript(text)) return undefined;
  const { loadParser } = await import("../../../src/numeric/plain/syntax/parser.ts");
  const parse = await loadParser();
  try {
    return parse(text, "program.js");
  } catch (error) {
    if (!(error instanceof Error) || !("start" in error) || !("reason" in error)) throw error;
    throw new Error(syntaxProblem(text, Number(error.start), String(error.reason)), { cause: error });
  }
}
