import { Tensor } from "../../engine/ir/tensor.ts";
import { suggest } from "../../engine/util/suggest.ts";
import { functionsOnly, methodsAlongAxes, otherMethods } from "./method-names.generated.ts";

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
  numel: "x.size",
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
 * misspelling. Undefined for any other name.
 */
export function hintOf(name: string): string | undefined {
  if (Object.hasOwn(elsewhere, name)) return `Write ${elsewhere[name]}.`;
  const known = `${methodsAlongAxes} ${otherMethods} ${functionsOnly}`
    .split(" ")
    .filter((one) => !Object.hasOwn(elsewhere, one))
    .sort((a, b) => a.localeCompare(b, "en"));
  if (known.includes(name)) {
    const isFunctionOnly = functionsOnly.split(" ").includes(name);
    return `Write ${name}(x) and import ${name} from "downhill"${isFunctionOnly ? "." : `, or import "downhill/methods", which has it as a method.`}`;
  }
  if (name.length < 4) return undefined; // too short to recognise a misspelling
  const methods = Object.getOwnPropertyNames(Tensor.prototype).filter((method) => method !== "constructor");
  const found = suggest(name, [...methods, ...known]);
  return found && `Did you mean ${known.includes(found) ? `${found}(x)` : `x.${found}`}?`;
}
