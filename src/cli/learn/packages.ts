import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * A package that the course pages need: modules of the library import it, or, if `of` is set, another package imports
 * it.
 */
interface NeededPackage {
  readonly name: string;
  readonly of?: string;
}

const needed: readonly NeededPackage[] = [
  { name: "acorn" },
  { name: "@sveltejs/acorn-typescript" },
  { name: "@dagrejs/dagre" },
  { name: "d3-contour" },
  { name: "d3-array", of: "d3-contour" },
];

/** The address of the module of a package for pages, relative to the modules of the library. */
const addressOf = (name: string): string => `packages/${name}.js`;

/** Returns the address of each needed package by name, in the form of an import map. */
export function packageAddresses(): Record<string, string> {
  return Object.fromEntries(needed.map(({ name }) => [name, addressOf(name)]));
}

/** Returns the file of each needed package on this machine, by the address at which it is served. */
export function packageFiles(): ReadonlyMap<string, string> {
  const here = (name: string): string => fileURLToPath(import.meta.resolve(name));
  return new Map(
    needed.map(({ name, of }) => [
      addressOf(name),
      of === undefined ? here(name) : createRequire(here(of)).resolve(name),
    ]),
  );
}
