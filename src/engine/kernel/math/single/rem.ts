import {
  abs,
  add,
  and,
  binary,
  convert,
  div,
  f64,
  lt,
  mul,
  not,
  procedure,
  select,
  sub,
  unary,
} from "../../build.ts";
import type { Procedure } from "../../scalar.ts";
import { copySign32 } from "./tanh.ts";

/** Limit up to which integer quotients times a float32 are exact in float64. */
const MOST_STEPS = 2 ** 29;

/** Remainder of x / y with the sign of x: exact, like JavaScript's `%`. */
export const rem32: Procedure = /* @__PURE__ */ procedure(
  "rem32",
  [
    ["x", "f32"],
    ["y", "f32"],
  ],
  (block, [x, y]) => {
    const size = block.let("size", convert("f64", abs(x!)));
    const step = block.let("step", convert("f64", abs(y!)));
    const ratio = block.let("ratio", div(size, step));
    // one step too many if the ratio was rounded up to an integer
    const rest = block.let("rest", sub(size, mul(unary("trunc", ratio), step)));
    const inside = block.let("inside", select(lt(rest, f64(0)), add(rest, step), rest));
    const value = block.let("value", copySign32(block.let("near", convert("f32", inside)), x!));
    const isNear = and(lt(ratio, f64(MOST_STEPS)), lt(step, f64(Infinity)));
    block.ifRare(not(isNear), (then) => then.set(value, binary("rem", x!, y!)));
    return value;
  },
);
