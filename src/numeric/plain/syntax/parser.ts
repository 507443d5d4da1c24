import type { Parser } from "acorn";
import type { Parse } from "./module.ts";
import { PlainError } from "./refuse.ts";

/**
 * The parser that `compile` uses where none is handed in: acorn with its TypeScript plugin, loaded at the first call.
 *
 * It throws PlainError for text that is not TypeScript.
 */
export async function loadParser(): Promise<Parse> {
  const [{ Parser }, { tsPlugin }] = await Promise.all([
    import("acorn"),
    import("@sveltejs/acorn-typescript"),
  ]);
  const TypeScript = Parser.extend(tsPlugin(), withQuickErrors);
  return (text, file) => {
    try {
      return TypeScript.parse(text, { sourceType: "module", ecmaVersion: "latest", locations: true });
    } catch (error) {
      if (!(error instanceof SyntaxError) || !("pos" in error) || typeof error.pos !== "number") throw error;
      const at = { type: "", start: error.pos, end: error.pos };
      throw new PlainError({ text, file }, at, `${error.message}.`);
    }
  };
}

/**
 * Errors without their line and column. The plugin parses by trial and raises one wherever it turns back, and for its place acorn counts the
 * lines of all text before: a third of the time that thirteen functions take, and the square of the length.
 */
function withQuickErrors(Base: typeof Parser): typeof Parser {
  return class extends Base {
    raise(pos: number, message: string): never {
      throw Object.assign(new SyntaxError(message), { pos });
    }

    raiseRecoverable(pos: number, message: string): never {
      return this.raise(pos, message);
    }
  };
}
