import type { PlainType } from "../form/form.ts";
import type { Identifier, Node, TypeNode } from "./ast.ts";
import type { Module } from "./module.ts";
import { PlainError } from "./refuse.ts";
import { accepted } from "./type-messages.ts";
import { typeOf } from "./types.ts";

/**
 * Type of a parameter from the JSDoc comment before its function: `@param {number[]} x`. `undefined` if it has none.
 */
export function documentedType(param: Identifier, owner: Node, module: Module): PlainType | undefined {
  const before = module.text.slice(0, owner.start);
  const comment =
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:export\s+)?(?:default\s+)?(?:(?:const|let)\s+\w+\s*=\s*)?$/.exec(
      before,
    )?.[1];
  const type = comment === undefined ? undefined : documented(comment, param.name);
  if (type === undefined) return undefined;
  const program = module.parse(`type T = ${type};`, "types.ts") as Node & {
    readonly body: readonly { readonly typeAnnotation: TypeNode }[];
  };
  try {
    return typeOf(program.body[0]!.typeAnnotation, module);
  } catch (error) {
    if (!(error instanceof PlainError)) throw error;
    throw new PlainError(
      module,
      param,
      `its @param type ${type} is not one that a function may take: ${accepted}.`,
    );
  }
}

/** Returns the text between the braces of `@param {…} name` in a comment; `undefined` if it has no such tag. */
function documented(comment: string, name: string): string | undefined {
  for (const tag of comment.split("@param").slice(1)) {
    let depth = 0;
    const open = tag.indexOf("{");
    for (let i = open; i >= 0 && i < tag.length; i++) {
      if (tag[i] === "{") depth++;
      if (tag[i] === "}" && --depth === 0) {
        // `[x]` and `[x=2]` are optional
        const [, bracket, tagged] = /^\s*(\[?)\s*([\w$]+)/.exec(tag.slice(i + 1)) ?? [];
        if (tagged === name) {
          const type = tag
            .slice(open + 1, i)
            .replace(/^\s*\*/gm, "")
            .trim();
          const isOptional = bracket === "[" || type.endsWith("=");
          return type.replace(/=$/, "") + (isOptional ? " | undefined" : "");
        }
        break;
      }
    }
  }
  return undefined;
}
