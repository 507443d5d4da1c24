import { DownhillError } from "../errors/index.ts";
import { Tensor } from "../ir/tensor.ts";
import * as e from "./elementwise.ts";
import { format, inspect } from "./print.ts";
import { item, read, tolist } from "./read.ts";
import * as r from "./reduce.ts";
import * as s from "./shape.ts";

/** The methods of `Tensor`: each hands over to the function of its name. */
const methods: ThisType<Tensor> &
  Omit<
    { [K in keyof Tensor]: Tensor[K] },
    "type" | "slot" | "tracer" | "exclusive" | "shape" | "dtype" | "ndim"
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
  item() {
    return item(this);
  },
  tolist() {
    return tolist(this);
  },
  data(options) {
    return read(this, "data", options);
  },
  read(options) {
    return Promise.resolve(read(this, "read", options));
  },
  toString() {
    return format(this);
  },
  toJSON() {
    return tolist(this);
  },
};

/** `x * y` cannot be given a meaning in JavaScript: it must not become NaN in silence. */
function toPrimitive(this: Tensor, hint: string): string {
  if (hint === "string") return format(this);
  throw new DownhillError(
    "trace",
    `A tensor cannot be used with JavaScript operators: instead of x * y write x.mul(y) or mul(x, y) ` +
      `(also add, sub, div, pow), instead of x < y write less(x, y), and where(…) instead of if. ` +
      `For the plain number of a scalar use x.item().`,
  );
}

for (const [name, method] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, { value: method, writable: true, configurable: true });
}
Object.defineProperty(Tensor.prototype, Symbol.toPrimitive, { value: toPrimitive, configurable: true });
Object.defineProperty(Tensor.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Tensor) {
    return inspect(this);
  },
  configurable: true,
});
