import { internalError } from "../errors/index.ts";
import type { FailureReport, WriteView } from "../ir/primitive.ts";
import type { Equation } from "../ir/program.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { FailureLocals } from "../kernel/failure.ts";
import { makeFailures } from "../kernel/failure.ts";
import type { Expr, Routine } from "../kernel/scalar.ts";
import { layOut } from "../kernel/sizes.ts";
import { flatIndex, loopEach } from "../prims/reduce-loops.ts";
import { must } from "../util/assert-never.ts";
import { sizeOf, stridesOf } from "../util/shape.ts";
import type { LoweredProgram } from "./lower.ts";
import { elementOf, readElement } from "./elements.ts";
import { makeNames } from "../kernel/fresh-names.ts";
import { bufferOf, bufferView, copyView, inputView, localTarget, portOf } from "./views.ts";

/**
 * Lowers a single equation without sub-programs to a routine, with the same code as `lowerProgram`. Sufficient for
 * eager evaluation. With `inPlace`, the index of an operand, the first result reuses the memory of this operand.
 */
export function lowerEquation(
  eqn: Equation,
  inPlace?: number,
): Pick<LoweredProgram, "routine" | "aliases" | "failures"> {
  const { prim, ins, outs } = eqn;
  const block = k.makeBlock();
  const fresh = makeNames();
  const failures = makeFailures<FailureReport>(fresh);
  const operands = ins.map((v, i) => inputView(v.type, fresh(`in${i}`)));
  const results = outs.map((v, i): WriteView | undefined => {
    if (i === 0 && inPlace !== undefined) return operands[inPlace]!;
    return v.type.shape.length === 0 ? undefined : bufferView(v.type, fresh(`out${i}`));
  });
  const { scratch, values } =
    prim.lowering.kind === "loops"
      ? writeLoops(block, eqn, operands, results, fresh, failures.locals)
      : { scratch: [], values: writeElements(block, eqn, operands, results[0], fresh) };
  const outputs = outs.flatMap((v, i): Routine["outputs"][number][] => {
    if (i === 0 && inPlace !== undefined) return [];
    return v.type.shape.length === 0
      ? [{ kind: "scalar", value: must(values[i], "a scalar result") }]
      : [{ kind: "buffer", buffer: bufferOf(results[i]!) }];
  });
  const prelude = k.makeBlock();
  failures.declare(prelude);
  return {
    failures: failures.sites,
    routine: {
      name: prim.name,
      inputs: operands.map(portOf),
      outputs: [...outputs, ...failures.outputs()],
      ...layOut(scratch.map(bufferOf)),
      body: [...prelude.statements, ...block.statements],
    },
    aliases: outs.map((_, i) => (i === 0 ? inPlace : undefined)),
  };
}

/**
 * Writes the loops of an equation into a block. Returns the scratch arrays they need and the values of scalar results.
 */
function writeLoops(
  block: Block,
  { prim, params, ins, outs }: Equation,
  operands: readonly WriteView[],
  results: readonly (WriteView | undefined)[],
  fresh: (hint: string) => string,
  failure: FailureLocals<FailureReport>,
): { readonly scratch: readonly WriteView[]; readonly values: readonly (Expr | undefined)[] } {
  const { lowering } = prim;
  if (lowering.kind !== "loops") throw internalError(`${prim.name} has no loops of its own`);
  const declared = lowering.scratch?.(
    params,
    ins.map((v) => v.type),
  );
  const scratch = (declared ?? []).map(({ type, name }) => bufferView(type, fresh(name)));
  const places = outs.map(({ type }, i) => {
    if (results[i] !== undefined) return results[i];
    const local = fresh("s");
    block.let(local, k.constant(scalarTypeOf(type.dtype), 0));
    return localTarget(type, local);
  });
  lowering.emit(
    {
      block,
      ins: operands,
      outs: places,
      scratch,
      fresh,
      failure,
      copy: (inner, target, view) => copyView(inner, target, view, fresh),
      write() {
        throw internalError(`${prim.name} has a program`);
      },
    },
    params,
  );
  const values = places.map((place, i) => (results[i] === undefined ? place.read(k.i32(0)) : undefined));
  return { scratch, values };
}

/** Writes the loop that computes an array element by element, or returns the value of a scalar. */
function writeElements(
  block: Block,
  eqn: Equation,
  operands: readonly WriteView[],
  result: WriteView | undefined,
  fresh: (hint: string) => string,
): readonly Expr[] {
  const element = (flat: Expr, index: readonly Expr[]): Expr =>
    elementOf(
      eqn,
      (operand) => operands[operand]!.read(flat),
      (operand, place) => readElement(operands[operand]!, place),
      index,
    );
  if (result === undefined) return [element(k.i32(0), [])];
  const { shape } = result.type;
  if (eqn.prim.lowering.kind === "elementwise")
    block.forEach(fresh("i"), k.i32(0), k.i32(sizeOf(shape)), (loop, i) =>
      result.write(loop, i, element(i, [])),
    );
  else
    loopEach(block, shape, fresh, (loop, index) => {
      const flat = flatIndex(index, stridesOf(shape));
      result.write(loop, flat, element(flat, index));
    });
  return [];
}
