import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { DownhillError } from "../../../engine/errors/index.ts";

/** The part of `@resvg/resvg-js` that draws PNG pictures. */
export interface ResvgModule {
  readonly Resvg: new (
    svg: string,
    options: { readonly fitTo: { readonly mode: "zoom"; readonly value: number } },
  ) => { readonly render: () => Bitmap };
}

/** A drawn picture. `pixels` has four bytes per pixel: red, green, blue, opacity. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  readonly asPng: () => Uint8Array;
}

/** The part of `modern-gif` that encodes animations. */
export interface ModernGifModule {
  readonly encode: (options: {
    readonly width: number;
    readonly height: number;
    readonly frames: readonly {
      readonly data: Uint8ClampedArray;
      /** Milliseconds. */
      readonly delay: number;
    }[];
  }) => Promise<ArrayBuffer>;
}

const rasteriser = "@resvg/resvg-js";
const encoder = "modern-gif";

/** Packages that a file needs, by the extension of its name. */
const packagesOf: Readonly<Record<string, readonly string[]>> = {
  ".png": [rasteriser],
  ".gif": [rasteriser, encoder],
};

/** Imports the installed rasteriser. */
export async function loadRasteriser(): Promise<ResvgModule> {
  return (await loadPackage(rasteriser)) as ResvgModule;
}

/** Imports the installed encoder of animations. */
export async function loadEncoder(): Promise<ModernGifModule> {
  return (await loadPackage(encoder)) as ModernGifModule;
}

/**
 * Checks before any work that the packages for a file are installed.
 *
 * @throws DownhillError `option` that names the missing packages and the command that installs them.
 */
export async function checkPackages(
  option: string,
  file: string,
  load: (name: string) => Promise<unknown> = loadPackage,
): Promise<void> {
  const missing: string[] = [];
  for (const name of packagesOf[extname(file).toLowerCase()] ?? []) {
    try {
      await load(name);
    } catch {
      missing.push(name);
    }
  }
  if (missing.length === 0) return;
  const are = missing.length === 1 ? "which is" : "which are";
  throw new DownhillError(
    "option",
    `${option} ${file}: ${extname(file).slice(1).toLowerCase()} files need ${missing.join(" and ")}, ${are} not installed. ` +
      `Write npm install ${missing.join(" ")}, or choose the extension .svg.`,
  );
}

/** Imports a package that is installed next to downhill or in the working directory, for a downhill run by npx. */
async function loadPackage(name: string): Promise<unknown> {
  try {
    return await import(name); // a variable, so that bundlers do not resolve it
  } catch {
    const path = createRequire(join(process.cwd(), "package.json")).resolve(name);
    return await import(pathToFileURL(path).href);
  }
}
