// Importing this gives tensors the methods that `downhill` leaves out: nearly every function whose first operand is a tensor,
// under its name. One of the import-time effects of the library (see `sideEffects` in package.json).
import "../array/methods.ts";
import type { Axes, Tensor } from "../../engine/ir/tensor.ts";
import { attachMethods, optionsOf } from "../array/attach.ts";
import * as arrays from "../array/index.ts";
import * as activations from "../nn/activation.ts";

/** Functions with an axis among their options, which may come first: `x.prod(0)`. */
const methodsAlongAxes = [
  "all",
  "any",
  "argmin",
  "argsort",
  "countNonzero",
  "cummax",
  "cummin",
  "cumprod",
  "cumsum",
  "diff",
  "flip",
  "logSoftmax",
  "logcumsumexp",
  "logsumexp",
  "median",
  "nanargmax",
  "nanargmin",
  "nanmax",
  "nanmean",
  "nanmedian",
  "nanmin",
  "nanprod",
  "nanstd",
  "nansum",
  "nanvar",
  "norm",
  "prod",
  "ptp",
  "softmax",
  "sort",
  "squeeze",
  "unstack",
  "unwrap",
] as const;

/** Functions that take what stands behind their first operand as it is. */
const otherMethods = [
  "acos",
  "acosh",
  "addAt",
  "allclose",
  "append",
  "argwhere",
  "arrayEqual",
  "asin",
  "asinh",
  "atan",
  "atan2",
  "atanh",
  "average",
  "beta",
  "betainc",
  "betaincinv",
  "betaln",
  "bincount",
  "bitwiseAnd",
  "bitwiseCount",
  "bitwiseNot",
  "bitwiseOr",
  "bitwiseXor",
  "broadcastTo",
  "cbrt",
  "ceil",
  "clip",
  "convolve",
  "copysign",
  "correlate",
  "cosh",
  "cross",
  "deg2rad",
  "degrees",
  "diag",
  "diagEmbed",
  "diagonal",
  "digamma",
  "digitize",
  "divmod",
  "elu",
  "entr",
  "erf",
  "erfc",
  "erfcinv",
  "erfinv",
  "exp2",
  "expandDims",
  "expit",
  "expm1",
  "fillDiagonal",
  "fliplr",
  "flipud",
  "floatPower",
  "floor",
  "floorDivide",
  "fmax",
  "fmin",
  "fmod",
  "frexp",
  "gammainc",
  "gammaincc",
  "gammainccinv",
  "gammaincinv",
  "gelu",
  "greaterEqual",
  "hardSigmoid",
  "hardSwish",
  "heaviside",
  "histogram",
  "hypot",
  "i0",
  "i0e",
  "i1",
  "i1e",
  "inner",
  "insert",
  "interp",
  "isFinite",
  "isInf",
  "isNaN",
  "isNegInf",
  "isPosInf",
  "isclose",
  "isin",
  "klDiv",
  "ldexp",
  "leakyRelu",
  "leftShift",
  "lessEqual",
  "lgamma",
  "log10",
  "log1p",
  "log2",
  "logNdtr",
  "logSigmoid",
  "logaddexp",
  "logaddexp2",
  "logicalAnd",
  "logicalNot",
  "logicalOr",
  "logicalXor",
  "logit",
  "matrixTranspose",
  "matvec",
  "maxAt",
  "maximum",
  "minAt",
  "minimum",
  "mish",
  "mod",
  "modf",
  "moveaxis",
  "mulAt",
  "multigammaln",
  "nanToNum",
  "nanpercentile",
  "nanquantile",
  "ndtr",
  "ndtri",
  "nonzero",
  "notEqual",
  "outer",
  "pad",
  "percentile",
  "quantile",
  "rad2deg",
  "radians",
  "ravel",
  "reciprocal",
  "relEntr",
  "relu",
  "relu6",
  "rem",
  "remainder",
  "remove",
  "repeat",
  "resize",
  "rightShift",
  "roll",
  "rot90",
  "round",
  "rsqrt",
  "scatterAdd",
  "searchsorted",
  "segmentMax",
  "segmentMin",
  "segmentProd",
  "segmentSum",
  "selu",
  "setAt",
  "sigmoid",
  "sign",
  "signbit",
  "silu",
  "sinc",
  "sinh",
  "softplus",
  "softsign",
  "split",
  "stopGradient",
  "swapaxes",
  "take",
  "takeAlongAxis",
  "tan",
  "tensordot",
  "tile",
  "topK",
  "trace",
  "tril",
  "triu",
  "trunc",
  "unique",
  "vdot",
  "vecdot",
  "vecmat",
  "xlog1py",
  "xlogy",
  "zeta",
] as const;

type MethodFunctions = typeof arrays & typeof activations;

/** What a function takes behind its first operand. */
type MethodSignature<F> = F extends (x: never, ...others: infer O) => infer Out
  ? (...others: O) => Out
  : never;

/** The options of a function, which stand behind its first operand. */
type OptionsOf<F> = F extends (x: never, options?: infer O) => unknown ? NonNullable<O> : never;

type AxisOf<O> = O extends { readonly axis?: infer A } ? NonNullable<A> : never;

/** A method whose axis comes first, or among the options. */
type AxisMethodSignature<F> = F extends (...given: never) => infer Out
  ? (axis?: AxisOf<OptionsOf<F>> | OptionsOf<F>, options?: OptionsOf<F>) => Out
  : never;

/** The methods that importing `downhill/methods` gives to tensors: each hands over to the function of its name. */
export type MoreMethods = {
  readonly [K in (typeof methodsAlongAxes)[number]]: AxisMethodSignature<MethodFunctions[K]>;
} & {
  readonly [K in (typeof otherMethods)[number]]: MethodSignature<MethodFunctions[K]>;
};

declare module "../../engine/ir/tensor.ts" {
  interface Tensor extends MoreMethods {}
}

type MethodImplementation = (x: Tensor, ...others: unknown[]) => unknown;
const functions: Readonly<Record<string, unknown>> = { ...arrays, ...activations };

for (const name of methodsAlongAxes) {
  const f = functions[name] as MethodImplementation;
  attachMethods({
    [name](this: Tensor, axis?: Axes | object, ...more: unknown[]) {
      const options = optionsOf<{ readonly axis?: Axes }>(name, axis, more[0] as object | undefined);
      return f(this, options, ...more.slice(1));
    },
  });
}
for (const name of otherMethods) {
  const f = functions[name] as MethodImplementation;
  attachMethods({
    [name](this: Tensor, ...more: unknown[]) {
      return f(this, ...more);
    },
  });
}
