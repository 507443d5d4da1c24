import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type * as Swc from "@swc/wasm-typescript";
import { cacheFolder } from "./cache.ts";
import { fileResolver } from "./files.ts";
import { hasModuleSyntax } from "./parse.ts";
import { mayBeMarked, transform } from "./transform.ts";

interface Context {
  readonly format?: string | null | undefined;
}

/** Result of a hook: the text of a module and its format for Node. */
interface Loaded {
  readonly format: string | null | undefined;
  readonly source?: string | ArrayBuffer | Uint8Array | null | undefined;
  readonly shortCircuit?: boolean;
}

const isTypeScript = /\.m?ts$/;
const stripsTypes = Boolean((process.features as { readonly typescript?: unknown }).typescript);

/**
 * Node's hook that loads a module. It compiles marked functions, and strips types if Node does not. Everything in
 * `node_modules` stays unchanged.
 */
export function load<R extends Loaded | Promise<Loaded>>(
  url: string,
  context: Context,
  next: (url: string, context: Context) => R,
): R | Loaded {
  if (!url.startsWith("file:") || url.includes("/node_modules/") || !/\.m?[jt]s(?:$|[?#])/.test(url))
    return next(url, context);
  const file = fileURLToPath(url.replace(/[?#].*$/, ""));
  const text = readFileSync(file, "utf8");
  const isMarked = mayBeMarked(text);
  const strips = isTypeScript.test(file) && !stripsTypes;
  if (!isMarked && !strips) return next(url, context);
  const resolve = fileResolver(() => undefined);
  const transformed = isMarked ? transform(text, file, resolve, { cache: cacheFolder(file) }) : undefined;
  if (transformed === undefined && !strips) return next(url, context);
  const isModule = context.format?.startsWith("module") === true || hasModuleSyntax(text, file);
  if (transformed !== undefined && !isModule) {
    throw new SyntaxError(
      `${file}: a module with functions marked "use ad" must be an ES module: write "type": "module" in package.json, or name it .mts or .mjs.`,
    );
  }
  const code = transformed?.code ?? text;
  const map = transformed === undefined ? "" : `\n//# sourceMappingURL=${transformed.map.toUrl()}\n`;
  return {
    format: isTypeScript.test(file) && !strips ? "module-typescript" : "module",
    shortCircuit: true,
    source: (strips ? stripTypes(file, code) : code) + map,
  };
}

/**
 * Converts TypeScript to JavaScript. Types become spaces, as in Node's own type stripping, so that every position stays
 * the same.
 */
function stripTypes(file: string, code: string): string {
  const { transformSync } = createRequire(import.meta.url)("@swc/wasm-typescript") as typeof Swc;
  try {
    return transformSync(code, { mode: "strip-only", filename: file }).code;
  } catch (error) {
    const { message } = error as { readonly message?: string };
    throw new SyntaxError(`${file}: ${message ?? String(error)}`, { cause: error });
  }
}
