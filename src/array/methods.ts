import type { Tensor } from "../ir/tensor.ts";
import { attachMethods, operatorError } from "./attach.ts";
import * as e from "./elementwise.ts";
import { format, inspect } from "./print.ts";
import "./readers.ts";
import type { Readers } from "./readers.ts";
import * as r from "./reduce.ts";
import * as s from "./shape.ts";

/** The methods of `Tensor` beside those that read it: each hands over to the function of its name. */
const methods: ThisType<Tensor> &
  Omit<
    { [K in keyof Tensor]: Tensor[K] },
    "type" | "slot" | "tracer" | "exclusive" | "shape" | "dtype" | "ndim" | Readers
  > = {
  add(y) {
    return e.add(this, y);
  },
  sub(y) {
    return e.sub(this, y);
  },
  mul(y) {
    return e.mul(this, y);
  },
  div(y) {
    return e.div(this, y);
  },
  pow(y) {
    return e.pow(this, y);
  },
  neg() {
    return e.neg(this);
  },
  abs() {
    return e.abs(this);
  },
  square() {
    return e.square(this);
  },
  sqrt() {
    return e.sqrt(this);
  },
  exp() {
    return e.exp(this);
  },
  log() {
    return e.log(this);
  },
  sin() {
    return e.sin(this);
  },
  cos() {
    return e.cos(this);
  },
  tanh() {
    return e.tanh(this);
  },
  sum(options) {
    return r.sum(this, options);
  },
  mean(options) {
    return r.mean(this, options);
  },
  max(options) {
    return r.max(this, options);
  },
  min(options) {
    return r.min(this, options);
  },
  argmax(options) {
    return r.argmax(this, options);
  },
  matmul(y) {
    return s.matmul(this, y);
  },
  reshape(shape) {
    return s.reshape(this, shape);
  },
  transpose(axes) {
    return s.transpose(this, axes);
  },
  at(i) {
    return s.at(this, i);
  },
  slice(start, end) {
    return s.slice(this, [start, end]);
  },
  astype(dtype) {
    return e.astype(this, dtype);
  },
  toString() {
    return format(this);
  },
};

/** What a template or a message shows. */
function toPrimitive(this: Tensor, hint: string): string {
  if (hint === "string") return format(this);
  throw operatorError();
}

// One of the import-time effects of the library (see `sideEffects` in package.json).
attachMethods({ ...methods });
attachMethods({ [Symbol.toPrimitive]: toPrimitive });
attachMethods({
  [Symbol.for("nodejs.util.inspect.custom")](this: Tensor) {
    return inspect(this);
  },
});
