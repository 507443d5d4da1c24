import { internalError } from "../../../engine/errors/index.ts";
import type { ExprText } from "../../../engine/kernel/code.ts";
import { callCode, conditional, infix, literal, primary } from "../../../engine/kernel/code.ts";
import type { BinaryOp, Expr, Routine, SizeExpr } from "../../../engine/kernel/index.ts";
import { must } from "../../../engine/util/assert-never.ts";

/** JavaScript for a size that each call of a routine computes from its `inputs`. */
export function sizeText(size: SizeExpr, routine: Pick<Routine, "inputs">): string {
  return typeof size === "number" ? String(size) : sizeCode(size, routine).text;
}

function sizeCode(size: Expr, routine: Pick<Routine, "inputs">): ExprText {
  if (size.kind === "const") return literal(size.value);
  if (size.kind === "local") {
    const slot = routine.inputs.findIndex((input) => input.kind === "scalar" && input.name === size.name);
    return primary(`inputs[${must(slot < 0 ? undefined : slot, `the input ${size.name}`)}]`);
  }
  if (size.kind !== "binary") throw internalError("a size is made of more than arithmetic");
  const write = must(sizeOperations[size.op], `a size with the operation ${size.op}`);
  return write(sizeCode(size.x, routine), sizeCode(size.y, routine));
}

const powerOfTwo = (n: ExprText): ExprText =>
  primary(/^\d+$/.test(n.text) ? String(2 ** Number(n.text)) : `2 ** (${n.text})`);

/** The operations that may occur in a size, as JavaScript. */
const sizeOperations: { readonly [op in BinaryOp]?: (x: ExprText, y: ExprText) => ExprText } = {
  add: (x, y) => infix(x, "+", y),
  sub: (x, y) => infix(x, "-", y),
  mul: (x, y) => infix(x, "*", y),
  min: (x, y) => callCode("Math.min", x, y),
  max: (x, y) => callCode("Math.max", x, y),
  div: (x, y) =>
    conditional(infix(y, "===", literal(0)), literal(0), callCode("Math.trunc", infix(x, "/", y))),
  shl: (x, y) => infix(x, "*", powerOfTwo(y)),
  shr: (x, y) => callCode("Math.floor", infix(x, "/", powerOfTwo(y))),
};
