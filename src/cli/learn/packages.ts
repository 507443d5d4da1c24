import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** A package that pages of the course need: modules of the library import it, or, where `of` says so, a package that they import. */
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

/** Where a page finds the module of a package: an address relative to that of the library's modules. */
const addressOf = (name: string): string => `packages/${name}.js`;

/** The addresses of these packages by their names, as an import map has them. */
export function packageAddresses(): Record<string, string> {
  return Object.fromEntries(needed.map(({ name }) => [name, addressOf(name)]));
}

/** The files at these addresses, as Node finds them from here. */
export function packageFiles(): ReadonlyMap<string, string> {
  const here = (name: string): string => fileURLToPath(import.meta.resolve(name));
  return new Map(
    needed.map(({ name, of }) => [
      addressOf(name),
      of === undefined ? here(name) : createRequire(here(of)).resolve(name),
    ]),
  );
}
