// Importing this module adds the methods to tensors that `downhill` omits: nearly every function whose first operand
// is a tensor, under its name. One of the import-time side effects of the library (see `sideEffects` in package.json).
import "../array/methods.ts";
import type { Axes, Tensor } from "../../engine/ir/tensor.ts";
import { attachMethods, optionsOf } from "../array/attach.ts";
import * as arrays from "../array/index.ts";
import { methodsAlongAxes, otherMethods } from "../array/method-names.generated.ts";
import * as activations from "../nn/activation.ts";

type MethodFunctions = typeof arrays & typeof activations;

/** Words of a text, as a union. */
type Words<Text extends string, Before = never> = Text extends `${infer Word} ${infer Rest}`
  ? Words<Rest, Before | Word>
  : Before | Text;

/** Type of the method of a function: its parameters after the first operand. */
type MethodSignature<F> = F extends (x: never, ...others: infer O) => infer Out
  ? (...others: O) => Out
  : never;

/** Options of a function, which follow its first operand. */
type OptionsOf<F> = F extends (x: never, options?: infer O) => unknown ? NonNullable<O> : never;

type AxisOf<O> = O extends { readonly axis?: infer A } ? NonNullable<A> : never;

/** Type of a method whose axis is the first argument, or among the options. */
type AxisMethodSignature<F> = F extends (...given: never) => infer Out
  ? (axis?: AxisOf<OptionsOf<F>> | OptionsOf<F>, options?: OptionsOf<F>) => Out
  : never;

/** The methods that importing `downhill/methods` adds to tensors; each calls the function of the same name. */
export type MoreMethods = {
  readonly [K in Words<typeof methodsAlongAxes>]: AxisMethodSignature<MethodFunctions[K]>;
} & {
  readonly [K in Words<typeof otherMethods>]: MethodSignature<MethodFunctions[K]>;
};

declare module "../../engine/ir/tensor.ts" {
  interface Tensor extends MoreMethods {}
}

type MethodImplementation = (x: Tensor, ...others: unknown[]) => unknown;
const functions: Readonly<Record<string, unknown>> = { ...arrays, ...activations };

for (const name of methodsAlongAxes.split(" ")) {
  const f = functions[name] as MethodImplementation;
  attachMethods({
    [name](this: Tensor, axis?: Axes | object, ...more: unknown[]) {
      const options = optionsOf<{ readonly axis?: Axes }>(name, axis, more[0] as object | undefined);
      return f(this, options, ...more.slice(1));
    },
  });
}
for (const name of otherMethods.split(" ")) {
  const f = functions[name] as MethodImplementation;
  attachMethods({
    [name](this: Tensor, ...more: unknown[]) {
      return f(this, ...more);
    },
  });
}
