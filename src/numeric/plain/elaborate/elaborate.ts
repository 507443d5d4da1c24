import { eliminateDeadCode, removeProvenChecks } from "../../../engine/region/index.ts";
import { afterPass } from "../../../engine/util/after-pass.ts";
import type { Region } from "../../../engine/region/form/region.ts";
import { StatementBlock, FreshNames, PositionTable } from "../draft/draft.ts";
import { withMachineIntegers } from "../draft/integers.ts";
import type { Entity } from "../entities/entity.ts";
import { LexicalScope } from "../entities/entity.ts";
import type { Env, CompilationUnit } from "../entities/env.ts";
import { ElaborateAgain, refuse, textOf } from "../entities/env.ts";
import { noFacts } from "../entities/facts.ts";
import { parameterEntity, withCodes, withIntegers } from "../entities/params.ts";
import type { PlainForm, PlainType } from "../form/form.ts";
import { declare, refuseLaterNames } from "../names/declare.ts";
import { method } from "../operations/methods.ts";
import type { Expression, FunctionNode, Identifier, Node, Pattern } from "../syntax/ast.ts";
import type { MarkedFunction, Module } from "../syntax/module.ts";
import { findMarked } from "../syntax/module.ts";
import { nestedTooDeep, PlainError } from "../syntax/refuse.ts";
import { documentedType } from "../syntax/documented-types.ts";
import { optionalType } from "../syntax/joint-types.ts";
import { typeOf, typeOfPattern, typeOfValue } from "../syntax/types.ts";
import { usesThis } from "../syntax/walk.ts";
import { bodyOf, call } from "./calls.ts";
import { effect, evaluate } from "./expressions.ts";
import { resultsOf } from "./results.ts";
import { block } from "./statements.ts";

/**
 * Compiles a marked function to a region, with the types of its arguments and its result. `which` is its name, or an
 * entry of `markedFunctions`; without it the module must have exactly one marked function.
 *
 * @throws PlainError for code outside of the differentiable language, with its position and the repair.
 */
export function elaborate(module: Module, which?: string | MarkedFunction): PlainForm {
  const marked = typeof which === "object" ? which : findMarked(module, which);
  const learned: CompilationUnit["learned"] = new Map();
  module.leftOut.clear();
  for (;;) {
    const unit = newUnit(module, marked.around, learned);
    try {
      const form = formOf(unit, module, marked);
      if (unit.leftOut < module.leftOut.size) continue;
      if (unit.deferred === undefined) return form;
    } catch (error) {
      if (error instanceof ElaborateAgain || unit.leftOut < module.leftOut.size) continue;
      if (!(error instanceof RangeError)) throw unit.deferred ?? error;
      const { current } = unit; // stack overflow of the engine
      throw new PlainError(current?.module ?? module, current?.node ?? marked.node, nestedTooDeep);
    }
    throw unit.deferred;
  }
}

/** Passes over a drafted region, in order. */
const passes: readonly ((region: Region) => Region)[] = [
  withMachineIntegers,
  eliminateDeadCode,
  removeProvenChecks,
];

/**
 * Compiles a marked function: declares its parameters, writes its body and its results as statements, and runs the
 * passes over these.
 */
function formOf(unit: CompilationUnit, module: Module, marked: MarkedFunction): PlainForm {
  const { node, name } = marked;
  const env = newEnv(unit, module, node);
  refuseKind(env, marked);
  const params = declareParameters(env, node);
  const value = bodyOf(env, { node });
  const { results, type } = resultsOf(env, node, value, node.returnType?.typeAnnotation);
  refuseWrittenCopies(unit, node);
  const draft: Region = {
    name: name === undefined || name === "default" ? "f" : name,
    params: unit.params,
    body: env.out.statements(),
    results,
    file: module.file,
    positions: unit.positions.list,
  };
  const region = passes.reduce((one, pass) => afterPass(pass, one), draft);
  const types = region.params.map((param) => param.type);
  return {
    version: 1,
    region,
    params: params.map((param) => ({ name: param.name, type: withIntegers(param.type, types) })),
    captured: unit.captured.map((one) => ({ name: one.name, type: withIntegers(one.type, types) })),
    result: type,
    ...(unit.errors.size > 0 && { errors: [...unit.errors] }),
    ...(unit.textNames.size > 0 && { texts: { strings: unit.texts, names: [...unit.textNames] } }),
  };
}

function newEnv(unit: CompilationUnit, module: Module, node: FunctionNode): Env {
  const out = new StatementBlock();
  return {
    unit,
    module,
    scope: new LexicalScope(node),
    around: [...unit.around],
    out,
    blocks: [out],
    frames: [],
    returns: undefined,
    tail: new Set(),
    facts: noFacts,
    log: undefined,
    links: new Map(),
    calls: [{ node, module, site: undefined }],
    loops: [],
    trips: [],
    hint: undefined,
    site: undefined,
  };
}

/** Refuses functions that cannot be called with numbers to yield a result at once. */
function refuseKind(env: Env, { node, name }: MarkedFunction): void {
  refuseMethod(env, node, name, env.unit.around.at(-1));
  if (node.async !== true && node.generator !== true) return;
  refuse(env, node, "async functions and generators do not give numbers at once: write a plain function.");
}

interface Parameter {
  readonly name: string;
  readonly type: PlainType;
  readonly entity: Entity;
}

/** Declares the parameters of a function. All of them precede the captured values that their defaults read. */
function declareParameters(env: Env, node: FunctionNode): readonly Parameter[] {
  const params = node.params.map((param, i) => parameterOf(env, node, param, i));
  env.unit.leftOut = env.module.leftOut.size;
  for (const [i, param] of node.params.entries())
    declare(env, param, params[i]!.entity, param, { isConst: false, isParameter: true });
  return params;
}

/** Refuses second names of arrays and objects that the body writes to. */
function refuseWrittenCopies(unit: CompilationUnit, node: FunctionNode): void {
  for (const { roots, env: where, node: copy, of } of unit.copies) {
    if (!roots.some(({ written, reordered }) => written || (reordered === true && of === "whole"))) continue;
    const parameter = node.params.find((param) => param === copy);
    refuse(
      where,
      copy,
      parameter?.type === "Identifier"
        ? `${parameter.name} is replaced and written to, and parameters are read-only. Give the replacement another name, as in const y = x.slice().`
        : "this gives a second name to an array or object that is written to, and one of the names would not see the change. Copy it, as in x.slice() " +
            "or { ...x }.",
    );
  }
}

/**
 * Refuses methods of a class that use their object, and accessors, because their value depends on the object on which
 * they are called.
 *
 * @throws PlainError
 */
function refuseMethod(env: Env, node: FunctionNode, name = "loss", parent: Node | undefined): void {
  const { kind } = (parent ?? {}) as { readonly kind?: string };
  if (parent?.type !== "MethodDefinition" && (parent?.type !== "Property" || kind === "init")) return;
  const { key, computed } = parent as Node & { readonly key?: Node; readonly computed?: boolean };
  if (kind === "method" && (computed === true || key?.type === "PrivateIdentifier"))
    refuse(
      env,
      parent,
      "a private method, or one with a computed name, cannot be marked: give it a name that others can use.",
    );
  if (kind === "method" && !usesThis(node)) return;
  const params = node.params.map((param) => textOf(env, param)).join(", ");
  const what = kind === "get" || kind === "set" ? "an accessor" : "a method";
  refuse(
    env,
    parent,
    `${name} is ${what}, and "use ad" marks functions: a method computes with this, which has no type here. Call static methods by the name of the class, or write it as a function ` +
      `outside of the class, function ${name}(${params}) { "use ad"; … }, which takes what it needs of this as arguments, and call that in the method.`,
  );
}

function newUnit(
  module: Module,
  around: readonly Node[],
  learned: CompilationUnit["learned"],
): CompilationUnit {
  return {
    learned,
    unknown: [],
    deferred: undefined,
    names: new FreshNames(),
    positions: new PositionTable(),
    module,
    around,
    mutable: new Set(),
    definitions: new Map(),
    dims: new Map(),
    aliases: [],
    params: [],
    captured: [],
    errors: new Set(),
    outside: new Map(),
    copies: [],
    growths: new Map(),
    texts: [],
    textNames: new Set(),
    exhaustive: new Map(),
    rootCount: 0,
    inlinedNodes: 0,
    leftOut: Infinity,
    current: undefined,
    elaborate: {
      evaluate,
      effect,
      call,
      block: (env, body) => block(env, env.calls.at(-1)!.node, body),
      method,
    },
  };
}

function parameterOf(env: Env, owner: FunctionNode, param: Pattern, i: number): Parameter {
  if (param.type === "RestElement")
    return refuse(env, param, "a marked function takes a fixed number of arguments: take an array.");
  const target = param.type === "AssignmentPattern" ? param.left : param;
  if (target.type !== "Identifier" && target.type !== "ArrayPattern" && target.type !== "ObjectPattern")
    return refuse(env, param, "this is no parameter that can be taken here.");
  const name = target.type === "Identifier" ? target.name : `argument_${i}`;
  refuseLaterNames(env, owner, i);
  const fallback = param.type === "AssignmentPattern" ? param.right : undefined;
  const given = parameterType(env, owner, target, name, fallback);
  const mayLack = fallback !== undefined || (target.type === "Identifier" && target.optional === true);
  const type = withCodes(env.unit, mayLack ? optionalType(given) : given);
  return { name, type, entity: parameterEntity(env.unit, name, type, name) };
}

function parameterType(
  env: Env,
  owner: FunctionNode,
  param: Pattern & { readonly typeAnnotation?: unknown },
  name: string,
  fallback: Expression | undefined,
): PlainType {
  const annotation = (param as Identifier).typeAnnotation?.typeAnnotation;
  if (annotation !== undefined) return typeOf(annotation, env.module);
  const documented = param.type === "Identifier" ? documentedType(param, owner, env.module) : undefined;
  if (documented !== undefined) return documented;
  const around = [...env.around, owner];
  const shown = fallback && typeOfValue(fallback, env.module, around);
  const ofFields =
    param.type === "ObjectPattern" ? typeOfPattern(param, shown, env.module, around) : undefined;
  if (ofFields !== undefined) return ofFields;
  if (shown !== undefined) return shown;
  throw new PlainError(
    env.module,
    param,
    `${name} needs a type: write ${name}: number, number[], Float64Array, or an object of those (in JavaScript ` +
      `/** @param {number[]} ${name} */ before the function).`,
  );
}
