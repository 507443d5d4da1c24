import type { CompiledText } from "../../numeric/syntax/index.ts";
import { typeScriptOf } from "../../numeric/syntax/typescript.ts";

/**
 * Value and gradient of a formula as a program that runs as it is, in Node, Deno, Bun or a bundler, with downhill installed.
 *
 * @param values the inputs, as code
 */
export function textProgram(compiled: CompiledText, text: string, values: readonly string[]): string {
  const source = typeScriptOf(compiled);
  if (source === undefined) return formulaProgram(text, values);
  const [, name] = /function ([\w$]+)/.exec(source)!;
  return compiledProgram(
    source,
    name!,
    values,
    values.map((_, i) => i),
  );
}

/**
 * Text of a program that compiles the source of a function marked "use ad" at run time, so that it needs no build
 * plugin. It prints the value and the gradient at the given arguments.
 */
export function compiledProgram(
  text: string,
  name: string,
  values: readonly string[],
  argnums: readonly number[],
): string {
  const lines = [
    ...(argnums.length === 0 ? [] : ['import { valueAndGrad } from "downhill";']),
    'import { compile } from "downhill/plain";',
    "",
    "// With a build plugin the function can be part of the program: see plain-setup in the documentation.",
    `const program = await compile(\`\n${escapeTemplate(text.trim())}\n\`);`,
    "",
    ...(argnums.length === 0
      ? [`console.log("value", program.${name}(${values.join(", ")}));`]
      : [
          `const f = valueAndGrad(program.${name}, { argnums: [${argnums.join(", ")}] });`,
          `const [value, gradient] = f(${values.join(", ")});`,
          'console.log("value", value);',
          'console.log("gradient", JSON.stringify(gradient));',
        ]),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * Text of a program that computes a formula over tensors, because it uses functions that TypeScript lacks. It prints
 * the value and the gradient.
 */
function formulaProgram(text: string, values: readonly string[]): string {
  return `import { tensor, valueAndGrad } from "downhill";
import { defineLandscape } from "downhill/landscapes";

const { value: f, coordinates } = defineLandscape(\`${escapeTemplate(text)}\`);
const [value, gradient] = valueAndGrad(f)(tensor([${values.join(", ")}]));
console.log("value", value.item());
console.log("gradient in", coordinates.join(", "), JSON.stringify(gradient.tolist()));
`;
}

/** Writes numbers, arrays and records as code. */
export function literal(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `[${value.map((one) => literal(one)).join(", ")}]`;
  if (ArrayBuffer.isView(value)) return literal(Array.from(value as Float64Array));
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, one]) => `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)}: ${literal(one)}`)
      .join(", ")} }`;
  return JSON.stringify(value) ?? "undefined";
}

/** Escapes a text for a template literal. */
export function escapeTemplate(text: string): string {
  return text.replaceAll(/[\\`]|\$\{/g, (part) => `\\${part}`);
}
