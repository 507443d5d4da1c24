import type { Parse } from "./module.ts";

/**
 * The parser that `compile` uses where none is handed in: acorn with its TypeScript plugin, loaded at the first call.
 *
 * @throws SyntaxError for text that is not TypeScript, with line and column.
 */
export async function loadParser(): Promise<Parse> {
  const [{ Parser }, { tsPlugin }] = await Promise.all([
    import("acorn"),
    import("@sveltejs/acorn-typescript"),
  ]);
  const TypeScript = Parser.extend(tsPlugin());
  return (text) => TypeScript.parse(text, { sourceType: "module", ecmaVersion: "latest", locations: true });
}
