import { internalError } from "../errors/index.ts";
import type { WriteView } from "../ir/primitive.ts";
import type { Equation, Var } from "../ir/program.ts";
import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { Buffer, Expr, Port, Routine } from "../kernel/scalar.ts";
import { layOut } from "../kernel/sizes.ts";
import { flatIndex, loopEach } from "../prims/reduce-loops.ts";
import { sizeOf, stridesOf } from "../util/shape.ts";
import { bufferView, copyView, localTarget, partOf, sameView, valueView } from "./views.ts";

/**
 * Lowers one equation without programs in it to a routine, as `lowerProgram` would: what computes operation by operation
 * needs no more. With `inPlace` the first result takes over the memory of that operand.
 */
export function lowerEquation(
  eqn: Equation,
  inPlace?: number,
): { readonly routine: Routine; readonly aliases: readonly (number | undefined)[] } {
  const { prim, params, ins, outs } = eqn;
  const { lowering } = prim;
  const block = k.makeBlock();
  const temps: Buffer<number>[] = [];
  const counts = new Map<string, number>();
  const fresh = (hint: string): string => {
    const n = (counts.get(hint) ?? 0) + 1;
    counts.set(hint, n);
    return n === 1 ? hint : fresh(`${hint}_${n}`);
  };
  const viewOf = ({ type }: Var, name: string): WriteView =>
    type.shape.length === 0 ? localTarget(type, name) : bufferView(type, name);
  const scratch = (type: ArrayType, hint: string): WriteView => {
    const name = fresh(hint);
    if (type.shape.length === 0) block.let(name, k.constant(scalarTypeOf(type.dtype), 0));
    else temps.push({ name, type: scalarTypeOf(type.dtype), size: sizeOf(type.shape) });
    return viewOf({ type }, name);
  };
  const operands = ins.map((v, i) => viewOf(v, fresh(`in${i}`)));
  const results = outs.map((v, i) => {
    if (i === 0 && inPlace !== undefined) return operands[inPlace]!;
    if (v.type.shape.length === 0 && lowering.kind === "loops") return scratch(v.type, "s");
    return viewOf(v, fresh(`out${i}`));
  });
  const types = ins.map((v) => v.type);
  const [out] = outs;
  let value: Expr | undefined; // of a scalar result that is an expression
  const element = (flat: Expr, index: readonly Expr[]): Expr => {
    if (lowering.kind === "elementwise")
      return lowering.scalar(
        operands.map((x) => x.read(flat)),
        params,
        types,
      );
    if (lowering.kind !== "map") throw internalError(`${prim.name} has no elements`);
    return lowering.element(
      (i, place) => operands[i]!.read(flatIndex(place, stridesOf(types[i]!.shape))),
      index,
      params,
      types,
      out!.type,
    );
  };
  if (lowering.kind === "loops")
    lowering.emit(
      {
        block,
        ins: operands,
        outs: results,
        fresh,
        scratch,
        value: valueView,
        part: partOf,
        same: sameView,
        copy: (inner, target, view) => copyView(inner, target, view, fresh),
        inline() {
          throw internalError(`${prim.name} has a program`);
        },
      },
      params,
    );
  else if (lowering.kind === "alias") throw internalError(`${prim.name} computes nothing`);
  else {
    const { shape } = out!.type;
    if (shape.length === 0) value = element(k.i32(0), []);
    else if (lowering.kind === "elementwise")
      block.forEach(fresh("i"), k.i32(0), k.i32(sizeOf(shape)), (loop, i) =>
        results[0]!.write(loop, i, element(i, [])),
      );
    else
      loopEach(block, shape, fresh, (loop, index) => {
        const flat = flatIndex(index, stridesOf(shape));
        results[0]!.write(loop, flat, element(flat, index));
      });
  }
  const bufferOf = (v: Var, { buffer }: WriteView): Buffer => ({
    name: buffer!,
    type: scalarTypeOf(v.type.dtype),
    size: sizeOf(v.type.shape),
  });
  const inputs = ins.map((v, i): Port => {
    const { local } = operands[i]!;
    return local === undefined
      ? { kind: "buffer", buffer: bufferOf(v, operands[i]!) }
      : { kind: "scalar", name: local, type: scalarTypeOf(v.type.dtype) };
  });
  const outputs = outs.flatMap((v, i): Routine["outputs"][number][] => {
    if (i === 0 && inPlace !== undefined) return [];
    return v.type.shape.length === 0
      ? [{ kind: "scalar", value: value ?? results[i]!.read(k.i32(0)) }]
      : [{ kind: "buffer", buffer: bufferOf(v, results[i]!) }];
  });
  return {
    routine: { name: prim.name, inputs, outputs, ...layOut(temps), body: block.statements },
    aliases: outs.map((_, i) => (i === 0 ? inPlace : undefined)),
  };
}
