import { DownhillError } from "../errors/index.ts";
import type { Program } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { withShape } from "../ir/types.ts";
import { checkpoint } from "../prims/checkpoint.ts";
import { part } from "../prims/index-ops.ts";
import { concatenate } from "../prims/pieces.ts";
import type { ScanParams } from "../prims/scan.ts";
import { scan } from "../prims/scan.ts";
import { reshape } from "../prims/shape.ts";
import { traceClosed } from "../trace/staging.ts";
import { isIntegerIn } from "../ir/plain-number.ts";

/**
 * Number of steps between two saved carries; `undefined` if reverse mode saves all steps.
 *
 * @throws DownhillError `range` unless it is an integer of at least 1.
 */
export function segmentLength(
  operation: string,
  every: boolean | number | undefined,
  length: number,
): number | undefined {
  if (every === undefined || every === false) return undefined;
  if (every === true) return Math.ceil(Math.sqrt(length));
  if (isIntegerIn(every, { from: 1 })) return every;
  throw new DownhillError(
    "range",
    `${operation}: checkpoint must be true, false or a number of steps (an integer of 1 or more), got ${String(every)}.`,
  );
}

/**
 * Runs a loop in segments, each of which is a checkpoint. The steps that remain, at the end of xs, form a shorter
 * segment.
 */
export function loopInSegments(
  ins: readonly Tensor[],
  params: ScanParams,
  every: number | undefined,
): readonly Tensor[] {
  const { consts, carries, length, reverse } = params;
  if (every === undefined || length === 0) return scan(ins, params);
  const k = Math.min(every, length);
  const segments = Math.floor(length / k);
  const whole = segments * k;
  const rest = length - whole;
  const shared = ins.slice(0, consts);
  const xs = ins.slice(consts + carries);
  let carry = ins.slice(consts, consts + carries);

  const runWhole = (): Tensor[] => {
    const folded = xs.map((x) => reshape(part(x, 0, 0, whole), [segments, k, ...x.shape.slice(1)]));
    const outs = scan([...shared, ...carry, ...folded], {
      ...params,
      body: segmentProgram(params, k),
      length: segments,
    });
    carry = outs.slice(0, carries);
    return outs.slice(carries).map((y) => reshape(y, [whole, ...y.shape.slice(2)]));
  };
  const runRest = (): Tensor[] => {
    const items = xs.map((x) => part(x, 0, whole, length));
    const outs = checkpoint([...shared, ...carry, ...items], {
      program: loopProgram(params, rest),
      policy: "nothing",
    });
    carry = outs.slice(0, carries);
    return outs.slice(carries);
  };
  if (rest === 0) {
    const ys = runWhole();
    return [...carry, ...ys];
  }
  // the last xs come first in a loop that runs backward
  const [first, second] = reverse ? [runRest, runWhole] : [runWhole, runRest];
  const [early, late] = [first(), second()];
  const [front, back] = reverse ? [late, early] : [early, late];
  return [...carry, ...front.map((y, i) => concatenate([y, back[i]!], 0))];
}

/** Program that runs `length` iterations of a loop. Its inputs are constants, carries and xs. */
function loopProgram(params: ScanParams, length: number): Program {
  const { body, consts, carries } = params;
  const types = body.ins.map(({ type }, i) =>
    i < consts + carries ? type : withShape(type, [length, ...type.shape]),
  );
  return traceClosed(`steps(${body.name})`, types, (...args) => scan(args, { ...params, length }));
}

/** Program that runs `length` iterations of a loop as one checkpoint. It is the body of the loop over segments. */
function segmentProgram(params: ScanParams, length: number): Program {
  const program = loopProgram(params, length);
  const types = program.ins.map((v) => v.type);
  return traceClosed(program.name, types, (...args) => checkpoint(args, { program, policy: "nothing" }));
}
