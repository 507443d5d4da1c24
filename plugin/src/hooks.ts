import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type * as OxcTransform from "oxc-transform";
import remapping from "@jridgewell/remapping";
import { fileResolver } from "./files.ts";
import { mayBeMarked, transform } from "./transform.ts";

interface Context {
  readonly format?: string | null | undefined;
}

/** What a hook gives: the text of a module and how Node is to read it. */
interface Loaded {
  readonly format: string | null | undefined;
  readonly source?: string | ArrayBuffer | Uint8Array | null | undefined;
  readonly shortCircuit?: boolean;
}

const isTypeScript = /\.m?ts$/;
const stripsTypes = Boolean((process.features as { readonly typescript?: unknown }).typescript);

/**
 * Node's hook that loads a module: marked functions are compiled; where Node does not strip types, that is done too.
 * Everything in `node_modules` stays as it is.
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
  const transformed = isMarked ? transform(text, file, resolve) : undefined;
  if (transformed === undefined && !strips) return next(url, context);
  const { code, map } = strips
    ? stripTypes(file, transformed?.code ?? text, transformed?.map)
    : { code: transformed!.code, map: transformed!.map.toString() };
  const mapped = Buffer.from(map).toString("base64");
  return {
    format: isTypeScript.test(file) && !strips ? "module-typescript" : "module",
    shortCircuit: true,
    source: `${code}\n//# sourceMappingURL=data:application/json;base64,${mapped}\n`,
  };
}

/** JavaScript of TypeScript, with a map to the text that a map leads from, if there is one. */
function stripTypes(
  file: string,
  code: string,
  before: { toString: () => string } | undefined,
): { readonly code: string; readonly map: string } {
  const { transformSync } = createRequire(import.meta.url)("oxc-transform") as typeof OxcTransform;
  const result = transformSync(file, code, {
    sourcemap: true,
    target: "es2022",
    typescript: { onlyRemoveTypeImports: true, rewriteImportExtensions: false },
  });
  const [error] = result.errors;
  if (error !== undefined)
    throw new SyntaxError(`${file}: ${error.message}\n${error.codeframe ?? ""}`.trimEnd());
  const map = JSON.stringify(result.map);
  const joined = before === undefined ? map : remapping([map, before.toString()], () => null).toString();
  return { code: result.code, map: joined };
}
