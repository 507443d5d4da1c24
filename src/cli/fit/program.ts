import type { PlainForm, PlainType } from "../../numeric/plain/form/form.ts";
import type { CompiledText } from "../../numeric/syntax/index.ts";
import { constants, functions } from "../../numeric/syntax/functions.ts";
import { typeScriptOf } from "../../numeric/syntax/typescript.ts";
import { escapeTemplate, literal } from "../../pictures/viz/gradient-program.ts";
import { constraintCode, withImports } from "../shared/program-text.ts";
import type { FitReport } from "./report.ts";

/** A model as code: declarations, and a function of columns `x` and parameters `p`. */
export interface ModelCode {
  readonly declarations: string;
  readonly model: string;
}

/** Writes the model of a formula as code. `undefined` if columns have the names of functions that the code needs. */
export function formulaCode(
  compiled: CompiledText,
  text: string,
  { columns, data }: { readonly columns: readonly string[]; readonly data: readonly string[] },
): ModelCode | undefined {
  const { inputs } = compiled;
  const source = data.length === 0 ? undefined : typeScriptOf(compiled);
  if (source !== undefined) {
    const [, name] = /function ([\w$]+)/.exec(source)!;
    return compiledModel(
      source,
      name!,
      inputs,
      data,
      inputs.map((one) => valueCode(one, data)),
    );
  }
  if (columns.some((name) => constants.has(name) || functions.has(name))) return undefined;
  const rows = inputs.map((one) => (data.includes(one) ? `x.${one}` : `p.${one}`)).join(", ");
  const names = inputs.map((_, i) => `v${i}`).join(", ");
  const axes = literal(inputs.map((one) => (data.includes(one) ? 0 : null)));
  return {
    declarations: `const formula = defineLandscape(\`${escapeTemplate(text)}\`);`,
    model:
      data.length === 0
        ? `(x, p) => formula.value(stack([${rows}]))`
        : `(x, p) => vmap((${names}) => formula.value(stack([${names}])), { inAxes: ${axes} })(${rows})`,
  };
}

/**
 * Writes a function in a file as a model. `undefined` for functions of whole columns, files that import others, and
 * omitted arguments before others.
 *
 * @param types types of the arguments that the model passes
 */
export function plainCode(
  form: PlainForm,
  types: readonly (PlainType | undefined)[],
  text: string | undefined,
  data: readonly string[],
): ModelCode | undefined {
  const given = types.filter((type) => type !== undefined);
  const isGap = given.length < types.length && types.indexOf(undefined) < given.length;
  if (text === undefined || data.length === 0 || form.result.kind !== "number" || isGap) return undefined;
  if (/^\s*import\b/m.test(text)) return undefined;
  const numbers: string[] = [];
  const args = given.map((type, i) =>
    argumentCode(form.params[i]!.name, type, (name) => (numbers.push(name), valueCode(name, data))),
  );
  return compiledModel(text, form.region.name, numbers, data, args);
}

/** Writes a model that calls a function of the text. @param numbers names of columns and parameters */
function compiledModel(
  text: string,
  f: string,
  numbers: readonly string[],
  data: readonly string[],
  args: readonly string[],
): ModelCode | undefined {
  const name = ["model", "model2"].find((one) => !new RegExp(`\\b${one}\\b`).test(text));
  if (name === undefined) return undefined;
  const typeOf = (names: readonly string[]): string =>
    `{ ${names.map((one) => `${one}: number`).join("; ")} }`;
  const types = `x: ${typeOf(numbers.filter((one) => data.includes(one)))}, p: ${typeOf(numbers.filter((one) => !data.includes(one)))}`;
  return {
    declarations: `const program = await compile<{ ${name}: (${types}) => number }>(\`
${escapeTemplate(text.trim())}
export function ${name}(${types}): number {
  "use ad";
  return ${f}(${args.join(", ")});
}
\`);`,
    model: `program.${name}`,
  };
}

/** Writes an argument with the code of each number in it. */
function argumentCode(name: string, type: PlainType, leaf: (name: string) => string): string {
  if (type.kind === "record")
    return `{ ${type.fields.map((field) => `${field.name}: ${argumentCode(field.name, field.type, leaf)}`).join(", ")} }`;
  if (type.kind === "tuple")
    return `[${type.items.map((item, i) => argumentCode(`${name}${i}`, item, leaf)).join(", ")}]`;
  return leaf(name);
}

function valueCode(name: string, data: readonly string[]): string {
  return `${data.includes(name) ? "x" : "p"}.${name}`;
}

const mostNumbers = 100_000; // in a program; longer ones are slow to paste

/**
 * Writes a fit with its data as a program that runs as it is. `undefined` for models that are not code, and for larger
 * data.
 */
export function fitProgram(report: FitReport): string | undefined {
  const { formula, settings, drawing, data, bounds } = report;
  const { where, start, sigma, weights, isSigmaAbsolute } = report.asked;
  const { parameters, code } = formula;
  if (code === undefined || data.rows * (data.columns.size + 1) > mostNumbers) return undefined;
  const x = formula.columns.length === 0 ? [...data.columns.keys()].slice(0, 1) : formula.columns;
  const { loss, lossScale, level, starts, maxIterations } = settings;
  const options: (readonly [name: string, code: string | undefined])[] = [
    ["parameters", literal(parameters)],
    ["start", recordCode(start)],
    ["low", recordCode(bounds.low)],
    ["high", recordCode(bounds.high)],
    ["sigma", sigma === undefined ? undefined : literal(data.columns.get(sigma))],
    ["weights", weights === undefined ? undefined : literal(data.columns.get(weights))],
    ["absoluteSigma", isSigmaAbsolute ? "true" : undefined],
    ["loss", loss === "squares" ? undefined : literal(loss)],
    ["lossScale", lossScale === undefined ? undefined : literal(lossScale)],
    ["level", literal(level)],
    ["starts", literal(starts)],
    ["maxIterations", literal(maxIterations)],
    [
      "constraints",
      where.length === 0
        ? undefined
        : `[${where.map((one) => constraintCode(one, (name) => `x.${name}`)).join(", ")}]`,
    ],
  ];
  return withImports(`
${code.declarations}
const columns = {
${x.map((name) => `  ${name}: ${literal(data.columns.get(name))},\n`).join("")}};
// ${formula.target}
const y = ${literal(drawing.y)};

const { params, standardErrors } = fitCurve(${code.model}, columns, y, {
${options.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name}: ${value},\n`])).join("")}});
console.log("parameters", JSON.stringify(params));
console.log("standard errors", JSON.stringify(standardErrors));
`);
}

function recordCode(record: Readonly<Record<string, number>>): string | undefined {
  return Object.keys(record).length === 0 ? undefined : literal(record);
}
