// Programs that repeat the results of commands, as TypeScript that runs as it is.
import * as optim from "../../numeric/optim/index.ts";
import { compileText } from "../../numeric/syntax/index.ts";
import { escapeTemplate } from "../../pictures/viz/gradient-program.ts";
import { importsFor } from "../../pictures/viz/program-imports.ts";
import type { WrittenConstraint } from "./where.ts";

/** Adds the import declarations for the functions of the library that a program calls. */
export function withImports(code: string): string {
  return `${importsFor(code, (name) => Object.hasOwn(optim, name))}\n\n${code.trim()}\n`;
}

/** Writes a formula of at most one number as a function of a tensor, as code. */
export function formulaCode(text: string): string {
  const { inputs, evaluate } = compileText(text);
  if (inputs.length === 0) return `() => tensor(${evaluate([]).item()})`;
  return `(t) => defineLandscape(\`${escapeTemplate(text.trim())}\`).value(stack([t]))`;
}

/** Writes a formula of at most one number as a function of a number, as code. */
export function numberFormulaCode(text: string): string {
  const { inputs, evaluate } = compileText(text);
  if (inputs.length === 0) return `() => ${evaluate([]).item()}`;
  return `(t) => defineLandscape(\`${escapeTemplate(text.trim())}\`).value(tensor([t])).item()`;
}

/**
 * Writes a constraint as code.
 *
 * @param valueOf returns the value of a name, as code, where `x` is the argument of the constraint
 */
export function constraintCode(
  { text, expression, names, low, high }: WrittenConstraint,
  valueOf: (name: string) => string,
): string {
  const value = `defineLandscape(\`${escapeTemplate(expression)}\`).value(stack([${names.map(valueOf).join(", ")}]))`;
  return `between((x) => ${value}, ${low}, ${high}, { name: ${JSON.stringify(text)} })`;
}

/** Writes numbers of an array in float32 as code, with the fewest digits that restore them. */
export function floatsCode(values: ArrayLike<number>): string {
  return `[${Array.from(values, (value) => String(Number(value.toPrecision(9)))).join(", ")}]`;
}
