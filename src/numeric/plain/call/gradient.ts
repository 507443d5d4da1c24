import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { isFloating as isFloatingDtype } from "../../../engine/ir/types.ts";
import { isFloating } from "../../../engine/region/form/build.ts";
import type { GradientResults } from "../../../engine/region/index.ts";
import { type TransformRequest, flat, pair, requireFloating, requireNumber, wholeIn } from "./asked.ts";
import type { AnyFunction } from "../../../engine/transforms/plain.ts";
import type { RegionClosure, OperandTensors, PlainCallable } from "./callable.ts";
import { type JacobianMode, jacobianOf } from "./jacobian.ts";
import { gradientRegion } from "./regions.ts";
import { countLeaves, derivativeOf, type Template } from "./values.ts";

export interface ArgumentOptions {
  readonly argnums?: number | readonly number[];
  readonly hasAux?: boolean;
}

/** Computes the template of a transform's result from the templates of the arguments and of the function's result. */
type ResultTransform = (templates: readonly Template[], result: Template, operation: string) => Template;

/** Builds a transform whose result is a function of the same arguments. */
function sameArguments(
  asked: TransformRequest<ArgumentOptions>,
  resultOf: ResultTransform,
  { body, direct }: Partial<Pick<PlainCallable, "body" | "direct">> = {},
): AnyFunction {
  const { f, title, options, apply, give } = asked;
  // With hasAux a function over tensors gives a pair of its value and the rest.
  const applied = apply(options.hasAux === true ? pairOf(f.run) : f.run);
  return give({
    ...f,
    name: title,
    prepare(place, args, leads, isTangent) {
      const prepared = f.prepare(place, args, leads, isTangent);
      return { ...prepared, result: resultOf(prepared.templates, prepared.result, title) };
    },
    run: (...args) =>
      args.flat().every(hasDerivative) ? flat(applied(...(args as never[]))) : inFloating(asked, args),
    overTensors: apply(f.overTensors),
    checkpointed: undefined,
    bind: undefined,
    body,
    direct,
  });
}

function hasDerivative({ dtype }: Tensor): boolean {
  return isFloatingDtype(dtype);
}

/**
 * Applies a transform with respect to the floating operands only. Booleans, codes of strings and the booleans that mark
 * optional arguments as present are constants.
 */
function inFloating(
  { f, options, apply }: TransformRequest<ArgumentOptions>,
  args: readonly OperandTensors[],
): OperandTensors {
  const isMoved = args.map((own) => own.map(hasDerivative));
  const run: PlainCallable["run"] = (...moved) =>
    f.run(
      ...args.map((own, i) => {
        let next = 0;
        return own.map((x, k) => (isMoved[i]![k]! ? moved[i]![next++]! : x));
      }),
    );
  const moved = args.map((own, i) => own.filter((_, k) => isMoved[i]![k]!));
  return flat(apply(options.hasAux === true ? pairOf(run) : run)(...(moved as never[])));
}

function pairOf(run: PlainCallable["run"]) {
  return (...args: readonly OperandTensors[]) => {
    const [value, ...aux] = run(...args);
    return [value, aux];
  };
}

/**
 * Template of the derivatives with respect to the arguments that `argnums` selects. Throws for an argument without a
 * derivative.
 */
function chosen({ argnums = 0 }: ArgumentOptions, templates: readonly Template[], title: string): Template {
  const one = (place: number): Template => {
    const template = templates[place];
    if (template === undefined) {
      throw new DownhillError(
        "range",
        `${title}: argnums names argument ${place}, and the function has ${templates.length}. Arguments count from 0.`,
      );
    }
    requireFloating(title, template, place);
    return derivativeOf(template);
  };
  return typeof argnums === "number" ? one(argnums) : { kind: "tuple", items: argnums.map(one) };
}

/**
 * Returns the template of the auxiliary value; `undefined` without `hasAux`. Throws unless the value to differentiate
 * is one number.
 */
function splitAux(
  title: string,
  { hasAux = false }: ArgumentOptions,
  result: Template,
): Template | undefined {
  if (!hasAux) {
    requireNumber(title, result);
    return undefined;
  }
  if (result.kind !== "tuple" || result.items.length !== 2)
    throw new DownhillError("tree", `${title}: with hasAux the function must return [value, aux].`);
  requireNumber(title, result.items[0]!);
  return result.items[1];
}

/**
 * Returns a function that builds the region of a gradient. `undefined` if `f` has no region, or if `argnums` is a list
 * that is not in ascending order.
 */
export function gradientBody(
  f: PlainCallable,
  { argnums = 0 }: ArgumentOptions,
  wanted: GradientResults,
): (() => RegionClosure) | undefined {
  const places = typeof argnums === "number" ? [argnums] : argnums;
  const { body } = f;
  if (body === undefined || places.some((n, i) => i > 0 && n <= places[i - 1]!)) return undefined;
  let made: RegionClosure | undefined;
  return () => (made ??= gradientOf(f, body(), places, wanted));
}

function gradientOf(
  f: PlainCallable,
  body: RegionClosure,
  places: readonly number[],
  wanted: GradientResults,
): RegionClosure {
  const owners = f.params.flatMap((type, i) => new Array<number>(countLeaves(type)).fill(i));
  // the boolean of an argument that may be absent has no derivative
  const active = body.region.base.params.map(
    ({ type }, k) => places.includes(owners[k] ?? -1) && isFloating(type),
  );
  return { ...body, region: gradientRegion(body.region, active, wanted) };
}

export function grad(asked: TransformRequest<ArgumentOptions>): AnyFunction {
  const { f, options } = asked;
  const resultOf: ResultTransform = (templates, result, title) => {
    const aux = splitAux(title, options, result);
    const grads = chosen(options, templates, title);
    return aux === undefined ? grads : pair(grads, aux);
  };
  const wanted = options.hasAux === true ? "gradient rest" : "gradient";
  return sameArguments(asked, resultOf, { body: gradientBody(f, options, wanted) });
}

export function valueAndGrad(asked: TransformRequest<ArgumentOptions>): AnyFunction {
  const { f, options } = asked;
  const resultOf: ResultTransform = (templates, result, title) => {
    splitAux(title, options, result);
    return pair(result, chosen(options, templates, title));
  };
  return sameArguments(asked, resultOf, { body: gradientBody(f, options, "values gradient") });
}

/**
 * Creates the property `direct` of a Jacobian, which computes it by calls of a region. The property is `undefined`
 * without a region; its function returns `undefined` if tensors are faster.
 */
function directly(
  f: PlainCallable,
  body: PlainCallable["body"],
  { argnums = 0 }: ArgumentOptions,
  direction: JacobianMode,
): Pick<PlainCallable, "direct"> {
  const places = typeof argnums === "number" ? [argnums] : argnums;
  return { direct: body && ((prepared) => jacobianOf(body(), f, prepared, places, direction)) };
}

export const jacfwd = (asked: TransformRequest<ArgumentOptions>): AnyFunction => jacobian(asked, "forward");
export const jacrev = (asked: TransformRequest<ArgumentOptions>): AnyFunction => jacobian(asked, "reverse");

function jacobian(asked: TransformRequest<ArgumentOptions>, direction: JacobianMode): AnyFunction {
  const { f, options } = asked;
  const resultOf: ResultTransform = (templates, result, title) => {
    const whole = wholeIn(result, "the result");
    if (whole !== undefined)
      throw new DownhillError(
        "dtype",
        `${title}: ${whole.path} is no floating number, and has no derivative.`,
      );
    return { kind: "jacobian", out: result, in: chosen(options, templates, title) };
  };
  return sameArguments(asked, resultOf, directly(f, f.body, options, direction));
}

export function hessian(asked: TransformRequest<ArgumentOptions>): AnyFunction {
  const { f, options } = asked;
  const resultOf: ResultTransform = (templates, result, title) => {
    requireNumber(title, result);
    const point = chosen(options, templates, title);
    return { kind: "jacobian", out: point, in: point };
  };
  return sameArguments(
    asked,
    resultOf,
    directly(f, gradientBody(f, options, "gradient"), options, "forward"),
  );
}
