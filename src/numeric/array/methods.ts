import { refuseExtraOfMethod } from "../../engine/errors/arguments.ts";
import type { ArgmaxOptions, TensorMethods } from "../../engine/ir/tensor.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { at } from "./at.ts";
import { attachAbsent } from "./absent.ts";
import { attachMethods, operatorError, optionsOf } from "./attach.ts";
import * as e from "./elementwise.ts";
import { hintOf } from "./names-elsewhere.ts";
import { format, inspect, notebookMedia } from "./print.ts";
import "./readers.ts";
import type { ReaderMethod } from "./readers.ts";
import { oneArray } from "./promote.ts";
import * as r from "./reduce.ts";
import * as s from "./shape.ts";

/** The methods of `Tensor`, except those that read it: each calls the function of the same name. */
const methods: ThisType<Tensor> & Omit<TensorMethods, "T" | ReaderMethod> = {
  add(y) {
    if (arguments.length > 1) refuseExtraOfMethod("add", arguments, 1);
    return e.add(this, y);
  },
  sub(y) {
    if (arguments.length > 1) refuseExtraOfMethod("sub", arguments, 1);
    return e.sub(this, y);
  },
  mul(y) {
    if (arguments.length > 1) refuseExtraOfMethod("mul", arguments, 1);
    return e.mul(this, y);
  },
  div(y) {
    if (arguments.length > 1) refuseExtraOfMethod("div", arguments, 1);
    return e.div(this, y);
  },
  pow(y) {
    if (arguments.length > 1) refuseExtraOfMethod("pow", arguments, 1);
    return e.pow(this, y);
  },
  neg() {
    if (arguments.length > 0) refuseExtraOfMethod("neg", arguments, 0);
    return e.neg(this);
  },
  abs() {
    if (arguments.length > 0) refuseExtraOfMethod("abs", arguments, 0);
    return e.abs(this);
  },
  square() {
    if (arguments.length > 0) refuseExtraOfMethod("square", arguments, 0);
    return e.square(this);
  },
  sqrt() {
    if (arguments.length > 0) refuseExtraOfMethod("sqrt", arguments, 0);
    return e.sqrt(this);
  },
  exp() {
    if (arguments.length > 0) refuseExtraOfMethod("exp", arguments, 0);
    return e.exp(this);
  },
  log() {
    if (arguments.length > 0) refuseExtraOfMethod("log", arguments, 0);
    return e.log(this);
  },
  sin() {
    if (arguments.length > 0) refuseExtraOfMethod("sin", arguments, 0);
    return e.sin(this);
  },
  cos() {
    if (arguments.length > 0) refuseExtraOfMethod("cos", arguments, 0);
    return e.cos(this);
  },
  tanh() {
    if (arguments.length > 0) refuseExtraOfMethod("tanh", arguments, 0);
    return e.tanh(this);
  },
  sum(axis, options) {
    if (arguments.length > 2) refuseExtraOfMethod("sum", arguments, 2);
    return r.sum(this, optionsOf("sum", axis, options));
  },
  mean(axis, options) {
    if (arguments.length > 2) refuseExtraOfMethod("mean", arguments, 2);
    return r.mean(this, optionsOf("mean", axis, options));
  },
  max(axis, options) {
    if (arguments.length > 2) refuseExtraOfMethod("max", arguments, 2);
    return r.max(this, optionsOf("max", axis, options));
  },
  min(axis, options) {
    if (arguments.length > 2) refuseExtraOfMethod("min", arguments, 2);
    return r.min(this, optionsOf("min", axis, options));
  },
  std(axis, options) {
    if (arguments.length > 2) refuseExtraOfMethod("std", arguments, 2);
    return r.std(this, optionsOf("std", axis, options));
  },
  var(axis, options) {
    if (arguments.length > 2) refuseExtraOfMethod("var", arguments, 2);
    return r.variance(this, optionsOf("var", axis, options));
  },
  argmax(axis, options) {
    if (arguments.length > 2) refuseExtraOfMethod("argmax", arguments, 2);
    return r.argmax(this, optionsOf<ArgmaxOptions>("argmax", axis, options));
  },
  less(y) {
    if (arguments.length > 1) refuseExtraOfMethod("less", arguments, 1);
    return e.less(this, y);
  },
  greater(y) {
    if (arguments.length > 1) refuseExtraOfMethod("greater", arguments, 1);
    return e.greater(this, y);
  },
  equal(y) {
    if (arguments.length > 1) refuseExtraOfMethod("equal", arguments, 1);
    return e.equal(this, y);
  },
  where(condition, y) {
    if (arguments.length > 2) refuseExtraOfMethod("where", arguments, 2);
    return e.where(condition, this, y);
  },
  dot(y) {
    if (arguments.length > 1) refuseExtraOfMethod("dot", arguments, 1);
    return s.dot(this, y);
  },
  matmul(y) {
    if (arguments.length > 1) refuseExtraOfMethod("matmul", arguments, 1);
    return s.matmul(this, y);
  },
  reshape(shape) {
    if (arguments.length > 1) refuseExtraOfMethod("reshape", arguments, 1, oneArray("sizes", "[2, 3]"));
    return s.reshape(this, shape);
  },
  transpose(axes) {
    if (arguments.length > 1) refuseExtraOfMethod("transpose", arguments, 1, oneArray("axes", "[1, 0]"));
    return s.transpose(this, axes);
  },
  at(...places) {
    return at(this, ...places);
  },
  slice(start, end) {
    if (arguments.length > 2)
      refuseExtraOfMethod(
        "slice",
        arguments,
        2,
        " The method slices the first axis. For other axes write slice(x, [0, 2], [1, 3]).",
      );
    return s.slice(this, [start, end]);
  },
  astype(dtype) {
    if (arguments.length > 1) refuseExtraOfMethod("astype", arguments, 1);
    return e.astype(this, dtype);
  },
  toString() {
    return format(this);
  },
};

/** Converts a tensor to the text for a template literal; refuses any other conversion to a primitive. */
function toPrimitive(this: Tensor, hint: string): string {
  if (hint === "string") return format(this);
  throw operatorError(toPrimitive as () => string);
}

// One of the import-time side effects of the library (see `sideEffects` in package.json).
attachMethods({ ...methods });
Object.defineProperty(Tensor.prototype, "T", {
  get(this: Tensor) {
    return s.transpose(this);
  },
  configurable: true,
});
attachMethods({ [Symbol.toPrimitive]: toPrimitive });
attachAbsent(hintOf);
attachMethods({
  [Symbol.for("nodejs.util.inspect.custom")](this: Tensor) {
    return inspect(this);
  },
  [Symbol.for("Jupyter.display")](this: Tensor) {
    return notebookMedia(this);
  },
});
