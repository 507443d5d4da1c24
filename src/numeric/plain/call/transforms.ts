import { DownhillError } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import type { CheckpointOptions } from "../../../engine/transforms/structured.ts";
import type { AnyFunction, PlainFunction } from "../../../engine/transforms/plain.ts";
import type { TransformRequest } from "./asked.ts";
import { batched } from "./batch.ts";
import { attach, compute, type PlainCallable, prepareCall, runBody } from "./callable.ts";
import { hessianTimes, linearise, pullBack, pushForward } from "./directions.ts";
import { grad, hessian, jacfwd, jacrev, valueAndGrad } from "./gradient.ts";
import { quickCall } from "./quick.ts";
import { putTogether } from "./values.ts";

/** For each transform, by name, its implementation for plain functions. */
const rules: Readonly<Record<string, (asked: TransformRequest<never>) => AnyFunction>> = {
  grad,
  valueAndGrad,
  jacfwd,
  jacrev,
  hessian,
  vmap: batched,
  jit: compiled,
  checkpoint: checkpointed,
  hvp: hessianTimes,
  jvp: pushForward,
  vjp: pullBack,
  linearize: linearise,
};

/** The properties by which transforms recognise and call a plain function. */
export function plainFunction(f: PlainCallable): PlainFunction {
  return {
    overTensors: f.overTensors,
    transform(operation, apply, options) {
      const rule = Object.hasOwn(rules, operation) ? rules[operation] : undefined;
      if (rule === undefined) {
        throw new DownhillError(
          "option",
          `${operation}: does not take a function of plain numbers, as ${f.name} is. Call it inside of a function over tensors.`,
        );
      }
      const asked: TransformRequest<typeof options> = {
        title: `${operation}(${f.name})`,
        f,
        options,
        apply: (g, given = options) => apply(g, given),
        give: (callable, extra) => asFunction(callable, extra),
      };
      return rule(asked as TransformRequest<never>);
    },
    restore,
    bind: f.bind,
  };
}

/** Returns a function for a callable that takes plain arguments or tensors. */
export function asFunction(callable: PlainCallable, extra: object = {}): AnyFunction {
  const { body } = callable;
  const quick = body && quickCall(callable, body);
  const f = (...args: never[]): unknown => {
    // arguments that the quick call reads contain no tensors, but values from outside may be tensors
    const isSearched = callable.readsOutside;
    if (isSearched && callable.takesTensors(args)) return callable.overTensors(...args);
    const done = quick?.call(args);
    if (done !== undefined) return done;
    if (!isSearched && callable.takesTensors(args)) return callable.overTensors(...args);
    const prepared = prepareCall(callable, args);
    const leaves = callable.direct?.(prepared);
    if (leaves !== undefined) return putTogether(prepared.result, leaves);
    if (body === undefined) return compute(prepared, callable.run);
    const value = putTogether(prepared.result, runBody(body(), prepared.leaves.flat()));
    quick?.note(args, prepared.result);
    return value;
  };
  return attach(Object.assign(f, extra), plainFunction(callable));
}

/** The transform `jit`. The function is already compiled for plain arguments, so these calls are unchanged. */
function compiled({ f, title, apply, give }: TransformRequest<unknown>): AnyFunction {
  const jitted = apply(f.overTensors) as AnyFunction & Record<"warm" | "stats" | "lower", unknown>;
  const { warm, stats, lower } = jitted;
  return give({ ...f, name: title, overTensors: jitted }, { warm, stats, lower });
}

/** The transform `checkpoint`: the function with reverse-mode derivatives that process long loops in segments. */
function checkpointed({ f, title, options, give }: TransformRequest<CheckpointOptions>): AnyFunction {
  if (options.policy === "products")
    throw new DownhillError(
      "option",
      `${title}: the policy "products" is for functions over tensors. Leave it out.`,
    );
  if (f.checkpointed === undefined)
    throw new DownhillError(
      "option",
      `${title}: takes the function itself and no transform of it: take the checkpoint first, grad(checkpoint(f)).`,
    );
  return give(f.checkpointed(options.snapshots));
}

/** Converts tensors found by a search to the kind of the value that was given. */
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
