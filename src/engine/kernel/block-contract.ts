import type { Block } from "./build.ts";
import * as k from "./build.ts";
import type { Contract, Dim, Expr, BufferPointer, SizeExpr, Stmt } from "./scalar.ts";
import { constantDim, constantSize, multiplySizes, sizeExpr } from "./sizes.ts";

/**
 * Indices per block of a dim whose size is known only at run time: enough for tiles in registers, and enough products
 * to make packing an operand cheap.
 */
const blockIndices = 64;

/**
 * Rewrites a contraction whose number of results, or a stride, is known only at run time as loops around contractions
 * of known size. `undefined` if the size or a stride of a summed dim is not known.
 */
export function blockContract(stmt: Contract): Stmt[] | undefined {
  const isKnown = (dim: Dim): boolean => constantDim(dim) !== undefined;
  const loops = stmt.dims.filter((dim) => !isKnown(dim));
  if (loops.some(({ role }) => role === "sum")) return undefined;
  const block = k.makeBlock();
  writeLoops(block, { ...stmt, dims: stmt.dims.filter(isKnown) }, loops, stmt.name);
  return block.statements;
}

/**
 * Writes loops over `loops` around a contraction. Each loop with constant strides runs over blocks, so that the
 * contraction includes the indices within a block; the last few indices follow one by one.
 */
function writeLoops(block: Block, stmt: Contract, loops: readonly Dim[], name: string): void {
  const [dim, ...inner] = loops;
  if (dim === undefined) return block.contract({ ...stmt, name });
  const strides = constantDim({ ...dim, size: 1 });
  const size = sizeExpr(dim.size);
  const each = (part: string, from: Expr, to: Expr, count: number, dims: readonly Dim[]): void =>
    block.forEach(`${name}.${part}`, from, to, (loop, i) => {
      const moved = (place: BufferPointer, stride: SizeExpr): BufferPointer => {
        const distance = multiplySizes(i, multiplySizes(stride, count));
        return constantSize(distance) === 0
          ? place
          : { ...place, offset: k.add(place.offset, sizeExpr(distance)) };
      };
      const at = {
        out: moved(stmt.out, dim.out),
        left: moved(stmt.left, dim.left),
        right: moved(stmt.right, dim.right),
      };
      writeLoops(loop, { ...stmt, ...at, dims }, inner, `${name}.${part}`);
    });
  if (strides === undefined) return each("one", k.i32(0), size, 1, stmt.dims);
  const blocks = block.let(`${name}.blocks`, k.div(size, k.i32(blockIndices)));
  const whole: Dim = { ...strides, size: blockIndices };
  each("block", k.i32(0), blocks, blockIndices, [...stmt.dims, whole]);
  each("one", k.mul(blocks, k.i32(blockIndices)), size, 1, stmt.dims);
}
