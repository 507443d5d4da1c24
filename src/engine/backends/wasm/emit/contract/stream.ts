import type { SummandStride } from "../../../../codegen/contract/operands.ts";
import type { ContractPlan, StreamMethod } from "../../../../codegen/contract/plan.ts";
import { segmentBytes } from "../../../../codegen/contract/tuning.ts";
import { contractBlock } from "../../../../kernel/scalar.ts";
import type { FunctionBody } from "../../encode/body.ts";
import type { Integers } from "../../encode/integers.ts";
import { integersOf } from "../../encode/integers.ts";
import type { FunctionBuilder, ModuleBuilder } from "../../encode/module.ts";
import type { ValueType } from "../../encode/opcodes.ts";
import type { VectorInstructions } from "./lanes.ts";
import type { Kernels } from "./units.ts";
import { eachRun, findGroup, paramWork, whenLast } from "./units.ts";

// Product of a row and a matrix with contiguous columns. The matrix is read once, sequentially, a few of its rows at a
// time, while the sums are stored in memory.

/**
 * Specification of a function that adds the products of `terms` rows of the matrix to the sums. `left` and `right` are
 * strides in bytes.
 */
export interface Stream {
  readonly lanes: VectorInstructions;
  readonly terms: number;
  readonly left: number;
  readonly right: number;
  /** True if these are the first products: the sums are stored, instead of added to stored sums. */
  readonly first: boolean;
}

const i32s = (count: number): ValueType[] => Array.from({ length: count }, () => "i32");

/** Bytes of a pair of vectors. */
const pairBytes = 32;

/**
 * Adds the function `(left, right, sums, pairs)`, which adds `terms` products to each of the sums, for the given number
 * of pairs of vectors.
 */
export function addStream(module: ModuleBuilder, name: string, stream: Stream): FunctionBuilder {
  const { lanes, terms, first } = stream;
  const paramNames = ["left", "right", "sums", "pairs"];
  const builder = module.function(name, { params: i32s(4), paramNames });
  const { body } = builder;
  const [left, right, sums, pairs] = [0, 1, 2, 3];
  const factors = Array.from({ length: terms }, (_, i) => body.local("v128", `factor${i}`));
  factors.forEach((factor, i) => {
    body.localGet(left);
    body.memory(lanes.splat, i * stream.left);
    body.localSet(factor);
  });
  const two = [body.local("v128", "sum0"), body.local("v128", "sum1")];
  const int = integersOf(body);
  int.repeat(pairs, int.get(pairs), () => {
    two.forEach((local, j) => {
      if (first) {
        body.v128Const(new Uint8Array(16));
      } else {
        body.localGet(sums);
        body.memory("v128.load", 16 * j);
      }
      body.localSet(local);
    });
    factors.forEach((factor, i) =>
      two.forEach((local, j) => {
        body.localGet(factor);
        body.localGet(right);
        body.memory("v128.load", i * stream.right + 16 * j);
        lanes.product(body);
        body.localGet(local);
        lanes.addProduct(body);
        body.localSet(local);
      }),
    );
    storePair(body, sums, two);
    int.advance(right, pairBytes);
    int.advance(sums, pairBytes);
  });
  return builder;
}

/** Adds the function `(sums, out, pairs, add)`, which copies sums to `out` or adds them to it. */
export function addFlush(module: ModuleBuilder, name: string, lanes: VectorInstructions): FunctionBuilder {
  const builder = module.function(name, { params: i32s(4), paramNames: ["sums", "out", "pairs", "add"] });
  const { body } = builder;
  const [sums, out, pairs, add] = [0, 1, 2, 3];
  const two = [body.local("v128", "sum0"), body.local("v128", "sum1")];
  const int = integersOf(body);
  const copy = (adds: boolean): void =>
    int.repeat(pairs, int.get(pairs), () => {
      two.forEach((local, j) => {
        body.localGet(sums);
        body.memory("v128.load", 16 * j);
        if (adds) {
          body.localGet(out);
          body.memory("v128.load", 16 * j);
          body.op(lanes.add);
        }
        body.localSet(local);
      });
      storePair(body, out, two);
      int.advance(sums, pairBytes);
      int.advance(out, pairBytes);
    });
  int.when(
    int.get(add),
    () => copy(true),
    () => copy(false),
  );
  return builder;
}

/** Stores two vectors contiguously, the first at the address in a local. */
function storePair(body: FunctionBody, address: number, pair: readonly number[]): void {
  pair.forEach((local, j) => {
    body.localGet(address);
    body.localGet(local);
    body.memory("v128.store", 16 * j);
  });
}

function strideBytes(walk: SummandStride): number {
  return walk.kind === "stride" ? walk.bytes : 0;
}

/**
 * Writes the function that multiplies a row by a matrix, reading the matrix sequentially. Threads share parts of the
 * columns.
 */
export function writeStream(
  body: FunctionBody,
  plan: ContractPlan,
  { terms, pairs: allPairs, partPairs, parts, tail, direct }: StreamMethod,
  kernels: Kernels,
  accumulate: boolean,
): void {
  const { sums } = plan;
  const named = (name: string): number => body.local("i32", name);
  const unit = named("unit");
  const position = named("position");
  const run = named("run");
  const lastPart = named("last_part");
  const places = { out: named("out_at"), left: named("left_at"), right: named("right_at") };
  const pair = named("pair");
  const end = named("end");
  const pairs = named("pairs");
  const target = named("target");
  const outAt = named("out_segment");
  const leftAt = named("left_row");
  const rightAt = named("right_row");
  const add = named("add");
  const leftStep = strideBytes(plan.left.walk);
  const rightStep = strideBytes(plan.right.walk);

  const int = integersOf(body);
  const { get } = int;
  const call = (count: number, first: boolean): void => {
    for (const local of [leftAt, rightAt, target, pairs]) body.localGet(local);
    body.call(kernels.stream(count, first));
    int.advance(leftAt, count * leftStep);
    int.advance(rightAt, count * rightStep);
  };
  const block = (depth: number): void => {
    const whole = Math.floor(depth / terms);
    const rest = depth % terms;
    call(whole > 0 ? terms : rest, true);
    if (whole > 1) int.repeat(named("terms_left"), whole - 1, () => call(terms, false));
    if (whole > 0 && rest > 0) call(rest, false);
    if (direct) return;
    for (const local of [target, outAt, pairs, add]) body.localGet(local);
    body.call(kernels.flush());
    int.set(add, 1);
  };
  const wholeBlocks = Math.floor(sums / contractBlock);
  const lastDepth = sums % contractBlock;

  eachRun(body, int, unit, parts, position, run, () => {
    int.set(lastPart, int.over(get(unit), parts));
    findGroup(body, int, plan, lastPart, places);
    int.set(pair, int.times(get(position), partPairs));
    int.set(lastPart, int.plus(get(position), get(run), -1));
    int.setMinimum(end, int.times(int.plus(get(lastPart), 1), partPairs), allPairs);
    const segment = (): void => {
      int.setMinimum(pairs, int.minus(get(end), get(pair)), segmentBytes / pairBytes);
      int.set(outAt, int.plus(get(places.out), int.times(get(pair), pairBytes)));
      int.set(rightAt, int.plus(get(places.right), int.times(get(pair), pairBytes)));
      int.set(leftAt, get(places.left));
      int.set(target, get(direct ? outAt : paramWork));
      int.set(add, accumulate ? 1 : 0);
      if (wholeBlocks > 0) int.repeat(named("blocks_left"), wholeBlocks, () => block(contractBlock));
      if (lastDepth > 0) block(lastDepth);
      int.advance(pair, get(pairs));
    };
    int.doWhile(segment, int.below(get(pair), get(end)));
    if (tail > 0) whenLast(int, lastPart, parts, () => writeTail(body, int, plan, kernels, tail, places));
  });
}

/** Writes the sums of the columns that remain after the last whole pair of vectors. */
function writeTail(
  body: FunctionBody,
  int: Integers,
  plan: ContractPlan,
  kernels: Kernels,
  tail: number,
  places: { readonly out: number; readonly left: number; readonly right: number },
): void {
  const { get, plus, times } = int;
  const { vector, sums, left, right } = plan;
  const start = (plan.columns - tail) * vector.bytes;
  const done = body.local("i32", "done");
  const depth = body.local("i32", "depth");
  const kernel = kernels.tile(1, tail);
  int.set(done, 0);
  const block = (): void => {
    int.setMinimum(depth, contractBlock, int.minus(sums, get(done)));
    int.put(plus(get(places.left), times(get(done), strideBytes(left.walk))));
    int.put(plus(get(places.right), times(get(done), strideBytes(right.walk)), start));
    int.put(plus(get(places.out), start));
    int.put(1);
    int.put(get(depth));
    int.put(0);
    int.put(get(done)); // not zero: the sums are added
    int.put(0); // a tail is no pair of vectors, and needs no scratch memory
    body.call(kernel);
    int.advance(done, get(depth));
  };
  int.doWhile(block, int.below(get(done), sums));
}
