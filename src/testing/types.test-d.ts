// Types of downhill/testing, checked only by the compiler; this file is never run.
import { sin, tensor } from "../numeric/array/index.ts";
import type { Primitive } from "../engine/ir/primitive.ts";
import type { Tensor } from "../engine/ir/tensor.ts";
import { jvp } from "../engine/transforms/linearize.ts";
import { checkGrads, checkPrimitive, type GradReport, type PrimitiveReport } from "./index.ts";

interface Params {
  readonly w: Tensor;
  readonly b: readonly Tensor[];
}
declare const scaleBy: Primitive<{ readonly factor: number }>;

const grads: GradReport = checkGrads((x, y) => x.mul(y), [2, [3, 4]]);
checkGrads((p: Params, x: Tensor) => p.w.mul(x), [{ w: 1, b: [2, tensor(3)] }, [1, 2]], {
  order: 3,
  modes: ["reverse"],
});
const report: PrimitiveReport = checkPrimitive(sin, [{ ins: [1] }, { ins: [[1, 2]], differentiable: false }]);
checkPrimitive(scaleBy, [{ ins: [1], params: { factor: 2 } }], { name: "scale", tolerance: 1e-9 });
void [grads, report];

// Lists of arguments may be readonly.
const point = [tensor(1), tensor(2)] as const;
jvp((x: Tensor, y: Tensor) => x.mul(y), point, [1, 0]);

// Invalid uses do not compile.
// @ts-expect-error b is missing
checkGrads((p: Params) => p.w, [{ w: 1 }]);
// @ts-expect-error there is no such mode
checkGrads((x) => x, [1], { modes: ["backward"] });
// @ts-expect-error the parameter is a number
checkPrimitive(scaleBy, [{ ins: [1], params: { factor: "2" } }]);
// @ts-expect-error a sample is an object
checkPrimitive(sin, [[1]]);
