import { Tensor } from "../../engine/ir/tensor.ts";
import { suggest } from "../../engine/util/suggest.ts";

/** Functions whose first operand could be mistaken for the receiver of a method. */
export const functions: string =
  "acos acosh addAt all allclose any append argmin argsort argwhere arrayEqual asin asinh atan atan2 atanh average " +
  "avgPool beta betainc betaincinv betaln bincount bitwiseAnd bitwiseCount bitwiseNot bitwiseOr bitwiseXor broadcastTo cbrt " +
  "ceil clip concatenate conv convolve copysign correlate cosh countNonzero cross cummax cummin cumprod cumsum " +
  "deg2rad degrees diag diagEmbed diagonal diff digamma digitize divmod einsum elu entr erf erfc erfcinv erfinv " +
  "exp2 expandDims expit expm1 fillDiagonal flip fliplr flipud floatPower floor floorDivide fmax fmin fmod frexp " +
  "gammainc gammaincc gammainccinv gammaincinv gelu greaterEqual hardSigmoid hardSwish heaviside histogram hypot i0 i0e i1 i1e inner insert " +
  "interp isclose isFinite isin isInf isNaN isNegInf isPosInf klDiv ldexp leakyRelu leftShift lessEqual lgamma " +
  "log10 log1p log2 logaddexp logaddexp2 logcumsumexp logicalAnd logicalNot logicalOr logicalXor logit logNdtr " +
  "logSigmoid logSoftmax logsumexp matrixTranspose matvec maxAt maximum maxPool median minAt minimum mish mod modf " +
  "moveaxis mulAt multigammaln nanargmax nanargmin nanmax nanmean nanmedian nanmin nanpercentile nanprod " +
  "nanquantile nanstd nansum nanToNum nanvar ndtr ndtri nonzero norm notEqual oneHot onesLike outer pad percentile " +
  "polygamma prod ptp quantile rad2deg radians ravel reciprocal relEntr relu relu6 rem remove repeat resize " +
  "rightShift roll rot90 round rsqrt scatterAdd searchsorted segmentMax segmentMin segmentProd segmentSum selu " +
  "setAt sigmoid sign signbit silu sinc sinh softmax softplus softsign sort split squeeze stack stopGradient " +
  "swapaxes take takeAlongAxis tan tensordot tile topK trace tril triu trunc unique unstack unwrap variance vdot " +
  "vecdot vecmat xlog1py xlogy zerosLike zeta";

/** Names in other libraries, with the downhill code that replaces them. */
const elsewhere: Readonly<Record<string, string>> = {
  plus: "x.add(y)",
  minus: "x.sub(y)",
  subtract: "x.sub(y)",
  multiply: "x.mul(y)",
  times: "x.mul(y)",
  divide: "x.div(y)",
  negate: "x.neg()",
  negative: "x.neg()",
  power: "x.pow(y)",
  remainder: "mod(x, y)",
  t: "x.transpose()",
  mT: "matrixTranspose(x)",
  permute: "x.transpose(axes)",
  mm: "x.matmul(y)",
  bmm: "x.matmul(y)",
  view: "x.reshape(shape)",
  flatten: "x.reshape([-1]) or ravel(x)",
  unsqueeze: "expandDims(x, axis)",
  expand: "broadcastTo(x, shape)",
  gather: "take(x, indices) or takeAlongAxis(x, indices, …)",
  cast: "x.astype(dtype)",
  to: "x.astype(dtype)",
  float: 'x.astype("float32")',
  double: 'x.astype("float64")',
  int: 'x.astype("int32")',
  numpy: "x.data() or x.tolist()",
  toArray: "x.tolist()",
  array: "x.tolist()",
  arraySync: "x.tolist()",
  dataSync: "x.data()",
  detach: "stopGradient(x)",
  clone: "x itself, because tensors are immutable",
  grad: "grad(f)(x): gradients are what the function grad(f) returns",
  backward: "grad(f)(x): gradients are what the function grad(f) returns",
  gt: "greater(x, y)",
  ge: "greaterEqual(x, y)",
  lt: "less(x, y)",
  le: "lessEqual(x, y)",
  eq: "equal(x, y)",
  ne: "notEqual(x, y)",
  size: "x.shape for the sizes of its axes",
  numel: "x.shape for the sizes of its axes",
  map: "f(x) with a function of whole tensors, vmap(f)(x) with a function of one item, x.tolist().map(…) for plain numbers",
  forEach: "for (const v of x.tolist()), or a loop over x.at(i)",
  reduce: "x.sum(), x.max() or scan(f, start, x)",
  filter: "where(mask, x, 0), or x.tolist().filter(…) for plain numbers",
  toFixed: "x.item().toFixed(…)",
  print: "console.log(String(x))",
  dispose: "nothing: tensors are garbage-collected",
  set: "setAt(x, v, i): x.at(i) only reads",
  unbind: "unstack(x)",
  chunk: "split(x, n)",
  narrow: "slice(x, start, end)",
  maskedFill: "where(mask, v, x)",
  masked_fill: "where(mask, v, x)",
  indexSelect: "take(x, indices, { axis })",
  index_select: "take(x, indices, { axis })",
  indexAdd: "addAt(x, v, places)",
  index_add: "addAt(x, v, places)",
  contiguous: "x itself, whose elements are stored contiguously",
  cpu: "x itself: there are no devices to move it between",
  cuda: "x itself: there are no devices to move it between",
  long: 'x.astype("int32")',
  bool: 'x.astype("bool")',
  requiresGrad: "grad(f)(x): gradients are taken with respect to the arguments of f",
  requires_grad: "grad(f)(x): gradients are taken with respect to the arguments of f",
  rank: "x.ndim",
  dim: "x.ndim",
};

/**
 * Repair hint for a property that tensors lack: the name is used by another library, is that of a function, or may be a
 * misspelling.
 */
export function hintOf(name: string): string | undefined {
  if (Object.hasOwn(elsewhere, name)) return `Write ${elsewhere[name]}.`;
  const known = functions.split(" ");
  if (known.includes(name))
    return `Write ${name}(x) and import ${name} from "downhill", or import "downhill/methods", which has it as a method.`;
  if (name.length < 4) return undefined; // too short to recognise a misspelling
  const methods = Object.getOwnPropertyNames(Tensor.prototype).filter((method) => method !== "constructor");
  const found = suggest(name, [...methods, ...known]);
  return found && `Did you mean ${known.includes(found) ? `${found}(x)` : `x.${found}`}?`;
}
