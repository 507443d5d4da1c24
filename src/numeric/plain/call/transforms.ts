import { DownhillError } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { withoutStaging } from "../../../engine/trace/bind.ts";
import type { PlainFunction } from "../../../engine/transforms/plain.ts";
import type { AxisTree } from "../../../engine/transforms/vmap.ts";
import { assertNever } from "../../../engine/util/assert-never.ts";
import {
  type AnyFunction,
  attach,
  compute,
  leavesFrom,
  type Operands,
  type PlainCallable,
  type Prepared,
  prepareCall,
  tensorsOf,
} from "./callable.ts";
import type { PlainType } from "../form.ts";
import { holdsList, type Lead, putTogether, takeLike, type Template, typesIn } from "./values.ts";

type Apply<O> = (f: AnyFunction, options: O) => AnyFunction;

/** What a transform does with a plain function. */
type Rule = (operation: string, f: PlainCallable, apply: Apply<unknown>, options: never) => AnyFunction;

/** What a plain function carries. */
export function plainFunction(callable: PlainCallable): PlainFunction {
  return {
    overTensors: callable.overTensors,
    transform: (operation, apply, options) => transform(operation, callable, apply, options),
    restore,
  };
}

function transform<O>(operation: string, f: PlainCallable, apply: Apply<O>, options: O): AnyFunction {
  const rule = Object.hasOwn(rules, operation)
    ? (rules as Readonly<Record<string, Rule>>)[operation]
    : undefined;
  if (rule === undefined) {
    throw new DownhillError(
      "option",
      `${operation}: does not take a function of plain numbers, as ${f.name} is. Call it inside of a function over tensors.`,
    );
  }
  return rule(operation, f, apply as Apply<unknown>, options as never);
}

/** A callable as a function that takes plain arguments or tensors. */
function asFunction(operation: string, callable: PlainCallable, extra: object = {}): AnyFunction {
  const f = (...args: never[]): unknown => {
    if (callable.takesTensors(args)) return callable.overTensors(...args);
    if (callable.direct !== undefined) return callable.direct(operation, args);
    return compute(prepareCall(operation, callable, args), callable.run);
  };
  return attach(Object.assign(f, extra), plainFunction(callable));
}

/** All tensors of a nested list, from left to right. */
function flat(tree: unknown): Tensor[] {
  return tree instanceof Tensor ? [tree] : (tree as readonly unknown[]).flatMap(flat);
}

interface ArgumentOptions {
  readonly argnums?: number | readonly number[];
  readonly hasAux?: boolean;
}

/** What a transform makes of the result, from the templates of the arguments and of the result before. */
type ResultOf = (templates: readonly Template[], result: Template, operation: string) => Template;

/** A transform that gives a function of the same arguments. */
function sameArguments<O extends ArgumentOptions>(
  operation: string,
  f: PlainCallable,
  apply: Apply<O>,
  options: O,
  resultOf: ResultOf,
): AnyFunction {
  const title = `${operation}(${f.name})`;
  // With hasAux a function over tensors gives a pair of its value and the rest.
  const paired = options.hasAux === true ? pairOf(f.run) : f.run;
  const applied = apply(paired, options);
  const callable: PlainCallable = {
    name: title,
    params: f.params,
    prepare(asked, args, leads) {
      const prepared = f.prepare(asked, args, leads);
      return { ...prepared, result: resultOf(prepared.templates, prepared.result, title) };
    },
    run: (...args) => flat(applied(...(args as never[]))),
    takesTensors: f.takesTensors,
    overTensors: apply(f.overTensors, options),
    direct: undefined,
  };
  return asFunction(operation, callable);
}

function pairOf(run: PlainCallable["run"]) {
  return (...args: readonly Operands[]) => {
    const [value, ...aux] = run(...args);
    return [value, aux];
  };
}

/** The template of what is differentiated in. */
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
    return template;
  };
  return typeof argnums === "number" ? one(argnums) : { kind: "tuple", items: argnums.map(one) };
}

/** Refuses to differentiate in what only sets sizes, bounds and places. */
function requireFloating(title: string, template: Template, place: number): void {
  const whole = wholeIn(template, `argument ${place}`);
  if (whole === undefined) return;
  throw new DownhillError(
    "dtype",
    `${title}: ${whole.path} ${whole.type === "bool" ? "is true or false" : "only sets sizes, bounds and places"}, and has no derivative. ` +
      `Leave it out of argnums, or let the function read it from outside.`,
  );
}

/** A leaf that has no derivative. */
function wholeIn(
  template: Template,
  path: string,
): { readonly path: string; readonly type: "i32" | "bool" } | undefined {
  const first = <T>(items: readonly T[], find: (item: T, i: number) => ReturnType<typeof wholeIn>) => {
    for (const [i, item] of items.entries()) {
      const found = find(item, i);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  switch (template.kind) {
    case "leaf":
      return template.type === "i32" || template.type === "bool" ? { path, type: template.type } : undefined;
    case "list":
    case "batch":
      return wholeIn(template.item, `an item of ${path}`);
    case "record":
      return first(template.fields, ({ name, type }) => wholeIn(type, `${path}.${name}`));
    case "tuple":
      return first(template.items, (item, i) => wholeIn(item, `${path}[${i}]`));
    case "jacobian":
      return wholeIn(template.out, path);
  }
}

/** The value of a function that is to have a gradient. */
function requireNumber(title: string, result: Template): void {
  if (result.kind === "leaf" && result.rank === 0 && (result.type === "f64" || result.type === "f32")) return;
  throw new DownhillError(
    "shape",
    `${title}: a gradient needs a function that returns one number. Use jacrev for all derivatives of several, ` +
      `hasAux where it returns [value, …].`,
  );
}

/** What comes beside the value, with hasAux. */
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

const pair = (x: Template, y: Template): Template => ({ kind: "tuple", items: [x, y] });

const rules = {
  grad: (operation: string, f: PlainCallable, apply: Apply<ArgumentOptions>, options: ArgumentOptions) =>
    sameArguments(operation, f, apply, options, (templates, result, title) => {
      const aux = splitAux(title, options, result);
      const grads = chosen(options, templates, title);
      return aux === undefined ? grads : pair(grads, aux);
    }),

  valueAndGrad: (
    operation: string,
    f: PlainCallable,
    apply: Apply<ArgumentOptions>,
    options: ArgumentOptions,
  ) =>
    sameArguments(operation, f, apply, options, (templates, result, title) => {
      splitAux(title, options, result);
      return pair(result, chosen(options, templates, title));
    }),

  jacfwd: jacobian,
  jacrev: jacobian,

  hessian: (operation: string, f: PlainCallable, apply: Apply<ArgumentOptions>, options: ArgumentOptions) =>
    sameArguments(operation, f, apply, options, (templates, result, title) => {
      requireNumber(title, result);
      const point = chosen(options, templates, title);
      return { kind: "jacobian", out: point, in: point };
    }),

  /** With plain arguments a plain function is compiled as it is. */
  jit(operation: string, f: PlainCallable, apply: Apply<object>, options: object): AnyFunction {
    const jitted = apply(f.overTensors, options) as AnyFunction & Record<"warm" | "stats" | "lower", unknown>;
    const { warm, stats, lower } = jitted;
    return asFunction(operation, { ...f, overTensors: jitted }, { warm, stats, lower });
  },

  vmap: batched,
  hvp: hessianTimes,
  jvp: pushForward,
  vjp: pullBack,
  linearize: linearise,
} as const;

function jacobian(
  operation: string,
  f: PlainCallable,
  apply: Apply<ArgumentOptions>,
  options: ArgumentOptions,
): AnyFunction {
  return sameArguments(operation, f, apply, options, (templates, result, title) => {
    const whole = wholeIn(result, "the result");
    if (whole !== undefined)
      throw new DownhillError(
        "dtype",
        `${title}: ${whole.path} is no floating number, and has no derivative.`,
      );
    return { kind: "jacobian", out: result, in: chosen(options, templates, title) };
  });
}

interface BatchOptions {
  readonly inAxes?: AxisTree<number | null>;
  readonly outAxes?: AxisTree<number>;
}

function batched(
  operation: string,
  f: PlainCallable,
  apply: Apply<BatchOptions>,
  options: BatchOptions,
): AnyFunction {
  const title = `${operation}(${f.name})`;
  const { inAxes = 0, outAxes = 0 } = options;
  const isEach = Array.isArray(inAxes);
  if (isEach && inAxes.length !== f.params.length) {
    throw new DownhillError(
      "range",
      `${title}: inAxes has ${inAxes.length} entries for ${f.params.length} argument${f.params.length === 1 ? "" : "s"}.`,
    );
  }
  const axes = f.params.map((_, i) => (isEach ? (inAxes as readonly AxisTree<number | null>[])[i]! : inAxes));
  const operandAxes = f.params.map((type, i) => axesOf(title, type, axes[i]!, `inAxes[${i}]`));
  if (typeof outAxes !== "number")
    throw new DownhillError(
      "tree",
      `${title}: of a plain function outAxes is one number for all of the result.`,
    );
  const over = apply(f.run, { inAxes: operandAxes, outAxes });
  return asFunction(operation, {
    name: title,
    params: f.params,
    prepare(asked, args, leads) {
      const prepared = f.prepare(
        asked,
        args,
        leads.map((lead, i) => deeper(lead, axes[i]!)),
      );
      if (outAxes !== 0 && holdsList(prepared.result))
        throw new DownhillError(
          "range",
          `${title}: a result with arrays of objects has its batch in front: outAxes is 0.`,
        );
      return { ...prepared, result: { kind: "batch", item: prepared.result } };
    },
    run: (...args) => flat(over(...(args as never[]))),
    takesTensors: f.takesTensors,
    overTensors: apply(f.overTensors, options),
    direct: undefined,
  });
}

/** The axis of each operand of an argument. */
function axesOf(
  title: string,
  type: PlainType,
  axes: AxisTree<number | null>,
  path: string,
): readonly (number | null)[] {
  if (typeof axes !== "object" || axes === null) return operandAxes(type, axes);
  const part = (key: string | number, member: PlainType): readonly (number | null)[] => {
    const axis = (axes as Readonly<Record<string, AxisTree<number | null>>>)[key];
    if (axis === undefined)
      throw new DownhillError(
        "tree",
        `${title}: ${path} lacks ${key}: give one axis for all, or one for each member.`,
      );
    return axesOf(title, member, axis, `${path}.${key}`);
  };
  if (type.kind === "record") return type.fields.flatMap((field) => part(field.name, field.type));
  if (type.kind === "tuple") return type.items.flatMap((item, i) => part(i, item));
  throw new DownhillError("tree", `${title}: ${path} must be one axis, or null.`);
}

/** An axis counted in each operand: the items of a list stand along the first axis of theirs. */
function operandAxes(type: PlainType, axis: number | null): readonly (number | null)[] {
  switch (type.kind) {
    case "list":
      return operandAxes(type.item, axis !== null && axis >= 0 ? axis + 1 : axis);
    case "record":
      return type.fields.flatMap((field) => operandAxes(field.type, axis));
    case "tuple":
      return type.items.flatMap((item) => operandAxes(item, axis));
    case "number":
    case "boolean":
    case "array":
    case "matrix":
      return [axis];
    default:
      return assertNever(type, "operandAxes");
  }
}

/** One axis more in front of what has a batch. */
function deeper(lead: Lead, axes: AxisTree<number | null>): Lead {
  if (axes === null) return lead;
  if (typeof axes === "number") {
    if (typeof lead === "number") return lead + 1;
    return Object.fromEntries(Object.entries(lead).map(([key, below]) => [key, deeper(below, axes)]));
  }
  return Object.fromEntries(
    Object.entries(axes as Readonly<Record<string, AxisTree<number | null>>>).map(([key, below]) => [
      key,
      deeper(typeof lead === "number" ? lead : (lead[key] ?? 0), below),
    ]),
  );
}

/** Arguments and directions taken apart: directions have the structure and the sizes of the arguments. */
function prepareTangents(
  operation: string,
  f: PlainCallable,
  primals: readonly unknown[],
  directions: readonly unknown[],
): { readonly at: Point; readonly tangents: readonly Operands[] } {
  const at = pointOf(prepareCall(operation, f, primals));
  if (directions.length !== primals.length) {
    throw new DownhillError(
      "tree",
      `${operation}(${f.name}): ${directions.length} tangents for ${primals.length} argument${primals.length === 1 ? "" : "s"}; give one for each.`,
    );
  }
  const given = prepareCall(`${operation} tangents of `, f, directions);
  given.leaves.forEach((own, i) => {
    own.forEach((leaf, k) => {
      const { dims } = at.prepared.leaves[i]![k]!;
      if (leaf.dims.some((n, axis) => n !== dims[axis])) {
        throw new DownhillError(
          "shape",
          `${operation}(${f.name}): the tangent of argument ${i} has ${leaf.dims.join(" × ")} numbers, the argument ${dims.join(" × ")}.`,
        );
      }
      const isStill = typeof leaf.data === "number" ? leaf.data === 0 : leaf.data.every((x) => x === 0);
      if (!at.isFloating[i]![k]! && !isStill) {
        throw new DownhillError(
          "dtype",
          `${operation}(${f.name}): argument ${i} only sets sizes, bounds and places, and has no derivative. Its tangent must be 0.`,
        );
      }
    });
  });
  const { tangents } = { tangents: pointOf(given).floating };
  return { at, tangents };
}

/** Arguments as tensors, the floating ones apart. */
interface Point {
  readonly prepared: Prepared;
  readonly isFloating: readonly (readonly boolean[])[];
  readonly floating: readonly Operands[];
  /** All operands of each argument, from the floating ones. */
  readonly complete: (floating: readonly Operands[]) => Operands[];
}

function pointOf(prepared: Prepared): Point {
  const types = prepared.templates.map(typesIn);
  const isFloating = types.map((own) => own.map((type) => type === "f64" || type === "f32"));
  const all = prepared.leaves.map((own, i) => tensorsOf(own, types[i]!));
  return {
    prepared,
    isFloating,
    floating: all.map((own, i) => own.filter((_, k) => isFloating[i]![k]!)),
    complete: (floating) =>
      all.map((own, i) => {
        let next = 0;
        return own.map((x, k) => (isFloating[i]![k]! ? floating[i]![next++]! : x));
      }),
  };
}

/** The function in its floating operands alone. */
function inFloating(f: PlainCallable, { complete }: Point): AnyFunction {
  return (...floating: readonly Operands[]) => f.run(...complete(floating));
}

function plainResult(template: Template, tensors: unknown): unknown {
  return putTogether(template, leavesFrom(flat(tensors)));
}

function pushForward(
  operation: string,
  f: PlainCallable,
  apply: Apply<object>,
  options: object,
): AnyFunction {
  return (primals: readonly unknown[], directions: readonly unknown[]) => {
    const isPlain = Array.isArray(primals) && Array.isArray(directions);
    if (!isPlain || f.takesTensors(primals) || f.takesTensors(directions))
      return apply(f.overTensors, options)(primals as never, directions as never);
    return withoutStaging(() => {
      const { at, tangents } = prepareTangents(operation, f, primals, directions);
      const out = apply(inFloating(f, at), options)(at.floating as never, tangents as never);
      return plainResult(pair(at.prepared.result, at.prepared.result), out);
    });
  };
}

function hessianTimes(
  operation: string,
  f: PlainCallable,
  apply: Apply<object>,
  options: object,
): AnyFunction {
  return (x: unknown, v: unknown) => {
    if (f.takesTensors([x]) || f.takesTensors([v]))
      return apply(f.overTensors, options)(x as never, v as never);
    return withoutStaging(() => {
      const { at, tangents } = prepareTangents(operation, f, [x], [v]);
      requireNumber(`${operation}(${f.name})`, at.prepared.result);
      requireFloating(`${operation}(${f.name})`, at.prepared.templates[0]!, 0);
      const product = apply(inFloating(f, at), options)(at.floating[0] as never, tangents[0] as never);
      return plainResult(at.prepared.templates[0]!, product);
    });
  };
}

function pullBack(operation: string, f: PlainCallable, apply: Apply<object>, options: object): AnyFunction {
  const title = `${operation}(${f.name})`;
  return (...primals: readonly unknown[]) => {
    if (f.takesTensors(primals)) return apply(f.overTensors, options)(...(primals as never[]));
    return withoutStaging(() => {
      const at = pointOf(prepareCall(operation, f, primals));
      const { templates, result } = at.prepared;
      templates.forEach((template, i) => {
        requireFloating(title, template, i);
      });
      const [out, back] = apply(f.run, options)(...(at.floating as never[])) as [Operands, AnyFunction];
      const pullback = (ct: unknown): unknown => {
        const given = tensorsOf(takeLike(result, ct, `${title}: the cotangent`), typesIn(result));
        return withoutStaging(() => plainResult({ kind: "tuple", items: templates }, back(given as never)));
      };
      return [plainResult(result, out), pullback];
    });
  };
}

function linearise(operation: string, f: PlainCallable, apply: Apply<object>, options: object): AnyFunction {
  return (...primals: readonly unknown[]) => {
    if (f.takesTensors(primals)) return apply(f.overTensors, options)(...(primals as never[]));
    return withoutStaging(() => {
      const at = pointOf(prepareCall(operation, f, primals));
      const { result } = at.prepared;
      const [out, linear] = apply(inFloating(f, at), options)(...(at.floating as never[])) as [
        Operands,
        AnyFunction,
      ];
      const push = (...directions: readonly unknown[]): unknown =>
        withoutStaging(() => {
          const { tangents } = prepareTangents(operation, f, primals, directions);
          return plainResult(result, linear(...(tangents as never[])));
        });
      return [plainResult(result, out), push];
    });
  };
}

/** Tensors found by a search as what was given in their place. */
function restore(given: unknown, found: unknown): unknown {
  if (found === null || found === undefined) return found;
  if (found instanceof Tensor) {
    if (typeof given === "number") return found.item();
    if (given instanceof Float64Array || given instanceof Float32Array) return found.data();
    return Array.isArray(given) ? found.tolist() : found;
  }
  const member = (key: string): unknown => (given as Readonly<Record<string, unknown>>)[key];
  if (Array.isArray(found)) return found.map((x, i) => restore(member(String(i)), x));
  return Object.fromEntries(Object.entries(found).map(([key, x]) => [key, restore(member(key), x)]));
}
