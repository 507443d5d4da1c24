import { readFileSync, statSync } from "node:fs";
import { dirname, resolve as join } from "node:path";
import { namedPackages, workspaceFile } from "./packages.ts";
import { isUntyped } from "./parse.ts";
import type { Resolve } from "./transform.ts";

/** Extensions that an import may omit, and the source extensions for an import of the compiled file. */
const endings = ["", ".ts", ".mts", ".tsx", ".js", ".mjs", "/index.ts", "/index.js"];

/**
 * Follows relative imports as TypeScript does, from file to file, and imports of packages of the same workspace and of
 * the installed `packages`. `seen` receives each file that is read. `known` returns the file of an import that a bundler
 * has resolved.
 */
export function fileResolver(
  seen: (file: string) => void,
  known: (specifier: string, importer: string) => string | undefined = () => undefined,
  packages: readonly string[] = namedPackages(),
): Resolve {
  return (specifier, importer) => {
    const file = known(specifier, importer) ?? fileOf(specifier, importer, packages);
    if (file === undefined || !/\.[mc]?[jt]sx?$/.test(file)) return undefined;
    seen(file);
    return { file, text: readFileSync(file, "utf8") };
  };
}

function fileOf(specifier: string, importer: string, packages: readonly string[]): string | undefined {
  const isRelative = /^\.{1,2}\//.test(specifier);
  const path = isRelative ? join(dirname(importer), specifier) : workspaceFile(specifier, importer, packages);
  if (path === undefined) return undefined;
  const compiled = path.replace(/\.([mc]?)js$/, ".$1ts");
  return [...endings.map((ending) => path + ending), compiled].find(
    (file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true,
  );
}

/**
 * Reads the TypeScript text of a module from its file if the given code has lost its types, as with
 * `@rollup/plugin-typescript`. `undefined` if no types are lost.
 */
export function typedText(code: string, file: string): string | undefined {
  if (!/\.[mc]?tsx?$/.test(file) || statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    return undefined;
  const text = readFileSync(file, "utf8");
  return text !== code && isUntyped(code, file) && !isUntyped(text, file) ? text : undefined;
}
