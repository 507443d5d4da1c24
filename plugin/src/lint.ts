// Rules for ESLint and oxlint: what cannot be differentiated is underlined where it is written.
import { elaborate, markedFunctions, parseModule, PlainError } from "downhill/plain";
import { fileResolver } from "./files.ts";
import { parse } from "./parse.ts";
import type { Rule } from "./syntax.ts";
import { tensorCondition } from "./tensor-condition.ts";
import { mayBeMarked } from "./transform.ts";
import { unmarked } from "./unmarked.ts";

/** A source position in linter convention: lines count from 1, columns from 0. */
interface Place {
  readonly line: number;
  readonly column: number;
}

/** The part of a linter's context used in this file. */
interface Context {
  readonly filename: string;
  readonly sourceCode: { readonly text: string };
  report(problem: {
    readonly loc: { readonly start: Place; readonly end: Place };
    readonly message: string;
  }): void;
}

function placeAt(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length, column: lines.at(-1)!.length };
}

/** Reports code of functions marked `"use ad"` that a build would refuse, with the same message. */
const plain: Rule = {
  meta: {
    type: "problem",
    docs: { description: 'code of functions marked "use ad" that cannot be differentiated' },
    schema: [],
  },
  create(context: Context) {
    const { text } = context.sourceCode;
    if (!mayBeMarked(text)) return {};
    return { Program: () => checkModule(context, text) };
  },
};

function checkModule(context: Context, text: string): void {
  const file = context.filename;
  let module: ReturnType<typeof parseModule>;
  try {
    module = parseModule(text, { parse, file, resolve: fileResolver(() => undefined) });
  } catch {
    return; // the linter's own parser reports syntax errors
  }
  for (const one of markedFunctions(module.program)) {
    try {
      elaborate(module, one);
    } catch (error) {
      const { message } = error as Error;
      const isHere = error instanceof PlainError && error.file === file;
      const { start, end } = isHere ? error : one.node;
      context.report({
        loc: { start: placeAt(text, start), end: placeAt(text, end) },
        // errors in a helper of another file are reported in that file
        message: isHere ? error.reason : message,
      });
    }
  }
}

/** The plugin, with its rules and a configuration that turns them on. */
interface LintPlugin {
  readonly meta: { readonly name: string };
  readonly rules: Readonly<Record<string, Rule>>;
  readonly configs: {
    readonly recommended: {
      readonly plugins: Record<string, unknown>;
      readonly rules: Record<string, "error">;
    };
  };
}

const plugin: LintPlugin = {
  meta: { name: "downhill" },
  rules: { plain, "tensor-condition": tensorCondition, unmarked },
  configs: {
    recommended: {
      plugins: {
        get downhill() {
          return plugin;
        },
      },
      rules: {
        "downhill/plain": "error",
        "downhill/tensor-condition": "error",
        "downhill/unmarked": "error",
      },
    },
  },
};

// Configurations import plugins by default.
// oxlint-disable-next-line import/no-default-export
export default plugin;
