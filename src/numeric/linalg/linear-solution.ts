// Primitive of the solution of a linear system that is known by its products. Its derivatives solve systems of the same
// kind, whatever the steps of the solver.
import { builtIn } from "../../engine/ir/index.ts";
import type { Lowering, Primitive, Program } from "../../engine/ir/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { batchAlong } from "../../engine/prims/index-ops.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { add, neg } from "../../engine/prims/linear.ts";
import { isFloating } from "../../engine/ir/types.ts";
import type { TracedProgram } from "../../engine/trace/index.ts";
import { bind1, evalProgram, interned, traceProgram } from "../../engine/trace/index.ts";
import { jvp, linearTranspose } from "../../engine/transforms/index.ts";

/**
 * Parameters of the primitive. All programs take the data of the system first. `program` and `transposed` return the
 * solution of the system and of its transpose for a right-hand side. `product` and `transposedProduct` return the products of
 * the matrix and of its transpose with a vector.
 */
interface LinearSolutionParams {
  readonly program: Program;
  readonly transposed: Program;
  readonly product: Program;
  readonly transposedProduct: Program;
}

const runsSolver: Lowering<LinearSolutionParams> = {
  kind: "loops",
  programs: ({ program }) => [
    {
      program,
      ins: program.ins.map((_, index) => ({ of: "operand", index })),
      outs: [{ of: "result", index: 0 }],
    },
  ],
  withPrograms: ([program]) => ({ program: program! }),
  emit: ({ block, write }) => void write(block, 0),
};

const linearSolutionPrim: Primitive<LinearSolutionParams> = /* @__PURE__ */ builtIn<LinearSolutionParams>({
  name: "linearSolution",
  typeOf: (_, { program }) => program.outs.map((v) => v.type),
  derivative: {
    kind: "smooth",
    jvp(tangents, ins, [x], params) {
      // A dx = db − dA x
      const data = ins.slice(0, -1);
      const moved = changeOfProduct(params.product, data, tangents.slice(0, -1), x!);
      const db = tangents.at(-1);
      const side = moved === undefined ? db : db === undefined ? neg(moved) : add(db, neg(moved));
      return [side && linearSolution([...data, side], params)];
    },
    transpose([ct], ins, { program, transposed, product, transposedProduct }, into) {
      const params = {
        program: transposed,
        transposed: program,
        product: transposedProduct,
        transposedProduct: product,
      };
      into.at(-1)?.add(linearSolution([...(ins.slice(0, -1) as Tensor[]), ct!], params));
    },
  },
  batch(ins, batched, size, params, { batchProgram }) {
    const flags = [...batched.slice(0, -1), true];
    const side = batched.at(-1) === true ? ins.at(-1)! : batchAlong(ins.at(-1)!, size);
    const ofBatch = (program: Program): Program => batchProgram(program, size, flags, [true]).program;
    const out = linearSolution([...ins.slice(0, -1), side], {
      program: ofBatch(params.program),
      transposed: ofBatch(params.transposed),
      product: ofBatch(params.product),
      transposedProduct: ofBatch(params.transposedProduct),
    });
    return { outs: [out], batched: [true] };
  },
  lowering: runsSolver,
  unroll: (ins, { program }, run) => run(program, ins),
});

function linearSolution(ins: readonly Tensor[], params: LinearSolutionParams): Tensor {
  return bind1(linearSolutionPrim, ins, params);
}

/** dA x, the change of the product with x for changes of the data; `undefined` if none changes. */
function changeOfProduct(
  product: Program,
  data: readonly Tensor[],
  changes: readonly (Tensor | undefined)[],
  x: Tensor,
): Tensor | undefined {
  const active = data.flatMap((own, i) => (changes[i] !== undefined && isFloating(own.dtype) ? [i] : []));
  if (active.length === 0) return undefined;
  const f = (...moved: Tensor[]): Tensor => {
    const all = data.map((own, i) => (active.includes(i) ? moved[active.indexOf(i)]! : own));
    return evalProgram(product, [...all, x])[0]!;
  };
  return jvp(f, active.map((i) => data[i]!), active.map((i) => changes[i]!))[1]; // prettier-ignore
}

/** A linear map of tensors of one type. */
export type LinearMap = (x: Tensor) => Tensor;

/** Solver of `A x = b` by products with A, and possibly with an approximate inverse of A. */
export type ProductSolver = (matvec: LinearMap, b: Tensor, inverse: LinearMap) => Tensor;

/**
 * Solves `A x = b` by `solve`, with derivatives in b and in all that `matvec` depends on. If A is symmetric, the transposed
 * system is solved alike. `inverse` only accelerates the solver and has no derivatives.
 */
export function solveByProducts(
  operation: string,
  matvec: LinearMap,
  b: Tensor,
  solve: ProductSolver,
  inverse: LinearMap | undefined,
  isSymmetric: boolean,
): Tensor {
  const [own, helper] = [matvec, inverse].map((f) =>
    traceProgram(operation, [b.type], (x) => [f === undefined ? x : asTensor(f(x), operation)]),
  ) as [TracedProgram, TracedProgram];
  const data = [...own.captured, ...helper.captured];
  const mine = own.captured.length;
  const types = [...data.map((x) => x.type), b.type];
  type DataMap = (given: readonly Tensor[], x: Tensor) => Tensor;
  const multiply: DataMap = (given, x) => evalProgram(own.program, [...given.slice(0, mine), x])[0]!;
  const precondition: DataMap = (given, x) => evalProgram(helper.program, [...given.slice(mine), x])[0]!;
  const transposed =
    (map: DataMap): DataMap =>
    (given, x) =>
      linearTranspose((y: Tensor) => map(given, y), x)(x);
  const trace = (f: DataMap): TracedProgram =>
    traceProgram(operation, types, (...xs) => [f(xs.slice(0, -1), xs.at(-1)!)]);
  const solver =
    (product: DataMap, help: DataMap): DataMap =>
    (given, x) =>
      solve(
        (y) => product(given, y),
        x,
        (y) => help(given, y),
      );
  const product = trace(multiply);
  const program = trace(solver(multiply, precondition));
  const transposedProduct = isSymmetric ? product : trace(transposed(multiply));
  const back = isSymmetric ? program : trace(solver(transposed(multiply), transposed(precondition)));
  // arrays that the solver makes from numbers alone
  const constants = [
    ...new Set([product, program, transposedProduct, back].flatMap(({ captured }) => captured)),
  ];
  const closed = (traced: TracedProgram): Program => interned(takingAll(traced, constants));
  return linearSolution([...constants, ...data, b], {
    program: closed(program),
    transposed: closed(back),
    product: closed(product),
    transposedProduct: closed(transposedProduct),
  });
}

/** The program with the same captured values, `all`, as its first inputs, whether it reads them or not. */
function takingAll({ program, captured }: TracedProgram, all: readonly Tensor[]): Program {
  const own = program.ins.slice(0, captured.length);
  const shared = all.map((x) => own[captured.indexOf(x)] ?? { type: x.type });
  return { ...program, ins: [...shared, ...program.ins.slice(captured.length)] };
}
