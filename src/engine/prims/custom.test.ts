import { describe } from "vitest";
import type { Tensor } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import { traceProgram } from "../trace/staging.ts";
import * as customs from "./custom.ts";
import { mul, take } from "./index.ts";
import { cos, sin } from "./transcendental.ts";

type Body = (...xs: Tensor[]) => readonly Tensor[];
const trace = (f: Body, types: readonly Tensor["type"][]): ReturnType<typeof traceProgram>["program"] =>
  traceProgram("f", types, f).program;

/** x · sin(w · x) for a constant w. */
const f: Body = (w, x) => [mul(x, sin(mul(w, x)))];
const slope = (w: Tensor, x: Tensor): Tensor => sin(mul(w, x)).add(mul(mul(w, x), cos(mul(w, x))));
const forwardRule: Body = (w, x, dx) => [f(w, x)[0]!, mul(slope(w, x), dx)];

const withJvp: Body = (w, x) =>
  customs.customJvp([w, x], {
    program: trace(f, [w.type, x.type]),
    rule: trace(forwardRule, [w.type, x.type, x.type]),
    consts: 1,
  });
const withVjp: Body = (w, x) =>
  customs.customVjp([w, x], {
    program: trace(f, [w.type, x.type]),
    forward: trace((v, y) => [f(v, y)[0]!, slope(v, y)], [w.type, x.type]),
    backward: trace((s, ct) => [mul(s, ct)], [x.type, x.type]),
    consts: 1,
  });
/** Binds the constant, for which the rule defines no tangent. */
const fixed =
  (op: Body, w: Tensor): Body =>
  (x) =>
    op(w, x);

/** Integers among arguments and results. */
const picked: Body = (x, i) => [take(sin(x), i, 0), i];
const pickedJvp: Body = (x, i) =>
  customs.customJvp([x, i], {
    program: trace(picked, [x.type, i.type]),
    rule: trace((y, j, dy) => [...picked(y, j), take(mul(cos(y), dy), j, 0)], [x.type, i.type, x.type]),
    consts: 0,
  });

/** w · x, linear in x, with its transpose. */
const scaled: Body = (w, x) => {
  const times = trace((v, y) => [mul(v, y)], [w.type, x.type]);
  return customs.linearMap([w, x], { pushforward: times, backward: times, residuals: 1, isOpaque: true });
};

const scalar = [{ ins: [f64([0.7], [])] }];
const vectors = [{ ins: [f64([0.7, -1.1])] }, { ins: [f64([])] }];
const single = [{ ins: [f32([0.7, -1.1])] }];

describe("functions with their own rules", () => {
  checkFamily(
    customs,
    {
      customJvp: [
        on(fixed(withJvp, f64([1.3], [])), scalar),
        on(fixed(withJvp, f64([1.3, 0.4])), vectors.slice(0, 1)),
        on(fixed(withJvp, f64([])), vectors.slice(1)),
        on(fixed(withJvp, f32([1.3, 0.4])), single),
        on(pickedJvp, [{ ins: [f64([0.5, -1, 2]), i32([2], [])] }]),
      ],
      customVjp: [
        on(fixed(withVjp, f64([1.3], [])), scalar),
        on(fixed(withVjp, f64([1.3, 0.4])), vectors.slice(0, 1)),
        on(fixed(withVjp, f64([])), vectors.slice(1)),
        on(fixed(withVjp, f32([1.3, 0.4])), single),
      ],
      linearMap: [
        on(fixed(scaled, f64([1.3], [])), scalar),
        on(fixed(scaled, f64([1.3, 0.4])), vectors.slice(0, 1)),
      ],
    },
    {
      hasCustomRule: "recognises primitives",
      pushforwardOf: "recognises a primitive",
    },
  );
});
