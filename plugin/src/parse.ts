import { parseSync } from "oxc-parser";

/** A syntax tree in the form that `downhill/plain` reads. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The syntax tree of a module. The file's extension determines whether it is TypeScript.
 *
 * @throws SyntaxError
 */
export function parse(text: string, file: string): Node {
  const { program, errors } = parseSync(file.replace(/[?#].*$/, ""), text, {
    astType: "ts",
    preserveParens: false,
    sourceType: "module",
  });
  const [error] = errors;
  if (error !== undefined)
    throw new SyntaxError(`${file}: ${error.message}\n${error.codeframe ?? ""}`.trimEnd());
  return program;
}

/** True if a TypeScript source is JavaScript too: it has no types. */
export function isUntyped(text: string, file: string): boolean {
  return (
    parseSync(file, text, { lang: file.endsWith("x") ? "jsx" : "js", sourceType: "module" }).errors.length ===
    0
  );
}

/** The modules that a module imports. */
export function importsOf(text: string, file: string): string[] {
  const { module } = parseSync(file, text, { sourceType: "module" });
  return module.staticImports.map(({ moduleRequest }) => moduleRequest.value);
}

/** Whether a text imports or exports something. */
export function hasModuleSyntax(text: string, file: string): boolean {
  return parseSync(file, text, { sourceType: "module" }).module.hasModuleSyntax;
}
