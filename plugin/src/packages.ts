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

/** Names of the installed packages in the variable DOWNHILL_PACKAGES, separated by commas. */
export function namedPackages(
  text: string | undefined = process.env["DOWNHILL_PACKAGES"],
): readonly string[] {
  return (text ?? "").split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
}

/** Name and subpath of a specifier of a package; `undefined` for other specifiers. */
function partsOf(specifier: string): readonly [name: string, rest: string | undefined] | undefined {
  const [, name, rest] = /^((?:@[^/]+\/)?[^@./][^/]*)(\/.*)?$/.exec(specifier) ?? [];
  return name === undefined ? undefined : [name, rest];
}

/**
 * Returns the file of an import of a workspace package: one whose folder in `node_modules` is a link to a folder
 * elsewhere. `undefined` for installed packages, whose code is not followed, except those named in `packages`.
 */
export function workspaceFile(
  specifier: string,
  importer: string,
  packages: readonly string[] = [],
): string | undefined {
  const [name, rest] = partsOf(specifier) ?? [];
  if (name === undefined) return undefined;
  const folder = packageFolder(name, dirname(importer));
  if (folder === undefined || (/[\\/]node_modules[\\/]/.test(folder) && !packages.includes(name)))
    return undefined;
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

/**
 * The folder of the package that a module in the folder `from` would import, with links resolved. `undefined` if it is
 * not installed.
 */
function packageFolder(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (statSync(join(found, "package.json"), { throwIfNoEntry: false })?.isFile() === true)
      return realpathSync(found);
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * Resolves a subpath in a package's `exports` by Node's rules: an exact key, else the longest matching pattern.
 * `undefined` if the package does not export the subpath.
 */
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

/** The file of the first matching condition in a target of `exports`; `undefined` if no condition matches. */
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
