import { paramsKey, identityOf } from "../ir/key.ts";
import type { ConcreteValue } from "../ir/storage.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { typeKey } from "../ir/types.ts";
import { isStaging } from "../trace/bind.ts";
import { isDebugging } from "../trace/debug.ts";
import { traceProgram } from "../trace/staging.ts";
import { makeLru } from "../util/lru.ts";
import { engine } from "./engine.ts";
import { fits, sameParams } from "./evaluate.ts";
import type { Executable } from "./run.ts";

/** A function compiled for certain parameters and operand types. */
interface CompiledVariant<P> {
  readonly params: P;
  readonly types: readonly ArrayType[];
  /** Constant tables that the function itself creates; callers pass them before the operands. */
  readonly captured: readonly ConcreteValue[];
  readonly executable: Executable;
}

/** Maximum number of compiled variants per function; the least recently used one is evicted first. */
const mostForms = 64;
/** Number of recent variants that are compared directly, without building a key. */
const mostRecent = 4;

/**
 * Wraps a composition of operations on tensors so that eager calls run it as one compiled routine. The operations in it
 * are then not called separately and create no tensors. `f` must use only its operands, parameters (plain data) and
 * constants. While tracing, while debugging, and in bundles without the compiler, `f` itself runs.
 */
export function atOnce<P>(
  name: string,
  f: (xs: readonly Tensor[], params: P) => readonly Tensor[],
): (xs: readonly Tensor[], params: P) => readonly Tensor[] {
  const forms = makeLru<string, CompiledVariant<P>>(mostForms);
  const recent: CompiledVariant<P>[] = []; // most recently used first

  const find = (xs: readonly Tensor[], params: P): CompiledVariant<P> => {
    for (const form of recent) if (fits(form.types, xs) && sameParams(form.params, params)) return form;
    const types = xs.map((x) => x.type);
    const key = `${paramsKey(params, identityOf)} ${types.map(typeKey).join(" ")}`;
    let form = forms.get(key);
    if (form === undefined) {
      const { program, captured } = traceProgram(name, types, (...ins) => f(ins, params));
      const executable = engine.compiler!.executableOf(program, []);
      form = { params, types, captured: captured.map((x) => x.slot!), executable };
      forms.set(key, form);
    }
    recent.unshift(form);
    if (recent.length > mostRecent) recent.pop();
    return form;
  };

  return (xs, params) => {
    if (engine.compiler === undefined || isStaging() || isDebugging()) return f(xs, params);
    for (let i = 0; i < xs.length; i++) if (xs[i]!.slot === undefined) return f(xs, params); // a traced value
    const { captured, executable } = find(xs, params);
    const before = captured.length;
    const slots = new Array<ConcreteValue>(before + xs.length);
    for (let i = 0; i < before; i++) slots[i] = captured[i]!;
    for (let i = 0; i < xs.length; i++) slots[before + i] = xs[i]!.slot!;
    return executable.run(slots);
  };
}
