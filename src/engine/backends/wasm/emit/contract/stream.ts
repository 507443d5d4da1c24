import type { Walk } from "../../../../codegen/contract/operands.ts";
import type { ContractPlan, StreamMethod } from "../../../../codegen/contract/plan.ts";
import { segmentBytes } from "../../../../codegen/contract/tuning.ts";
import { contractBlock } from "../../../../kernel/scalar.ts";
import type { Body } from "../../encode/body.ts";
import type { FunctionBuilder, ModuleBuilder } from "../../encode/module.ts";
import type { ValueType } from "../../encode/opcodes.ts";
import { advance, minimum, repeat, scale, setSum, sum, whenLast } from "./emit.ts";
import type { Lanes } from "./lanes.ts";
import type { Kernels } from "./units.ts";
import { eachRun, findGroup, paramWork } from "./units.ts";

// A row times a matrix whose columns lie side by side: the matrix is read once, from end to end, a few of its rows at a time,
// and sums wait in memory meanwhile.

/** Some rows of the matrix that are added to the sums at once; distances from one to the next in bytes. */
export interface Stream {
  readonly lanes: Lanes;
  readonly terms: number;
  readonly left: number;
  readonly right: number;
  /** Whether the sums begin here. */
  readonly first: boolean;
}

const i32s = (count: number): ValueType[] => Array.from({ length: count }, () => "i32");

/** Bytes of a pair of vectors. */
const pairBytes = 32;

/** Adds the function `(left, right, sums, pairs)`: adds `terms` products to each of the sums, by pairs of vectors. */
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
  repeat(
    body,
    pairs,
    () => body.localGet(pairs),
    false,
    () => {
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
      two.forEach((local, j) => {
        body.localGet(sums);
        body.localGet(local);
        body.memory("v128.store", 16 * j);
      });
      advance(body, right, pairBytes);
      advance(body, sums, pairBytes);
    },
  );
  return builder;
}

/** Adds the function `(sums, out, pairs, add)`: puts sums into `out`, or adds them to it. */
export function addFlush(module: ModuleBuilder, name: string, lanes: Lanes): FunctionBuilder {
  const builder = module.function(name, { params: i32s(4), paramNames: ["sums", "out", "pairs", "add"] });
  const { body } = builder;
  const [sums, out, pairs, add] = [0, 1, 2, 3];
  const two = [body.local("v128", "sum0"), body.local("v128", "sum1")];
  const copy = (adds: boolean): void =>
    repeat(
      body,
      pairs,
      () => body.localGet(pairs),
      false,
      () => {
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
        two.forEach((local, j) => {
          body.localGet(out);
          body.localGet(local);
          body.memory("v128.store", 16 * j);
        });
        advance(body, sums, pairBytes);
        advance(body, out, pairBytes);
      },
    );
  body.localGet(add);
  body.if();
  copy(true);
  body.else();
  copy(false);
  body.end();
  return builder;
}

function strideBytes(walk: Walk): number {
  return walk.kind === "stride" ? walk.bytes : 0;
}

/** Writes the function of a row times a matrix. Its units are parts of the columns. */
export function writeStream(
  body: Body,
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

  const call = (count: number, first: boolean): void => {
    for (const local of [leftAt, rightAt, target, pairs]) body.localGet(local);
    body.call(kernels.stream(count, first));
    advance(body, leftAt, count * leftStep);
    advance(body, rightAt, count * rightStep);
  };
  const block = (depth: number): void => {
    const whole = Math.floor(depth / terms);
    const rest = depth % terms;
    call(whole > 0 ? terms : rest, true);
    if (whole > 1) repeat(body, named("terms_left"), () => body.i32Const(whole - 1), false, () => call(terms, false)); // prettier-ignore
    if (whole > 0 && rest > 0) call(rest, false);
    if (direct) return;
    for (const local of [target, outAt, pairs, add]) body.localGet(local);
    body.call(kernels.flush());
    body.i32Const(1);
    body.localSet(add);
  };
  const wholeBlocks = Math.floor(sums / contractBlock);
  const lastDepth = sums % contractBlock;

  eachRun(body, unit, parts, position, run, () => {
    body.localGet(unit);
    body.i32Const(parts);
    body.op("i32.div_u");
    body.localSet(lastPart);
    findGroup(body, plan, lastPart, places);
    body.localGet(position);
    scale(body, partPairs);
    body.localSet(pair);
    setSum(body, lastPart, position, [run, 1], -1);
    minimum(
      body,
      end,
      () => {
        body.localGet(lastPart);
        body.i32Const(1);
        body.op("i32.add");
        scale(body, partPairs);
      },
      () => body.i32Const(allPairs),
    );
    const again = body.loop();
    minimum(
      body,
      pairs,
      () => {
        body.localGet(end);
        body.localGet(pair);
        body.op("i32.sub");
      },
      () => body.i32Const(segmentBytes / pairBytes),
    );
    setSum(body, outAt, places.out, [pair, pairBytes]);
    setSum(body, rightAt, places.right, [pair, pairBytes]);
    sum(body, places.left);
    body.localSet(leftAt);
    sum(body, direct ? outAt : paramWork);
    body.localSet(target);
    body.i32Const(accumulate ? 1 : 0);
    body.localSet(add);
    if (wholeBlocks > 0) repeat(body, named("blocks_left"), () => body.i32Const(wholeBlocks), false, () => block(contractBlock)); // prettier-ignore
    if (lastDepth > 0) block(lastDepth);
    setSum(body, pair, pair, [pairs, 1]);
    body.localGet(pair);
    body.localGet(end);
    body.op("i32.lt_u");
    body.brIf(again);
    body.end();
    if (tail > 0) whenLast(body, lastPart, parts, () => writeTail(body, plan, kernels, tail, places));
  });
}

/** The columns after the last whole pair of vectors. */
function writeTail(
  body: Body,
  plan: ContractPlan,
  kernels: Kernels,
  tail: number,
  places: { readonly out: number; readonly left: number; readonly right: number },
): void {
  const { vector, sums, left, right } = plan;
  const start = (plan.columns - tail) * vector.bytes;
  const done = body.local("i32", "done");
  const depth = body.local("i32", "depth");
  const kernel = kernels.tile(1, tail);
  body.i32Const(0);
  body.localSet(done);
  const again = body.loop();
  minimum(
    body,
    depth,
    () => body.i32Const(contractBlock),
    () => {
      body.i32Const(sums);
      body.localGet(done);
      body.op("i32.sub");
    },
  );
  sum(body, places.left, [done, strideBytes(left.walk)]);
  sum(body, places.right, [done, strideBytes(right.walk)], start);
  sum(body, places.out, start);
  body.i32Const(1);
  body.localGet(depth);
  body.i32Const(0);
  body.localGet(done); // not zero: the sums are added
  body.i32Const(0); // a tail is no pair of vectors, and needs no scratch memory
  body.call(kernel);
  setSum(body, done, done, [depth, 1]);
  body.localGet(done);
  body.i32Const(sums);
  body.op("i32.lt_u");
  body.brIf(again);
  body.end();
}
