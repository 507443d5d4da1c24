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
 * Files whose text may come from here: it is taken for an ES module, and Bun wants one of each file that it asks for. So `.js`, which
 * may be CommonJS, is not among them, nor is anything in `node_modules`.
 */
const modules = /^(?!.*[\\/]node_modules[\\/]).*\.(?:mjs|mts|tsx?|jsx)$/;

/** Has Bun compile marked functions as it loads modules. */
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
