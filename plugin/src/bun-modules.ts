import { readFileSync } from "node:fs";
import { cacheFolder } from "./cache.ts";
import { fileResolver } from "./files.ts";
import { mayBeMarked, transform } from "./transform.ts";

/** The part of Bun's API used here; Bun's types are not installed. */
export interface Bun {
  plugin(plugin: {
    readonly name: string;
    setup(build: {
      onLoad(
        which: { readonly filter: RegExp },
        load: (module: { readonly path: string }) => { readonly contents: string; readonly loader: string },
      ): void;
    }): void;
  }): void;
}

/**
 * Files that this plugin may load. Bun treats the returned text as an ES module, and requires one for each matching
 * file. Therefore the pattern excludes `.js`, which may be CommonJS, and everything in `node_modules`.
 */
const modules = /^(?!.*[\\/]node_modules[\\/]).*\.(?:mjs|mts|tsx?|jsx)$/;

/** Makes Bun compile marked functions when it loads modules. */
export function compileInBun(bun: Bun): void {
  bun.plugin({
    name: "downhill",
    setup(build) {
      build.onLoad({ filter: modules }, ({ path }) => {
        const text = readFileSync(path, "utf8");
        const resolve = fileResolver(() => undefined);
        const compiled = mayBeMarked(text)
          ? transform(text, path, resolve, { cache: cacheFolder(path) })
          : undefined;
        return { contents: compiled?.code ?? text, loader: /[jt]sx?$/.exec(path)![0] };
      });
    },
  });
}
