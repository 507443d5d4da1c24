import { DownhillError, showType } from "../errors/index.ts";
import type { Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import * as k from "../kernel/build.ts";
import type { Expr, Procedure } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { range, sameShape } from "../util/shape.ts";
import { batchAlong } from "./index-ops.ts";

/** Which word of a block is wanted, or both, combined by exclusive or. */
export type ThreefryWord = "first" | "second" | "xor";

interface ThreefryParams {
  readonly word: ThreefryWord;
  /** Number of leading axes that keys and counters share. */
  readonly lead: number;
}

const u32 = (value: number): Expr => k.constant("u32", value);

/**
 * One block of Threefry-2x32 with 20 rounds, of the counter (0, c) under the key (k0, k1).
 *
 * @see Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011.
 */
function threefryProcedure(word: ThreefryWord): Procedure {
  const params = [["k0", "u32"], ["k1", "u32"], ["counter", "u32"]] as const; // prettier-ignore
  return k.procedure(`threefry_${word}`, params, (block, [k0, k1, counter]) => {
    const parity = block.let("k2", k.xor(k.xor(k0!, k1!), u32(0x1bd11bda))); // Skein's parity constant
    const keys = [k0!, k1!, parity];
    const x0 = block.let("x0", k0!);
    const x1 = block.let("x1", k.add(counter!, k1!));
    const rotations = [[13, 15, 26, 6], [17, 29, 16, 24]]; // prettier-ignore
    for (const group of range(1, 6)) {
      for (const n of rotations[(group - 1) % 2]!) {
        block.set(x0, k.add(x0, x1));
        block.set(x1, k.xor(x0, k.or(k.shl(x1, u32(n)), k.shr(x1, u32(32 - n)))));
      }
      // after each group of four rounds the next words of the key are mixed in
      block.set(x0, k.add(x0, keys[group % 3]!));
      block.set(x1, k.add(k.add(x1, keys[(group + 1) % 3]!), u32(group)));
    }
    return word === "first" ? x0 : word === "second" ? x1 : k.xor(x0, x1);
  });
}

const procedures = new Map<ThreefryWord, Procedure>();
function procedureOf(word: ThreefryWord): Procedure {
  let procedure = procedures.get(word);
  if (procedure === undefined) procedures.set(word, (procedure = threefryProcedure(word)));
  return procedure;
}

const threefryPrim: Primitive<ThreefryParams> = /* @__PURE__ */ builtIn<ThreefryParams>({
  name: "threefry",
  typeOf([key, counters], { lead }) {
    const fits =
      key!.dtype === "uint32" &&
      counters!.dtype === "uint32" &&
      sameShape(key!.shape, [...counters!.shape.slice(0, lead), 2]);
    if (!fits) {
      throw new DownhillError(
        "dtype",
        `threefry: a key is two words, u32[2], and counters are u32; got ${showType(key!)} and ${showType(counters!)}. Make a key with key(seed).`,
      );
    }
    return [counters!];
  },
  derivative: { kind: "constant" },
  batch: (ins, batched, size, { word, lead }) => {
    const [key, counters] = ins.map((x, i) => (batched[i] === true ? x : batchAlong(x, size)));
    return { outs: [threefry(key!, counters!, word, lead + 1)], batched: [true] };
  },
  lowering: {
    kind: "map",
    element(at, index, { word, lead }) {
      const item = index.slice(0, lead);
      const half = (i: number): Expr => at(0, [...item, k.i32(i)]);
      return k.call(procedureOf(word), half(0), half(1), at(1, index));
    },
  },
});

/** For each counter a word of the Threefry block (0, counter) under a key. */
export function threefry(key: Tensor, counters: Tensor, word: ThreefryWord, lead = 0): Tensor {
  return bind1(threefryPrim, [key, counters], { word, lead });
}
