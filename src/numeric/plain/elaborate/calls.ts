import type { RegionExpr } from "../../../engine/region/form/region.ts";
import { apply, compare, number, truth } from "../draft/draft.ts";
import type { Entity, FunctionEntity, PresentEntity } from "../entities/entity.ts";
import {
  LexicalScope,
  absenceOf,
  describe,
  jointAbsence,
  nothing,
  optional,
  scalar,
} from "../entities/entity.ts";
import type { InlinedCall, Env, ReturnTarget } from "../entities/env.ts";
import {
  at,
  atom,
  codeOf,
  inOrder,
  isPresent,
  newRoot,
  placeHere,
  refuse,
  scalarValue,
  textOf,
  whileUsed,
} from "../entities/env.ts";
import type { ValuePlan } from "../entities/plan.ts";
import { copyInto, presentValue, makeRoom, optionalPlan, planOf } from "../entities/plan.ts";
import { allRoots, noteCopy, partsNow, readAll } from "../entities/sharing.ts";
import { declare, refuseLaterNames } from "../names/declare.ts";
import { refuseHoisted } from "../names/hoisted.ts";
import { isUnknown, unset } from "../names/unset.ts";
import { arrayFunction, asArray, construct, filled, unfilledArray } from "../operations/arrays.ts";
import { method } from "../operations/methods.ts";
import { refuseListing } from "../operations/fields.ts";
import { arityOf, isMathFunction, mathCall } from "../operations/math.ts";
import { choose, isPart } from "../operations/operators.ts";
import { ofWholeArray } from "../operations/whole-array.ts";
import type {
  BlockStatement,
  CallExpression,
  Expression,
  Identifier,
  MemberExpression,
  Node,
  Pattern,
  ReturnStatement,
  Statement,
} from "../syntax/ast.ts";
import { neverCompletes, unwrap, walk, walkStatements } from "../syntax/walk.ts";
import { countInlined } from "./inlining.ts";
import { declaredType } from "./results.ts";
import { allReturn } from "./switch.ts";
import { append } from "../../../engine/util/append.ts";

/** Evaluates a call of a function of numbers, of a helper, which is inlined, or of an array method. */
export function callExpression(env: Env, node: CallExpression): Entity {
  if (node.optional === true)
    return refuse(env, node, "a function is never undefined: write f(x) instead of f?.(x).");
  const callee = unwrap(node.callee);
  if (callee.type === "MemberExpression" && !callee.computed) {
    const { property } = callee;
    const name = property.type === "Identifier" ? property.name : "";
    const [value] = node.arguments;
    if (
      name === "fill" &&
      node.arguments.length === 1 &&
      value !== undefined &&
      value.type !== "SpreadElement"
    ) {
      const length = unfilledArray(env, callee.object);
      if (length !== undefined)
        return filled(env, node, length, scalarValue(env, value, env.unit.elaborate.evaluate(env, value)));
    }
    if (unfilledArray(env, callee.object) !== undefined)
      return refuse(
        env,
        node,
        `${textOf(env, callee.object)} holds nothing yet: write Array.from({ length: n }, (_, i) => …).`,
      );
    const whole = env.unit.elaborate.evaluate(env, callee.object);
    const object = presentValue(env, callee, whole, `(reading '${name}')`);
    if (object.kind === "array" || object.kind === "tuple")
      return whileUsed(env, object, () => method(env, node, object, name, node.arguments));
    if (object.kind === "scalar")
      return refuse(
        env,
        node,
        `${name} makes a string, or another value that is no number: strings cannot be computed with here.`,
      );
  }
  const among = callee.type === "MemberExpression" ? functionsAmong(env, callee) : undefined;
  const called = among === undefined ? env.unit.elaborate.evaluate(env, node.callee) : nothing;
  if (called.kind === "global") return callGlobal(env, node, called.name);
  const args = inOrder(env, node.arguments, (inner, arg) => {
    if (arg.type === "SpreadElement")
      return partsNow(inner, inner.unit.elaborate.evaluate(inner, arg.argument));
    return inner.unit.elaborate.evaluate(inner, arg);
  });
  const spread = node.arguments.flatMap((arg, i) => {
    const given = args[i]!;
    if (arg.type !== "SpreadElement") return [given];
    return given.kind === "tuple"
      ? given.items
      : refuse(env, arg, "only a tuple can be spread among arguments: its length is known.");
  });
  if (among !== undefined) return callAmong(env, node, among, spread);
  return call(env, node, called, spread);
}

/** The functions of an object by the string that selects one at run time, as in `functions[kind](x)`. */
interface SelectedFunctions {
  readonly code: RegionExpr;
  readonly choices: readonly (readonly [code: number, called: Entity])[];
}

/** Functions among which a computed member selects; `undefined` for other callees, and for strings that are known. */
function functionsAmong(
  env: Env,
  { object, property, computed }: MemberExpression,
): SelectedFunctions | undefined {
  if (!computed || object.type !== "Identifier") return undefined;
  const owner = env.unit.elaborate.evaluate(env, object);
  if (
    owner.kind !== "record" ||
    ![...owner.fields.values()].every(({ kind }) => kind === "function" || kind === "global")
  )
    return undefined;
  const key = env.unit.elaborate.evaluate(env, property);
  if (key.kind !== "text" || key.code.value.kind === "const" || owner.fields.size === 0) return undefined;
  const all = [...owner.fields].map(([name, called]) => [codeOf(env.unit, name), called] as const);
  const choices = all.filter(([code]) => key.cases?.includes(code) !== false);
  const known = new Set(choices.map(([code]) => code));
  if (key.cases === undefined || key.cases.some((code) => !known.has(code)))
    return refuse(
      env,
      property,
      `${textOf(env, property)} may be a name without a function: give it a type that lists the names, as keyof typeof ${textOf(env, object)}.`,
    );
  return { code: atom(env, key.code.value, "key"), choices };
}

/** Calls the function that a string selects at run time. The values of the arguments are computed once, before. */
function callAmong(
  env: Env,
  node: Node,
  { code, choices }: SelectedFunctions,
  args: readonly Entity[],
): Entity {
  const [[first, called], ...rest] = choices as [
    SelectedFunctions["choices"][0],
    ...SelectedFunctions["choices"],
  ];
  if (rest.length === 0) return call(env, node, called, args);
  return choose(env, {
    node,
    sides: [node, node],
    test: compare("equal", code, number(first)),
    then: (inner) => call(inner, node, called, args),
    otherwise: (inner) => callAmong(inner, node, { code, choices: rest }, args),
  });
}

function callGlobal(env: Env, node: CallExpression, name: string): Entity {
  const array = arrayFunction(env, node, name, node.arguments);
  if (array !== undefined) return array;
  if (name.startsWith("console."))
    return refuse(
      env,
      node,
      `${name} is a side effect, and derivatives are computed without it: print results after the call.`,
    );
  refuseListing(env, node, name);
  if (name === "Array.isArray") return isArray(env, node);
  if (name === "Array") return construct(env, node);
  const [only] = node.arguments;
  if (only?.type === "SpreadElement" && node.arguments.length === 1) {
    const whole = ofWholeArray(name);
    if (whole !== undefined)
      return scalar(whole(env, node, asArray(env, node, env.unit.elaborate.evaluate(env, only.argument))));
  }
  if (name === "Number" || name === "Boolean") return conversion(env, node, name);
  if (!isMathFunction(name)) {
    return refuse(
      env,
      node,
      `${textOf(env, node.callee)} cannot be followed: call Math.*, or a function of this module or of one that it imports.`,
    );
  }
  const values = inOrder(env, node.arguments, (inner, arg) => {
    if (arg.type !== "SpreadElement") return inner.unit.elaborate.evaluate(inner, arg);
    return partsNow(inner, inner.unit.elaborate.evaluate(inner, arg.argument));
  });
  const nodes: Node[] = [];
  const args = node.arguments.flatMap((arg, i) => {
    const value = values[i]!;
    const items = arg.type !== "SpreadElement" ? [value] : value.kind === "tuple" ? value.items : undefined;
    if (items === undefined)
      return refuse(
        env,
        arg,
        `${name} of a whole array takes no other arguments: combine the result with them in a second call.`,
      );
    append(
      nodes,
      items.map(() => arg),
    );
    return items;
  });
  return mathCall(env, node, name, args, nodes);
}

/** Evaluates `Array.isArray(x)`, which the type of `x` decides. */
function isArray(env: Env, node: CallExpression): Entity {
  const [arg] = node.arguments;
  if (arg === undefined || arg.type === "SpreadElement")
    return refuse(env, node, "Array.isArray takes one value.");
  const value = env.unit.elaborate.evaluate(env, arg);
  const inner = value.kind === "optional" ? value.value : value;
  if (inner.kind !== "array" && inner.kind !== "tuple") return scalar(truth(false));
  return scalar(isPresent(env, value));
}

function conversion(env: Env, node: CallExpression, name: "Number" | "Boolean"): Entity {
  const [arg] = node.arguments;
  if (arg === undefined || arg.type === "SpreadElement") return refuse(env, node, `${name} takes one value.`);
  return converted(scalarValue(env, arg, env.unit.elaborate.evaluate(env, arg)), name);
}

function converted(value: RegionExpr, name: "Number" | "Boolean"): Entity {
  if (name === "Number") return scalar({ kind: "convert", type: "f64", x: value });
  if (value.type === "bool") return scalar(value);
  const size = apply("abs", "f64", value);
  return scalar(apply("less", "bool", number(0), size));
}

/**
 * Calls a function of the program with values, by inlining its statements at the call site, or calls a `Math` function.
 */
export function call(env: Env, site: Node, callee: Entity, args: readonly Entity[]): Entity {
  if (callee.kind === "global") {
    // callbacks receive more arguments than they have parameters, as in x.map(Math.tanh)
    if (isMathFunction(callee.name))
      return mathCall(env, site, callee.name, args.slice(0, arityOf(callee.name)), []);
    if (callee.name === "Number" || callee.name === "Boolean")
      return converted(scalarValue(env, site, args[0] ?? nothing), callee.name);
    return refuse(env, site, `${callee.name} cannot be called with these here.`);
  }
  if (callee.kind !== "function")
    return refuse(env, site, `${textOf(env, site)}: ${describe(callee)} cannot be called.`);
  const { node } = callee;
  if (node.async === true || node.generator === true)
    return refuse(
      env,
      site,
      "async functions and generators do not give numbers at once: write a plain function.",
    );
  if (env.calls.some((one) => one.node === node)) {
    const { callee: called = site } = site as Node & { readonly callee?: Node };
    const name = node.id?.name ?? textOf(env, called);
    return refuse(
      env,
      site,
      `${name} calls itself: recursion has no fixed length of code. Write it as a loop, with an array for what it keeps.`,
    );
  }
  const current: InlinedCall = { node, module: callee.module, site };
  countInlined(env, current);
  const { aliases } = env.unit;
  const before = aliases.length;
  const born = env.unit.rootCount;
  const inner: Env = {
    ...env,
    module: callee.module,
    scope: new LexicalScope(node, callee.scope),
    around: callee.around,
    frames: [],
    tail: new Set(),
    calls: [...env.calls, current],
    loops: [],
    hint: undefined,
    site: env.site ?? (callee.module === env.unit.module ? undefined : at(env, site)),
  };
  const isNeeded = (param: Pattern): boolean =>
    param.type === "Identifier" && param.optional !== true && !mayBeUndefined(param);
  if (node.params.slice(args.length).some(isNeeded))
    return refuse(env, site, `${textOf(env, site)}: an argument is missing.`);
  for (const [i, param] of node.params.entries()) {
    const how = { isConst: false, isParameter: true };
    if (param.type === "RestElement") {
      const rest: Entity = { kind: "tuple", items: args.slice(i), root: newRoot(inner, "[…]"), fresh: true };
      declare(inner, param.argument, rest, param, how);
    } else {
      refuseLaterNames(inner, node, i);
      declare(inner, param, args[i] ?? nothing, param, how);
    }
  }
  const result = bodyOf(inner, callee);
  // a function that is returned still refers to the names of the call
  if (!holdsFunction(result)) aliases.length = before;
  return released(result, born);
}

function holdsFunction(entity: Entity): boolean {
  if (entity.kind === "record") return [...entity.fields.values()].some(holdsFunction);
  return entity.kind === "tuple" ? entity.items.some(holdsFunction) : entity.kind === "function";
}

function mayBeUndefined({ typeAnnotation }: Identifier): boolean {
  const type = typeAnnotation?.typeAnnotation;
  return type?.type === "TSUnionType" && type.types.some((part) => part.type === "TSUndefinedKeyword");
}

/**
 * Marks the parts of a result that were created during the call as fresh, because nothing else refers to them any more.
 */
function released(entity: Entity, born: number): Entity {
  if (entity.kind === "scalar") return scalar(entity.value);
  return releasedPart(entity, born);
}

function releasedPart(entity: Entity, born: number): Entity {
  switch (entity.kind) {
    case "array":
      return entity.root.born >= born ? { ...entity, fresh: true } : entity;
    case "record": {
      const fields = [...entity.fields].map(([name, field]) => [name, releasedPart(field, born)] as const);
      return { ...entity, fields: new Map(fields), fresh: entity.root.born >= born };
    }
    case "tuple": {
      const items = entity.items.map((item) => releasedPart(item, born));
      return { ...entity, items, fresh: entity.root.born >= born };
    }
    case "optional":
      return {
        ...entity,
        present: scalar(entity.present.value),
        value: releasedPart(entity.value, born) as PresentEntity,
      };
    case "text":
      return { kind: "text", code: scalar(entity.code.value), cases: entity.cases };
    case "scalar":
    case "function":
    case "global":
    case "nothing":
      return entity;
  }
}

/** Elaborates the body of a function whose parameters are declared, and returns its result. */
export function bodyOf(env: Env, { node }: Pick<FunctionEntity, "node">): Entity {
  if (node.body.type !== "BlockStatement") {
    return env.unit.elaborate.evaluate(env, node.body);
  }
  const { body } = node.body;
  refuseHoisted(env, node);
  const returned = returnsOf(node.body);
  const hasValue = returned.some(({ argument }) => argument !== undefined && argument !== null);
  const start = placeHere(env);
  const collected = collectReturns(env, returned, node.body, start);
  const scoped: Env = { ...env, returns: collected.returns, tail: new Set([collected.returns.jump]) };
  env.unit.elaborate.block(scoped, body);
  if (hasValue && !neverCompletes(node.body) && !endsInAllCases(env, body.at(-1)))
    return refuse(
      env,
      // the function may be in another module than the call, so the error refers to its module
      node.id ?? node,
      `${node.id?.name ?? "the function"} ends without a return on some of its ways: return a value on each.`,
    );
  return collected.result();
}

/** True if a statement is a `switch` over all possible values, and each case returns. */
function endsInAllCases(env: Env, last: Statement | undefined): boolean {
  return last?.type === "SwitchStatement" && env.unit.exhaustive.get(last) === true && allReturn(last);
}

interface ReturnCollection {
  readonly returns: ReturnTarget;
  readonly result: () => Entity;
}

/** Returns the return statements of a body, without those of nested functions. */
function returnsOf(body: BlockStatement): ReturnStatement[] {
  const found: ReturnStatement[] = [];
  walkStatements(body, (node) => {
    if (node.type === "ReturnStatement") found.push(node as ReturnStatement);
  });
  return found;
}

function collectReturns(
  env: Env,
  all: readonly ReturnStatement[],
  body: BlockStatement,
  start: ReturnType<typeof placeHere>,
): ReturnCollection {
  const jump = { flag: undefined, declarations: start.out };
  const isOne = all.length === 1 && body.body.at(-1) === all[0];
  const name = sameName(all, body);
  const born = env.unit.rootCount;
  let result: Entity = nothing;
  let room: Entity | undefined;
  let isVoid: boolean | undefined;
  // storage for the result includes its presence, which is false at first
  const absences = all.map(({ argument }) => absentReturn(argument));
  const mayLack = absences.some((one) => one !== undefined) && absences.includes(undefined);
  const absence = jointAbsence(...absences) ?? "undefined";
  const give = (inner: Env, node: Node, value: Entity): void => {
    if (value.kind === "function" && !isOne)
      refuse(
        inner,
        node,
        "a function is returned on one of several ways: return it at the end, and choose inside of it.",
      );
    if (value.kind === "array" && value.count !== undefined)
      refuse(
        inner,
        node,
        "this returns an array while a loop fills it: leave the loop by break, and return the array after it.",
      );
    if (mayLack && value.kind === "nothing") return;
    isVoid ??= value.kind === "nothing";
    if (isVoid !== (value.kind === "nothing"))
      refuse(inner, node, "some returns give a value, and some none: return a value on each way.");
    if (isVoid) return;
    if (isOne || name !== undefined) {
      result = value;
      return;
    }
    if (room === undefined) {
      const plan = planOf(inner, node, inDeclaredUnion(inner, node, value));
      const own: ValuePlan = mayLack ? optionalPlan(plan, jointAbsence(absence, absenceOf(value))) : plan;
      room = makeRoom(env, node, own, "result", start);
    }
    if (!isLeftBehind(inner, value, born)) noteCopy(inner, value, room, node);
    copyInto(inner, node, room, readAll(inner, value));
    result = room;
  };
  return { returns: { jump, give }, result: () => result };
}

/** Returns an object that a function returns with all fields of the declared union, the missing ones absent. */
function inDeclaredUnion(env: Env, node: Node, value: Entity): Entity {
  const annotation = env.calls.at(-1)!.node.returnType?.typeAnnotation;
  if (value.kind !== "record" || annotation === undefined) return value;
  const type = declaredType(annotation, env.module);
  const own = type?.kind === "optional" ? type.type : type;
  if (own?.kind !== "record") return value;
  const fields = new Map(value.fields);
  for (const { name, type: of } of own.fields) {
    const given = fields.get(name);
    if (of.kind !== "optional" || of.isMember !== true || isUnknown(of.type)) continue;
    if (given === undefined) fields.set(name, unset(env, node, of));
    else if (given.kind !== "optional" && isPart(given))
      fields.set(name, optional(scalar(truth(true)), given, of));
  }
  return { ...value, fields };
}

/** The absent value that a return statement gives; `undefined` if it gives another value. */
function absentReturn(node: Expression | null | undefined): "undefined" | "null" | undefined {
  if (!node) return "undefined";
  const value = unwrap(node);
  if (value.type === "Identifier" && value.name === "undefined") return "undefined";
  return value.type === "Literal" && value.raw === "null" ? "null" : undefined;
}

/**
 * True if a returned value consists only of objects that the body created and to which nothing else refers, so that its
 * copy can take their role.
 */
function isLeftBehind({ unit }: Env, value: Entity, born: number): boolean {
  const roots = allRoots(value);
  const held = new Set(unit.copies.flatMap((copy) => copy.roots));
  return new Set(roots).size === roots.length && roots.every((root) => root.born >= born && !held.has(root));
}

/**
 * Name of the local variable that all return statements of a body return, so that it needs no copy; `undefined` if
 * they return other values.
 */
function sameName(all: readonly ReturnStatement[], { body }: BlockStatement): string | undefined {
  const [name, ...others] = all.map(({ argument }) => {
    const value = argument && unwrap(argument);
    return value?.type === "Identifier" ? value.name : undefined;
  });
  if (name === undefined || others.some((other) => other !== name)) return undefined;
  const isHere = body.some(
    (stmt) =>
      stmt.type === "VariableDeclaration" &&
      stmt.declarations.some(({ id }) => id.type === "Identifier" && id.name === name),
  );
  const isInner = all.some((stmt) => declaresBetween(body, stmt, name));
  return isHere && !isInner ? name : undefined;
}

/** True if an inner block around a statement declares the name again. */
function declaresBetween(body: readonly Node[], inner: Node, name: string): boolean {
  let isDeclared = false;
  for (const stmt of body) {
    if (stmt.start > inner.start || stmt.end < inner.end) continue;
    walk(stmt, (node) => {
      const { id } = node as Node & { readonly id?: Node & { readonly name?: string } };
      if (node.type === "VariableDeclarator" && id?.name === name) isDeclared = true;
    });
  }
  return isDeclared;
}
