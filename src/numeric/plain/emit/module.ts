// Derivatives of a plain function as a module without dependencies: readable code to keep and edit.
import {
  preludeNames,
  standalonePrelude,
  standaloneProcedure,
} from "../../../engine/backends/js/standalone.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import { makeBlock, local as kernelLocal } from "../../../engine/kernel/build.ts";
import { primary } from "../../../engine/kernel/code.ts";
import { scalarFunctions } from "../../../engine/prims/scalar-functions.ts";
import { inlineTemporaries } from "../../../engine/region/index.ts";
import type { Region, RegionParam, RegionType } from "../../../engine/region/form/region.ts";
import { walkStmts } from "../../../engine/region/form/walk.ts";
import { must } from "../../../engine/util/assert-never.ts";
import type { PlainForm } from "../form/form.ts";
import { argumentLines, type ArgumentScope } from "./arguments.ts";
import type { Derivation } from "./derive.ts";
import { gradientOf, hessianProductOf, jacobianOf, jacobianText, valueOf } from "./derive.ts";
import type { ArrayText } from "./expression.ts";
import { expressionCode } from "./expression.ts";
import type { ModuleHelper } from "./helpers.ts";
import { helperSources } from "./helpers.ts";
import { leafTexts, lengthChecks } from "./leaves.ts";
import { collectedLeaves } from "./list-leaves.ts";
import type { ResultText } from "./results.ts";
import { resultText } from "./results.ts";
import type { OwnNames } from "./own-names.ts";
import { exportedFunction, innerName, ownNames, withoutGlobals } from "./own-names.ts";
import type { StatementScope } from "./statement.ts";
import { statementLines } from "./statement.ts";
import { textCodes } from "./texts.ts";
import { parametersText, typeText } from "./types.ts";
import { wasmHead } from "./wasm-glue.ts";
import { wasmFunctions } from "./wasm.ts";
import { wrapLine } from "./wrap.ts";
import { append } from "../../../engine/util/append.ts";

/** Options of `emitModule`: the functions that the module contains, and their form. */
export interface EmitOptions {
  /** Emits the function itself as `name`, and makes gradients return its value first. Default false. */
  readonly value?: boolean;
  /**
   * Parameter names. Emits a function `nameGrad` that returns the gradient, or `[value, gradient]`. For several
   * parameters the gradient is a list.
   */
  readonly grad?: readonly string[];
  /**
   * Parameter name. Emits a function `nameHvp` of the arguments and a direction, which returns the Hessian times the
   * direction.
   */
  readonly hvp?: string;
  /**
   * Parameter name. Emits a function `nameJacobian`, which returns the derivative of a list of numbers in a list of
   * numbers as rows.
   */
  readonly jacobian?: string;
  /**
   * `"Math"` calls JavaScript's functions. `"exact"` includes the library's own, which have the same bits on every
   * engine.
   */
  readonly functions?: "Math" | "exact";
  /** True to embed WebAssembly, which has the bits and the speed of the library. Default false. */
  readonly wasm?: boolean;
  /** Comment lines for the head of the module: its source, and the command that generates it. */
  readonly head?: readonly string[];
}

/** Code of a module, and its type declarations. */
export interface EmittedModule {
  readonly code: string;
  readonly types: string;
}

/**
 * Generates derivatives of a plain function as an ES module without imports. Captured values become parameters after
 * the declared ones.
 *
 * @throws DownhillError `option` if no output is requested, or a name is not a parameter that has a derivative.
 */
export function emitModule(source: PlainForm, options: EmitOptions): EmittedModule {
  checkOptions("emit", options, ["value", "grad", "hvp", "jacobian", "functions", "wasm", "head"]);
  const { value = false, functions, wasm = false, head: given = [] } = options;
  const form = withoutGlobals(source);
  const grad = (options.grad ?? []).map(innerName);
  const [hvp, jacobian] = [options.hvp, options.jacobian].map((name) => name && innerName(name));
  if (wasm && functions === "Math")
    throw new DownhillError(
      "option",
      "emit: WebAssembly has the functions of the library, not those of Math.",
    );
  const head = wasm ? [...given, ...wasmHead] : given;
  const derivations: Derivation[] = [];
  if (value) derivations.push(valueOf(form));
  if (grad.length > 0) derivations.push(gradientOf(form, grad, value));
  if (hvp !== undefined) derivations.push(hessianProductOf(form, hvp));
  if (jacobian !== undefined) derivations.push(jacobianOf(form, jacobian));
  if (derivations.length === 0)
    throw new DownhillError("option", "emit: nothing is asked for. Give value, grad, hvp or jacobian.");
  const texts = wasm
    ? wasmFunctions(derivations)
    : javascriptFunctions(form, derivations, functions === "exact");
  const jacobians = jacobian === undefined ? [] : [jacobianText(form, jacobian)];
  append(
    texts,
    jacobians.map((one) => one.code),
  );
  const code = [...head.map((line) => `// ${line}`), "", ...texts].join("\n");
  const types = [
    ...head.map((line) => `// ${line}`),
    ...derivations.map(
      ({ name, doc, params, result }) =>
        `/** ${doc} */\nexport function ${name}(${parametersText(params)}): ${typeText(result)};`,
    ),
    ...jacobians.map((one) => one.types),
  ].join("\n");
  return { code: `${code.trim()}\n`, types: `${types}\n` };
}

/** Generates the code of functions that are JavaScript, after the declarations that they use. */
function javascriptFunctions(
  form: PlainForm,
  derivations: readonly Derivation[],
  isExact: boolean,
): string[] {
  const unit = new ModuleText(form, isExact, derivations);
  const texts = derivations.map((derivation) => unit.function(derivation));
  return [...unit.outer(), ...texts];
}

/** Names from the source that a derivative keeps: its function, parameters, and locals. */
function namesOf({ name, params, region, keep }: Derivation): string[] {
  return [name, ...params.map((param) => param.name), ...region.params.map((param) => param.name), ...keep];
}

/** Builder of the code of a module. */
class ModuleText {
  readonly #form: PlainForm;
  readonly #isExact: boolean;
  readonly #own: OwnNames;
  readonly #helpers = new Set<ModuleHelper>();
  /** Code of the library functions in the module, by name. */
  readonly #procedures = new Map<string, string>();

  constructor(form: PlainForm, isExact: boolean, derivations: readonly Derivation[]) {
    this.#form = form;
    this.#isExact = isExact;
    const declared = Object.keys(helperSources);
    if (isExact) append(declared, [...scalarFunctions.names, ...preludeNames]);
    this.#own = ownNames(new Set(derivations.flatMap(namesOf)), declared);
  }

  /** Code before the functions: the library functions and helpers that they call. */
  outer(): readonly string[] {
    const prelude = this.#procedures.size === 0 ? [] : [`${standalonePrelude}\n`];
    const helpers = [...this.#helpers].map((name) => `${helperSources[name]}\n`);
    return this.#own.rename([...prelude, ...this.#procedures.values(), ...helpers]);
  }

  function(derivation: Derivation): string {
    const { name, doc, params, result } = derivation;
    const region = inlineTemporaries(derivation.region, derivation.keep);
    const scope = this.#scope(region, [name, ...params.map((param) => param.name)]);
    const lines: string[] = [];
    let next = 0;
    const takeParam = (): RegionParam => must(region.params[next++], "a parameter of the region");
    const collected = collectedLeaves((local) => scope.declare(local, true), scope.fresh);
    const argumentScope = { ...scope, collected };
    for (const param of params)
      append(lines, argumentLines(param.name, param.type, takeParam, argumentScope));
    append(lines, collected.lines);
    next = 0;
    // only the lengths are needed here; the lines above already include their helpers
    const leaves = params.flatMap((param) =>
      leafTexts(param.name, param.type, takeParam, (given) => given, collected),
    );
    append(lines, lengthChecks(region, leaves, scope.helper));
    append(lines, statementLines(region.body, scope));
    let at = 0;
    const takeResult = (): ResultText => {
      const given = must(region.results[at++], "a result of the region");
      if (given.kind === "scalar") return { kind: "scalar", text: expressionCode(given.value, scope).text };
      return { kind: "array", name: scope.local(given.name), text: scope.array(given.name) };
    };
    const text = resultText(result, takeResult, scope, derivation.template);
    return exportedFunction(
      { name, doc, params: params.map((param) => param.name) },
      [...lines, `return ${text};`].flatMap((line) => indented(line)),
    );
  }

  #scope(region: Region, outer: readonly string[]): StatementScope & Omit<ArgumentScope, "collected"> {
    const taken = new Set(outer);
    const names = new Map<string, string>();
    const arrays = new Map<string, ArrayText>();
    const changing = changingNames(region);
    const fresh = (hint: string): string => this.#own.fresh(hint, taken);
    // an argument that is a parameter of the region keeps its name; a local of the same name gets another one
    const own = new Set(region.params.map((param) => param.name).filter((name) => outer.includes(name)));
    return {
      texts: textCodes(this.#form, region.body),
      isExact: this.#isExact,
      fresh,
      changes: (name) => changing.has(name),
      declare(name, isNew = false) {
        const text = !isNew && own.delete(name) ? name : fresh(name);
        names.set(name, text);
        return text;
      },
      declareArray: (name, text) => void arrays.set(name, text),
      local: (name) => must(names.get(name), `the name of ${name}`),
      array: (name) => must(arrays.get(name), `the array ${name}`),
      helper: (name) => {
        this.#helpers.add(name);
        return this.#own.of(name);
      },
      procedure: (name, types) => this.#procedure(name, types),
      where: (at) => {
        const { line, column, text } = must(region.positions[at], "a position");
        const file = this.#form.region.file ?? this.#form.region.name;
        return primary(JSON.stringify(`${file}:${line}:${column}: ${text}`));
      },
    };
  }

  /** Returns the name of a library function, and adds its code to the module once. */
  #procedure(name: string, types: readonly RegionType[]): string {
    const suffix = types.every((type) => type === "f64") ? "" : `_${types.join("_")}`;
    const text = `${name}${suffix}`;
    if (!this.#procedures.has(text)) {
      const f = must(scalarFunctions.get(name), `the function ${name}`);
      const params = types.map((type, i) => ({ name: `x${i}`, type }));
      const block = makeBlock();
      const result = f.lower(
        params.map((param) => kernelLocal(param.type, param.name)),
        block,
      );
      const source = standaloneProcedure({ name: text, params, body: block.statements, result });
      this.#procedures.set(text, `const ${text} = ${source};\n`);
    }
    return this.#own.of(text);
  }
}

/** Indents a line of a function, and breaks it if it is too long. */
function indented(line: string): string[] {
  const text = line.trimStart();
  const indent = 2 + line.length - text.length;
  return wrapLine(text, indent).map((part) => `${" ".repeat(indent)}${part}`);
}

/** Names of reassigned locals and swapped arrays. */
function changingNames({ body }: Region): ReadonlySet<string> {
  const names = new Set<string>();
  walkStmts(body, (stmt) => {
    if (stmt.kind === "set") names.add(stmt.name);
    else if (stmt.kind === "swap") names.add(stmt.x).add(stmt.y);
  });
  return names;
}
