import { DownhillError, internalError } from "../errors/index.ts";
import type {
  Accumulator,
  Derivative,
  Mask,
  Maybe,
  AxisInterval,
  PartialTools,
  PartialValue,
  Primitive,
  TransformTools,
} from "../ir/primitive.ts";
import type { EquationSource } from "../ir/program.ts";
import { isProgram } from "../ir/program.ts";
import type { Trace, Tracer } from "../ir/tensor.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { keep } from "../prims/carries.ts";
import { add, zeros } from "../prims/linear.ts";
import { bind } from "../trace/bind.ts";
import { currentSource, withSource } from "../trace/source.ts";
import { isDebugging, transposing } from "../trace/debug.ts";

/**
 * Equation of a linear tape. Known operands are tensors; linear operands are nodes in `into`, which accumulate
 * their cotangents.
 */
export interface LinearEquation {
  readonly prim: Primitive;
  readonly params: unknown;
  readonly ins: readonly Maybe[];
  readonly into: readonly (LinearNode | undefined)[];
  readonly outs: readonly LinearNode[];
  readonly source: EquationSource | undefined;
}

/** Value that depends linearly on the inputs of a tape, with the accumulator of its cotangent. */
export interface LinearNode extends Accumulator, Tracer {
  readonly value: Tensor;
  ct: Maybe;
  /** True if only this node refers to `ct`, so that it may be overwritten. */
  owned: boolean;
  /**
   * True if elements of `ct` that are exactly 0 may be masked zeros; false if no contribution to `ct` is masked. A list
   * of intervals if every contribution is the cotangent of a read of one of these intervals: elements outside of all of
   * them are masked zeros.
   */
  masks: boolean | AxisInterval[];
}

/**
 * Trace that records operations on values that depend linearly on its inputs, and computes all other operations. The
 * trace is open while the function runs.
 */
export class LinearTrace implements Trace {
  readonly kind = "linear";
  readonly level: number;
  readonly eqns: LinearEquation[] = [];
  alive = true;
  readonly #tools: TransformTools;

  constructor(level: number, tools: TransformTools) {
    this.level = level;
    this.#tools = tools;
  }

  /** Creates an input of the tape. */
  input(type: ArrayType): LinearNode {
    return new TapeNode(this, type);
  }

  /** Node of a value of this tape; `undefined` for other values. */
  nodeOf(x: Tensor): LinearNode | undefined {
    const { tracer } = x;
    return tracer !== undefined && tracer.trace === this ? (tracer as LinearNode) : undefined;
  }

  process(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] {
    if (prim.derivative.kind !== "structured") return this.#record(prim, ins, params);
    const values = ins.map((value): PartialValue => ({ known: this.nodeOf(value) === undefined, value }));
    const partialTools: PartialTools = {
      ...this.#tools,
      known: bind,
      unknown: (p, xs, ps) => this.#record(p, xs, ps),
      isAtHand: () => true, // a tape holds known values
      isRepeated: false,
    };
    return prim.derivative.partialEval(values, params, partialTools).map((out) => out.value);
  }

  #record(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] {
    const n = ins.length;
    const types = new Array<ArrayType>(n);
    const known = new Array<Maybe>(n);
    const into = new Array<LinearNode | undefined>(n);
    for (let i = 0; i < n; i++) {
      const x = ins[i]!;
      const node = this.nodeOf(x);
      types[i] = x.type;
      known[i] = node === undefined ? x : undefined;
      into[i] = node;
    }
    const outTypes = prim.typeOf(types, params);
    const outs = new Array<LinearNode>(outTypes.length);
    const values = new Array<Tensor>(outTypes.length);
    for (let i = 0; i < outs.length; i++) {
      const node = new TapeNode(this, outTypes[i]!);
      outs[i] = node;
      values[i] = node.value;
    }
    this.eqns.push({ prim, params, ins: known, into, outs, source: currentSource() });
    return values;
  }
}

class TapeNode implements LinearNode {
  readonly trace: LinearTrace;
  readonly type: ArrayType;
  readonly value: Tensor;
  ct: Maybe = undefined;
  owned = false;
  masks: boolean | AxisInterval[] = false;

  constructor(trace: LinearTrace, type: ArrayType) {
    this.trace = trace;
    this.type = type;
    this.value = new Tensor(type, undefined, this);
  }

  get isEmpty(): boolean {
    return this.ct === undefined;
  }

  add(ct: Tensor, mask: Mask = false): void {
    if (mask !== false) addMask(this, mask);
    this.owned = this.ct !== undefined;
    this.ct = this.ct === undefined ? ct : add(this.ct, ct);
  }

  take(): Tensor {
    const ct = this.ct ?? zeros(this.type);
    ct.exclusive = this.owned || this.ct === undefined;
    this.ct = undefined;
    return ct;
  }

  put(ct: Tensor, mask: Mask = false): void {
    if (mask !== false) addMask(this, mask);
    this.ct = ct;
    this.owned = true;
  }
}

function addMask(node: LinearNode, mask: Mask): void {
  if (typeof mask === "boolean") node.masks ||= mask;
  else if (node.masks === false) node.masks = [mask];
  else if (node.masks !== true) node.masks.push(mask);
}

/** Mask of a cotangent: the combination of the masks of all contributions to it. */
function maskOf({ masks, type }: LinearNode): Mask {
  if (typeof masks === "boolean") return masks;
  return !cover(masks, type) && (masks.length > 1 || masks[0]!);
}

/** True if the latest cotangent of a node may contain masked zeros. */
export function isNodeMasked(node: LinearNode): boolean {
  return maskOf(node) !== false;
}

/** True if the intervals together cover an array. */
function cover(parts: readonly AxisInterval[], { shape }: ArrayType): boolean {
  const { axis } = parts[0]!;
  if (parts.some((part) => part.axis !== axis)) return false;
  let end = 0;
  for (const { from, to } of parts.toSorted((a, b) => a.from - b.from)) {
    if (from > end) return false;
    end = Math.max(end, to);
  }
  return end === shape[axis];
}

/** Cotangents of an equation's results, with their masks. */
interface MaskedCotangents {
  readonly cts: readonly Maybe[];
  readonly masks: readonly Mask[];
}

/** Masks for cotangents without masked zeros. */
const unmasked: readonly Mask[] = [];

/**
 * Applies the transposition rule of one equation to the cotangents of its results. Throws `derivative` if it has none.
 */
function transposeEquation(
  eqn: LinearEquation,
  { cts, masks }: MaskedCotangents,
  tools: TransformTools,
): void {
  const { prim, params, ins, into, source } = eqn;
  const { derivative } = prim;
  switch (derivative.kind) {
    case "linear":
      if (derivative.operands !== "all" && !isAmong(into, derivative.operands)) break;
      derivative.transpose(cts, ins, params, into, tools, masks);
      if (masks !== unmasked) markMasked(into);
      return;
    case "structured":
      transposeStructured(eqn, derivative, { cts, masks }, tools);
      return;
    case "smooth":
      if (derivative.transpose !== undefined && countNodes(into) === 1) {
        derivative.transpose(cts, ins, params, into, tools, masks);
        if (masks !== unmasked) markMasked(into);
        return;
      }
      break;
    case "constant":
      return;
    case "none":
      break;
  }
  throw new DownhillError(
    "derivative",
    `transpose: ${prim.name} is not linear in its operand${source === undefined ? "" : ` (${source.describe()})`}.`,
  );
}

function markMasked(into: readonly (LinearNode | undefined)[]): void {
  for (const node of into) if (node !== undefined) node.masks = true;
}

/**
 * Applies the rule of a primitive with inner programs, without its unused results. The zero cotangents of these results
 * would otherwise pass through derivatives that may be infinite, and yield NaN.
 */
function transposeStructured(
  { params, ins, into }: LinearEquation,
  derivative: Derivative<unknown> & { kind: "structured" },
  { cts, masks }: MaskedCotangents,
  tools: TransformTools,
): void {
  const slim = cts.includes(undefined)
    ? derivative.dce(
        cts.map((ct) => ct !== undefined),
        params,
      )
    : undefined;
  if (slim === undefined || !(slim.outs.includes(false) || slim.ins.includes(false)))
    return derivative.transpose(cts, ins, params, into, tools, masks);
  derivative.transpose(
    keep(cts, slim.outs),
    keep(ins, slim.ins),
    internPrograms(slim.params, tools),
    keep(into, slim.ins),
    tools,
    masks === unmasked ? masks : keep(masks, slim.outs),
  );
}

/** Returns the parameters with interned programs, so that transposes of these programs are cached. */
function internPrograms(params: unknown, { intern }: TransformTools): unknown {
  const entries = Object.entries(params as object).map(([key, value]: [string, unknown]) => [
    key,
    isProgram(value) ? intern(value) : value,
  ]);
  return Object.fromEntries(entries);
}

/**
 * True if the primitive is linear in all operands that depend on the inputs of the tape; `operands` are those in which
 * it is linear.
 */
function isAmong(into: readonly (LinearNode | undefined)[], operands: readonly number[]): boolean {
  for (let i = 0; i < into.length; i++) if (into[i] !== undefined && !operands.includes(i)) return false;
  return true;
}

function countNodes(into: readonly (LinearNode | undefined)[]): number {
  let n = 0;
  for (let i = 0; i < into.length; i++) if (into[i] !== undefined) n++;
  return n;
}

/**
 * Reverse mode: traverses linear equations backward and applies their transposition rules. Maps cotangents of `outs` to
 * those of `ins`; `undefined` is zero. `masks` marks cotangents of `outs` that may contain masked zeros. Until the next
 * call, `isNodeMasked` reports this for the nodes of `ins`.
 */
export function backward(
  eqns: readonly LinearEquation[],
  outs: readonly (LinearNode | undefined)[],
  cts: readonly Maybe[],
  ins: readonly LinearNode[],
  tools: TransformTools,
  masks: readonly Mask[] = unmasked,
): Maybe[] {
  try {
    for (const node of ins) node.masks = false;
    for (let i = 0; i < outs.length; i++) {
      const ct = cts[i];
      if (ct !== undefined) outs[i]?.add(ct, masks[i]);
    }
    for (let k = eqns.length - 1; k >= 0; k--) {
      const eqn = eqns[k]!;
      const given = takeCotangents(eqn.outs);
      if (given === undefined) continue;
      if (eqn.source === undefined && !isDebugging()) transposeEquation(eqn, given, tools);
      else
        withSource(eqn.source, () => transposing(eqn, given.cts, () => transposeEquation(eqn, given, tools)));
    }
    return ins.map((node) => node.ct);
  } catch (error) {
    // partial sums must not enter the next pass
    for (const eqn of eqns) for (const node of eqn.outs) [node.ct, node.masks] = [undefined, false];
    throw error;
  } finally {
    for (const node of ins) node.ct = undefined;
    for (const node of outs) if (node !== undefined) node.ct = undefined;
  }
}

/** Takes the cotangents of an equation's results from their nodes; `undefined` if all are zero. */
function takeCotangents(outs: readonly LinearNode[]): MaskedCotangents | undefined {
  let [any, anyMasked] = [false, false];
  const cts = new Array<Maybe>(outs.length);
  for (let i = 0; i < outs.length; i++) {
    const { ct, masks } = outs[i]!;
    cts[i] = ct;
    any ||= ct !== undefined;
    anyMasked ||= masks !== false;
  }
  const masks = anyMasked ? outs.map(maskOf) : unmasked;
  for (const node of outs) {
    node.ct = undefined;
    node.masks = false;
  }
  if (!any) return undefined;
  return { cts, masks: masks.some((mask) => mask !== false) ? masks : unmasked };
}

/** Runs a tape forward: maps tangents of its inputs to those of its outputs. */
export function pushForward(
  eqns: readonly LinearEquation[],
  ins: readonly LinearNode[],
  tangents: readonly Tensor[],
  outs: readonly (LinearNode | undefined)[],
): Maybe[] {
  const env = new Map<LinearNode, Tensor>(ins.map((node, i) => [node, tangents[i]!]));
  for (const eqn of eqns) {
    const operands = eqn.into.map((node, i) => (node === undefined ? eqn.ins[i]! : env.get(node)));
    const results = bind(
      eqn.prim,
      operands.map((x) => {
        if (x === undefined) throw internalError(`${eqn.prim.name}: a value of the tape is missing`);
        return x;
      }),
      eqn.params,
    );
    eqn.outs.forEach((node, i) => env.set(node, results[i]!));
  }
  return outs.map((node) => node && env.get(node));
}
