// Names in an emitted module: those of its own declarations give way to those of the source.
import type { PlainForm } from "../form/form.ts";

/** Words that are no names in a module. */
const keywords =
  "arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for " +
  "function if implements import in instanceof interface let new null package private protected public return static super switch " +
  "this throw true try typeof var void while with yield";

/** Names of the language that emitted code uses. */
const globals: ReadonlySet<string> = /* @__PURE__ */ (() =>
  new Set(
    (
      "Infinity Math NaN Number Array Object JSON String Error EvalError RangeError ReferenceError SyntaxError TypeError URIError " +
      "Float64Array Float32Array Int32Array Uint32Array Uint8Array WebAssembly atob undefined"
    ).split(" "),
  ))();

const reserved: ReadonlySet<string> = /* @__PURE__ */ (() => new Set([...keywords.split(" "), ...globals]))();

/** Names of a module's own declarations: helpers, functions of the library, compiled code. */
export interface OwnNames {
  /** The name in the module of an own declaration: `name`, or `name_2` if the source has a `name`. */
  of(name: string): string;
  /** Returns a name that is neither taken, nor reserved, nor that of an own declaration, and takes it. */
  fresh(hint: string, taken: Set<string>): string;
  /** Renames the own declarations in their code. Each of them begins a line. */
  rename(codes: readonly string[]): readonly string[];
}

/**
 * Creates `OwnNames`.
 *
 * @param source Names from the source, which the module keeps.
 * @param declared Names of the own declarations among which no fresh name may be.
 */
export function ownNames(source: ReadonlySet<string>, declared: Iterable<string>): OwnNames {
  const of = (name: string): string => (source.has(name) ? numbered(name, (one) => source.has(one)) : name);
  const own = new Set([...declared].map(of));
  return {
    of,
    fresh(hint, taken) {
      const base = hint.replace(/[^\w$]/g, "_").replace(/^(?=\d)/, "_");
      const isTaken = (one: string): boolean => taken.has(one) || reserved.has(one) || own.has(one);
      const name = isTaken(base) ? numbered(base, isTaken) : base;
      taken.add(name);
      return name;
    },
    rename(codes) {
      const found = codes.flatMap((code) =>
        Array.from(code.matchAll(/^(?:const|function) ([\w$]+)/gm), (match) => match[1]!),
      );
      const renamed = new Set(found.filter((name) => source.has(name)));
      if (renamed.size === 0) return codes;
      const inner = (token: string, name: string | undefined): string =>
        name !== undefined && renamed.has(name) ? of(name) : token;
      return codes.map((code) => code.replace(codeToken, inner));
    },
  };
}

/** Comments, strings and fields, or a name. The name is the first group. */
const codeToken =
  /\/\*\*[^]*?\*\/|\/\/.*|"[^"\\]*(?:\\.[^"\\]*)*"|`[^`\\]*(?:\\.[^`\\]*)*`|\.[\w$]+|[\w$]+:|([A-Za-z_$][\w$]*)/g;

function numbered(name: string, isTaken: (name: string) => boolean): string {
  let n = 2;
  while (isTaken(`${name}_${n}`)) n++;
  return `${name}_${n}`;
}

/** Name of an exported function inside of the module, whose code uses the global of the same name. */
export function innerName(name: string): string {
  return globals.has(name) ? `${name}_2` : name;
}

/** Renames the parameters that have the name of a global that emitted code uses. */
export function withoutGlobals(form: PlainForm): PlainForm {
  const renamed = <T extends { readonly name: string }>(param: T): T => ({
    ...param,
    name: innerName(param.name),
  });
  if (![...form.params, ...form.captured].some(({ name }) => globals.has(name))) return form;
  return { ...form, params: form.params.map(renamed), captured: form.captured.map(renamed) };
}

/** Code of an exported function. */
export function exportedFunction(
  { name, doc, params }: { readonly name: string; readonly doc: string; readonly params: readonly string[] },
  lines: readonly string[],
): string {
  const inner = innerName(name);
  return [
    `/** ${doc} */`,
    `${inner === name ? "export " : ""}function ${inner}(${params.join(", ")}) {`,
    ...lines,
    "}",
    ...(inner === name ? [] : [`export { ${inner} as ${name} };`]),
    "",
  ].join("\n");
}
