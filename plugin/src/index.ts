import { relative } from "node:path";
import {
  createUnplugin,
  type UnpluginBuildContext,
  type UnpluginContext,
  type UnpluginInstance,
} from "unplugin";
import { fileResolver, typedText } from "./files.ts";
import { namedPackages } from "./packages.ts";
import { importsOf } from "./parse.ts";
import { mayBeMarked, transform } from "./transform.ts";

/** Options of the build plugin. */
export interface PluginOptions {
  /** Pattern of the paths of modules to compile. Default: JavaScript and TypeScript outside of `node_modules`. */
  readonly include?: RegExp;
  /**
   * Names of installed packages whose functions marked functions may call, such as `["@lab/springs"]`. Their files may
   * be TypeScript or JavaScript modules. Default: the names in the variable `DOWNHILL_PACKAGES`, separated by commas.
   */
  readonly packages?: readonly string[];
  /**
   * Compiles `grad(f)`, `valueAndGrad(f)` and `jit(f)` of marked functions at build time if the module calls them, so
   * that their first calls need no compilation. `"page"` compiles for V8 in pages that are not cross-origin isolated,
   * and `"node"` for an engine like that of the build. Other engines compile at the first call. Default: none, because
   * each adds 4 to 60 KB to a function of 1 to 3 KB.
   */
  readonly precompile?: "page" | "node" | readonly ("page" | "node")[];
}

const sources = /\.[mc]?[jt]sx?(?:$|\?)/;

/** Compiles functions marked `"use ad"`, in every bundler that unplugin serves. */
export const downhill: UnpluginInstance<PluginOptions | undefined, false> = /* @__PURE__ */ createUnplugin(
  (options = {}) => {
    /** For each file of helpers, the modules that contain their compiled code. */
    const users = new Map<string, Set<string>>();
    const targets = [options.precompile ?? []].flat();
    const packages = options.packages ?? namedPackages();
    return {
      name: "downhill",
      enforce: "pre", // before types are stripped, because they are read
      transform: {
        filter: {
          id: { include: options.include ?? sources, exclude: options.include ? [] : /\/node_modules\// },
          code: "use ad",
        },
        async handler(code, id) {
          if (!mayBeMarked(code)) return undefined;
          const file = id.replace(/[?#].*$/, "");
          try {
            const written = typedText(code, file) ?? code;
            const known = await resolvedImports(this, written, file);
            const resolve = fileResolver(
              (seen) => {
                this.addWatchFile(seen);
                users.set(seen, (users.get(seen) ?? new Set()).add(file));
              },
              (specifier, importer) => (importer === file ? known.get(specifier) : undefined),
              packages,
            );
            return transform(code, file, resolve, { written, precompile: targets });
          } catch (error) {
            this.error(asMessage(error, file));
            return undefined;
          }
        },
      },
      vite: {
        // imports that are added to modules; otherwise Vite finds them late, and loads the page twice
        config: () => ({ optimizeDeps: { include: ["downhill/plain"] } }),
        // Vite considers a module unchanged if only its imports have changed, but helpers are compiled into their
        // callers.
        hotUpdate({ file, modules }) {
          const graph = this.environment.moduleGraph;
          const compiled = [...(users.get(file) ?? [])].flatMap((user) => [
            ...(graph.getModulesByFile(user) ?? []),
          ]);
          return [...modules, ...compiled];
        },
      },
    };
  },
);

type Context = UnpluginBuildContext & UnpluginContext;

/** Resolves imports with Rollup and compatible bundlers, for example through aliases. */
async function resolvedImports(context: Context, code: string, file: string): Promise<Map<string, string>> {
  const { resolve } = context as Context & {
    readonly resolve?: (specifier: string, importer: string) => Promise<{ readonly id: string } | null>;
  };
  const known = new Map<string, string>();
  if (typeof resolve !== "function") return known;
  for (const specifier of importsOf(code, file)) {
    const found = await resolve.call(context, specifier, file);
    if (found !== null && !found.id.includes("/node_modules/"))
      known.set(specifier, found.id.replace(/[?#].*$/, ""));
  }
  return known;
}

/** An error in the form that bundlers show. */
function asMessage(error: unknown, file: string): Parameters<Context["error"]>[0] {
  const { message, line, column } = error as Error & { readonly line?: number; readonly column?: number };
  const isPlaced = typeof line === "number" && typeof column === "number";
  const shown = message.replaceAll(file, relative(process.cwd(), file));
  return {
    message: shown,
    id: file,
    ...(isPlaced ? { loc: { file, line, column: column - 1 } } : {}), // bundlers count columns from 0
  };
}
