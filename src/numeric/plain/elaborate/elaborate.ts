import { DownhillError } from "../../../engine/errors/index.ts";
import { eliminateDeadCode } from "../../../engine/region/dead-code.ts";
import { withoutProvenChecks } from "../../../engine/region/in-range.ts";
import type { Region } from "../../../engine/region/region.ts";
import { Block, Names, Positions } from "../draft/draft.ts";
import { withMachineIntegers } from "../draft/integers.ts";
import { Scope } from "../entities/entity.ts";
import type { Env, Unit } from "../entities/env.ts";
import { refuse } from "../entities/env.ts";
import { parameterEntity, withIntegers } from "../entities/params.ts";
import type { PlainForm, PlainType } from "../form/form.ts";
import { declare } from "../names/declare.ts";
import { method } from "../operations/arrays.ts";
import type { FunctionNode, Identifier, Node, Pattern } from "../syntax/ast.ts";
import type { MarkedFunction, Module } from "../syntax/module.ts";
import { findMarked } from "../syntax/module.ts";
import { PlainError } from "../syntax/refuse.ts";
import { documentedType, typeOf } from "../syntax/types.ts";
import { bodyOf, call } from "./calls.ts";
import { effect, evaluate } from "./expressions.ts";
import { resultsOf } from "./results.ts";
import { block } from "./statements.ts";

/**
 * A marked function as a region, with what its arguments and its result are made of. `which` is its name, or the function as
 * `markedFunctions` lists it; without it the module has to have one marked function.
 *
 * @throws PlainError for what is outside of the language that can be differentiated: where, and how to write it instead.
 */
export function elaborate(module: Module, which?: string | MarkedFunction): PlainForm {
  const marked = typeof which === "object" ? which : findMarked(module, which);
  try {
    return formOf(module, marked);
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(module, marked, error); // the stack of the machine is at its end
    throw error;
  }
}

function tooDeep(module: Module, { node }: MarkedFunction, cause: RangeError): DownhillError {
  return new DownhillError("plain", `${module.file}: the code at ${node.start} is nested too deeply.`, {
    cause,
  });
}

function formOf(module: Module, { node, name, around }: MarkedFunction): PlainForm {
  const unit = newUnit(module, around);
  const out = new Block();
  const env: Env = {
    unit,
    module,
    scope: new Scope(node),
    around: [...around],
    out,
    blocks: [out],
    frames: [],
    returns: undefined,
    tail: new Set(),
    calls: [node],
    loops: [],
    hint: undefined,
    site: undefined,
  };
  if (node.async === true || node.generator === true)
    return refuse(
      env,
      node,
      "async functions and generators do not give numbers at once: write a plain function.",
    );
  const params = node.params.map((param, i) => declareParameter(env, node, param, i));
  const value = bodyOf(env, { node });
  const { results, type } = resultsOf(env, node, value, node.returnType?.typeAnnotation);
  for (const { roots, env: where, node: copy } of unit.copies) {
    if (!roots.some((root) => root.written)) continue;
    const parameter = node.params.find((param) => param === copy);
    refuse(
      where,
      copy,
      parameter?.type === "Identifier"
        ? `${parameter.name} is replaced and written to: parameters are only read. Give what replaces it another name, as in const y = x.slice().`
        : "this gives a second name to an array or object that is written to: one of them would not see it. Copy it, as in x.slice() " +
            "or { ...x }.",
    );
  }
  const file = module.file;
  const draft: Region = {
    name: name ?? "f",
    params: unit.params,
    body: out.statements(),
    results,
    file,
    positions: unit.positions.list,
  };
  const region = withoutProvenChecks(eliminateDeadCode(withMachineIntegers(draft)));
  const types = region.params.map((param) => param.type);
  return {
    version: 1,
    region,
    params: params.map((param) => ({ name: param.name, type: withIntegers(param.type, types) })),
    captured: unit.captured.map((one) => ({ name: one.name, type: withIntegers(one.type, types) })),
    result: type,
  };
}

function newUnit(module: Module, around: readonly Node[]): Unit {
  return {
    names: new Names(),
    positions: new Positions(),
    module,
    around,
    mutable: new Set(),
    definitions: new Map(),
    dims: new Map(),
    aliases: [],
    params: [],
    captured: [],
    outside: new Map(),
    copies: [],
    rootCount: 0,
    elaborate: { evaluate, effect, call, block: (env, body) => block(env, env.calls.at(-1)!, body), method },
  };
}

function declareParameter(
  env: Env,
  owner: FunctionNode,
  param: Pattern,
  i: number,
): { readonly name: string; readonly type: PlainType } {
  if (param.type === "AssignmentPattern")
    return refuse(
      env,
      param,
      "a marked function takes all of its arguments: write the default where it is called, or inside.",
    );
  if (param.type === "RestElement")
    return refuse(env, param, "a marked function takes a fixed number of arguments: take an array.");
  if (param.type !== "Identifier" && param.type !== "ArrayPattern" && param.type !== "ObjectPattern")
    return refuse(env, param, "this is no parameter that can be taken here.");
  const name = param.type === "Identifier" ? param.name : `argument_${i}`;
  if (param.type === "Identifier" && param.optional === true)
    return refuse(env, param, `${name} may be missing: a marked function takes all of its arguments.`);
  const type = parameterType(env, owner, param, name);
  const entity = parameterEntity(env.unit, name, type, name);
  declare(env, param, entity, param, { isConst: false, isParameter: true });
  return { name, type };
}

function parameterType(
  env: Env,
  owner: FunctionNode,
  param: Pattern & { readonly typeAnnotation?: unknown },
  name: string,
): PlainType {
  const annotation = (param as Identifier).typeAnnotation?.typeAnnotation;
  if (annotation !== undefined) return typeOf(annotation, env.module);
  const documented = param.type === "Identifier" ? documentedType(param, owner, env.module) : undefined;
  if (documented !== undefined) return documented;
  throw new PlainError(
    env.module,
    param,
    `${name} needs a type: write ${name}: number, number[], Float64Array, or an object of those (in JavaScript ` +
      `/** @param {number[]} ${name} */ before the function).`,
  );
}
