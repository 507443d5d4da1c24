import { add } from "../array/elementwise.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { Tensor, type TensorLike } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { sameShape } from "../../engine/util/shape.ts";
import { split, type Key } from "../random/index.ts";

/** A layer as a pair of functions, like `mlp`, `sequential` and `residual` return; P is the type of its parameters. */
export interface Layer<P = unknown> {
  /** Initial parameters. */
  init(key: Key): P;
  /** Applies the layer to x. */
  apply(params: P, x: TensorLike): Tensor;
}

/** A layer, or a function of a tensor such as `relu`, which counts as a layer without parameters. */
export type LayerLike = Layer | ((x: Tensor) => Tensor);

/** The parameters of a layer; an empty object for functions. */
export type ParamsOf<L extends LayerLike> = L extends Layer<infer P> ? P : Readonly<Record<string, never>>;

/** The parameters of a sequence of layers, one entry per layer. */
export type SequentialParams<L extends readonly LayerLike[]> = { readonly [I in keyof L]: ParamsOf<L[I]> };

/**
 * Combines layers into one that applies them in sequence. Its parameters are a list with those of each layer, `{}` for
 * functions.
 *
 * For a layer that depends on a key or a state, such as `dropout`, create a function for each call:
 * `sequential([first, (x) => dropout(key, x), second])`. The parameters do not depend on the key, and building the layer
 * costs nothing.
 *
 * @throws DownhillError `tree` for an empty list, a value that is not a layer, or parameters that do not come from
 * `init`.
 * @example
 * const network = sequential([
 *   { init: (k) => convolutionInit(k, 1, 4, [3, 3]), apply: convolution },
 *   relu,
 *   (x) => adaptiveAvgPool(x, 1).reshape([-1, 4]),
 *   { init: (k) => denseInit(k, 4, 10), apply: dense },
 * ]);
 * const params = network.init(key(0));
 * network.apply(params, ones([2, 1, 8, 8])).shape; // [2, 10]
 */
export function sequential<const L extends readonly LayerLike[]>(layers: L): Layer<SequentialParams<L>> {
  if (arguments.length > 1) refuseExtra("sequential", arguments, 1);
  const given: unknown = layers; // untyped callers may pass anything
  if (!Array.isArray(given) || given.length === 0) {
    throw new DownhillError(
      "tree",
      "sequential: takes a list of one or more layers, as in sequential([{ init, apply }, relu]).",
    );
  }
  const stages = layers.map((layer, i) => asLayer("sequential", `layer ${i}`, layer));
  return {
    init(key) {
      const keys = split(key, stages.length);
      return stages.map(({ init }, i) => init(keys[i]!)) as unknown as SequentialParams<L>;
    },
    apply(params, x) {
      const own: unknown = params;
      if (!Array.isArray(own) || own.length !== stages.length) {
        throw new DownhillError(
          "tree",
          `sequential: apply takes the parameters, a list with one entry for each of the ${stages.length} layers as init returns it, and then x.`,
        );
      }
      return stages.reduce((input, { apply }, i) => apply(own[i], input), asTensor(x, "sequential"));
    },
  };
}

/** The parameters of `residual`. */
export interface ResidualParams<B extends LayerLike, S extends LayerLike> {
  readonly body: ParamsOf<B>;
  readonly shortcut: ParamsOf<S>;
}

/**
 * `body(x) + shortcut(x)` as one layer. The default shortcut is x itself. If the body changes the shape, pass a layer
 * such as a projection, because shapes are not broadcast.
 *
 * @throws DownhillError `shape` if the shapes of both results differ, `tree` for a value that is not a layer, or
 * parameters that do not come from `init`.
 * @see He, Zhang, Ren, Sun, Deep residual learning for image recognition, CVPR 2016, eq. 1 and 2.
 * @example
 * const block = residual(mlp([2, 8, 2]));
 * block.apply(block.init(key(0)), [[1, 2]]).shape; // [1, 2]
 */
export function residual<B extends LayerLike>(body: B): Layer<ResidualParams<B, (x: Tensor) => Tensor>>;
export function residual<B extends LayerLike, S extends LayerLike>(
  body: B,
  shortcut: S,
): Layer<ResidualParams<B, S>>;
export function residual<B extends LayerLike, S extends LayerLike>(
  body: B,
  shortcut?: S,
): Layer<ResidualParams<B, S>> {
  if (arguments.length > 2) refuseExtra("residual", arguments, 2);
  const inner = asLayer("residual", "the body", body);
  const outer = asLayer("residual", "the shortcut", shortcut ?? ((x: Tensor): Tensor => x));
  return {
    init(key) {
      const [bodyKey, shortcutKey] = split(key);
      const params = { body: inner.init(bodyKey), shortcut: outer.init(shortcutKey) };
      return params as unknown as ResidualParams<B, S>;
    },
    apply(params, x) {
      const own: Partial<ResidualParams<B, S>> | null | undefined = params; // untyped callers may pass anything
      if (own?.body === undefined || own.shortcut === undefined) {
        throw new DownhillError(
          "tree",
          "residual: apply takes the parameters, { body, shortcut } as init returns them, and then x.",
        );
      }
      const input = asTensor(x, "residual");
      const [y, straight] = [inner.apply(own.body, input), outer.apply(own.shortcut, input)];
      if (sameShape(y.shape, straight.shape)) return add(y, straight);
      throw new DownhillError(
        "shape",
        `residual: the body returns ${showType(y.type)} and the shortcut ${showType(straight.type)}; they must have the same shape. ` +
          `Give a shortcut that changes the shape too, as in residual(body, { init: (k) => denseInit(k, 2, 4), apply: dense }).`,
      );
    },
  };
}

/** Converts a layer or a function to a layer whose `apply` throws unless the result is one tensor. */
function asLayer(operation: string, what: string, layer: LayerLike): Layer {
  const given: Partial<Layer> | ((x: Tensor) => Tensor) | null | undefined = layer;
  const isFunction = typeof given === "function";
  if (!isFunction && !(typeof given?.init === "function" && typeof given.apply === "function")) {
    throw new DownhillError(
      "tree",
      `${operation}: ${what} must be { init, apply } or a function of a tensor, such as relu.`,
    );
  }
  const { init, apply }: Layer = isFunction
    ? { init: () => ({}), apply: (_, x) => given(asTensor(x, operation)) }
    : (layer as Layer);
  return {
    init,
    apply(params, x) {
      const y: unknown = apply(params, x);
      if (y instanceof Tensor) return y;
      throw new DownhillError(
        "tree",
        `${operation}: ${what} must return one tensor, got ${y === null ? "null" : typeof y}.`,
      );
    },
  };
}
