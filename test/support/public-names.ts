// The table of public names (docs/public-names.json), and the texts generated from it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./snippets.ts";

/** A row of the table: one name that a module exports. */
export interface PublicName {
  readonly name: string;
  /**
   * For an operation of `downhill`: `always`, a method of each tensor; `yes`, a method by `downhill/methods`; `axes`, a method by
   * `downhill/methods` that takes its axes first; `hint`, no method, but the error for a missing method names the function;
   * `no: REASON`, neither.
   */
  readonly method?: string;
  /** NumPy has the function under this name, in snake case. */
  readonly numpy?: "same";
  /** Identifiers of the compared libraries that have the function. The page of features has a row from it. */
  readonly in?: string;
  /** Its name in these libraries, if it differs. */
  readonly as?: string;
}

export interface NamedModule {
  readonly name: string;
  readonly entry: string;
  readonly text: string;
  readonly groups: readonly {
    readonly title: string;
    readonly section?: string;
    readonly functions: readonly PublicName[];
  }[];
}

export const namedModules: readonly NamedModule[] = JSON.parse(
  readFileSync(join(root, "docs/public-names.json"), "utf8"),
) as NamedModule[];

export function namesOf(module: string): readonly PublicName[] {
  return namedModules
    .filter(({ name }) => name === module)
    .flatMap(({ groups }) => groups.flatMap(({ functions }) => functions));
}

/** The source that `downhill` and `downhill/methods` read names of functions from. */
export function methodNamesSource(): string {
  const rows = namesOf("downhill");
  const list = (kind: string): string =>
    rows.flatMap(({ name, method }) => (method === kind ? [name] : [])).toSorted().join(" "); // prettier-ignore
  return `// Written from docs/public-names.json: DOWNHILL_WRITE=1 npx vitest run test/public-names.test.ts

/** Methods of \`downhill/methods\` that take their axes first: \`x.prod(0)\`. */
export const methodsAlongAxes = "${list("axes")}";

/** The other methods of \`downhill/methods\`. */
export const otherMethods = "${list("yes")}";

/** Functions that are no methods, which the error for a missing method names. */
export const functionsOnly = "${list("hint")}";
`;
}
