import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** Value of an entry of `exports` in Node's format. */
type Target = string | null | readonly Target[] | { readonly [condition: string]: Target };

interface Manifest {
  readonly exports?: Target;
  readonly module?: string;
  readonly main?: string;
}

/** Conditions of Node's resolution: sources are imported as modules, and types are those of the sources. */
const conditions: readonly string[] = ["import", "module", "node", "default"];

/**
 * Returns the file of an import of a workspace package: one whose folder in `node_modules` is a link to a folder
 * elsewhere. `undefined` for installed packages, whose code is not followed.
 */
export function workspaceFile(specifier: string, importer: string): string | undefined {
  const [, name, rest] = /^((?:@[^/]+\/)?[^@./][^/]*)(\/.*)?$/.exec(specifier) ?? [];
  if (name === undefined) return undefined;
  const folder = packageFolder(name, dirname(importer));
  if (folder === undefined || /[\\/]node_modules[\\/]/.test(folder)) return undefined;
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const subpath = `.${rest ?? ""}`;
  const target =
    manifest.exports === undefined
      ? subpath === "."
        ? (manifest.module ?? manifest.main ?? "./index")
        : subpath
      : exported(manifest.exports, subpath);
  return target === undefined ? undefined : join(folder, target);
}

/** The folder of a package, with links resolved. */
function packageFolder(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (statSync(join(found, "package.json"), { throwIfNoEntry: false })?.isFile() === true)
      return realpathSync(found);
    if (folder === dirname(folder)) return undefined;
  }
}

/** Resolves a subpath in a package's `exports` by Node's rules: an exact key, else the longest matching pattern. */
function exported(exports: Target, subpath: string): string | undefined {
  const table =
    isObject(exports) && Object.keys(exports).some((key) => key.startsWith(".")) ? exports : { ".": exports };
  if (Object.hasOwn(table, subpath)) return chosen(table[subpath]!);
  const fitting = Object.keys(table).flatMap((key) => {
    const [before, after] = key.split("*");
    const fits = after !== undefined && subpath.startsWith(before!) && subpath.endsWith(after);
    return fits ? [{ key, before: before!, after }] : [];
  });
  const [best] = fitting.sort((a, b) => b.before.length - a.before.length || b.key.length - a.key.length);
  if (best === undefined) return undefined;
  const filling = subpath.slice(best.before.length, subpath.length - best.after.length);
  return chosen(table[best.key]!)?.replaceAll("*", filling);
}

function isObject(target: Target): target is { readonly [key: string]: Target } {
  return typeof target === "object" && target !== null && !Array.isArray(target);
}

/** The file of the first matching condition. */
function chosen(target: Target): string | undefined {
  if (typeof target === "string") return target;
  if (target === null) return undefined;
  const options = isObject(target)
    ? Object.entries(target).flatMap(([condition, option]) =>
        conditions.includes(condition) ? [option] : [],
      )
    : target;
  for (const option of options) {
    const file = chosen(option);
    if (file !== undefined) return file;
  }
  return undefined;
}
