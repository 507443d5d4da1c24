// Multifrontal LDLᵀ factorisation of symmetric, possibly indefinite matrices (Duff and Reid 1983).
import { factoriseFront, type Front, type PivotRule, type Pivots } from "./front.ts";
import { frontMemory, panelColumns, releaseFrontMemory } from "./front-kernel.ts";
import { subtractProducts } from "./front-update.ts";
import { eliminateInOrder } from "./ordered-pivots.ts";
import { grown } from "../matrix/combine.ts";
import type { TriangleAnalysis } from "../analysis/symbolic.ts";

const none = -1;

/** Factors of P A Pᵀ = L D Lᵀ, by supernodes. */
export interface LdlFactors extends Pivots {
  readonly symbolic: TriangleAnalysis;
  /** First step of elimination of each supernode, and n at the end. */
  readonly firstStep: Int32Array;
  /**
   * Index in `variables` at which each supernode begins: first the variables that it eliminates, then its rows below.
   */
  readonly variableStart: Int32Array;
  /** Renumbered rows of the matrix. */
  readonly variables: Int32Array;
  /** Index in `elements` at which each supernode begins. */
  readonly elementStart: Float64Array;
  /**
   * Columns of L from the diagonal down. Column p of a supernode with m rows has m − p elements; the first one is
   * unused.
   */
  readonly elements: Float64Array;
  /** Number of times that the elimination of a variable was delayed to the parent supernode. */
  readonly delays: number;
}

/** Progress of a factorisation: the number of finished supernodes, and that of all supernodes. */
export interface FactorProgress {
  readonly supernode: number;
  readonly supernodes: number;
}

/** Schur complement of a front that delays variables to its parent. Its lower triangle is stored by columns. */
interface ContributionBlock {
  readonly variables: Int32Array;
  /** Number of leading variables whose elimination is delayed. */
  readonly delayed: number;
  readonly elements: Float64Array;
}

/** Largest number of columns of a supernode without children whose products go directly to its parent. */
const mostLeafColumns = 8;

/**
 * Index of the size class of a block of memory with `length` elements, for reuse. There are two classes per power of 2;
 * see `capacityOf`.
 */
function sizeClass(length: number): number {
  return Math.ceil(2 * Math.log2(Math.max(length, 256)));
}

function capacityOf(size: number): number {
  return Math.floor(2 ** (size / 2));
}

/** Smallest front, in variables, that is copied to the memory of compiled code. */
const fewestInMemory = 48;

/** Copies the lower triangle of a front. */
function copyLower(source: Float64Array, size: number, out: Float64Array): void {
  for (let j = 0; j < size; j++)
    for (let t = j * size + j, end = (j + 1) * size; t < end; t++) out[t] = source[t]!;
}

/** Number of floating-point operations between two reports of progress. */
const operationsPerReport = 5e6;

/**
 * Eliminates all supernodes in order, and yields reports of progress. `eliminate` returns an estimate of its number of
 * operations.
 */
export function* eliminateInSteps(
  supernodes: number,
  eliminate: (s: number) => number,
): Generator<FactorProgress, void> {
  let operations = 0;
  for (let s = 0; s < supernodes; s++) {
    operations += eliminate(s);
    if (operations < operationsPerReport) continue;
    operations = 0;
    yield { supernode: s + 1, supernodes };
  }
}

/**
 * Factorises the matrix with these values of the lower triangle. Between supernodes, the caller can run other tasks or
 * stop. `elements` is memory for the elements of L, for reuse.
 */
export function* factoriseInSteps(
  symbolic: TriangleAnalysis,
  values: Float64Array,
  rule: PivotRule,
  elements?: Float64Array,
): Generator<FactorProgress, LdlFactors> {
  const factorisation = new Multifrontal(symbolic, values, rule, elements);
  yield* eliminateInSteps(symbolic.parent.length, (s) => factorisation.eliminate(s));
  return factorisation.result();
}

class Multifrontal {
  readonly #symbolic: TriangleAnalysis;
  readonly #values: Float64Array;
  readonly #rule: PivotRule;
  readonly #firstStep: Int32Array;
  readonly #variableStart: Int32Array;
  #variables: Int32Array;
  readonly #elementStart: Float64Array;
  #elements: Float64Array;
  readonly #diagonal: Float64Array;
  readonly #below: Float64Array;
  #delays = 0;
  #step = 0;
  /**
   * For each supernode, the sum of the Schur complements of its children that delay no variable; `undefined` if there
   * is none so far or the front has been assembled.
   */
  readonly #open: (Float64Array | undefined)[];
  /** For each supernode, the Schur complements of its children that delay variables. */
  readonly #delaying = new Map<number, ContributionBlock[]>();
  /** Arrays of finished fronts, for reuse, by class of size. */
  readonly #free: Float64Array[][] = [];
  #scaled = new Float64Array(1024 * (panelColumns + 1));
  #names = new Int32Array(1024);
  /** Row of each variable in the current front. */
  readonly #rowOf: Int32Array;

  constructor(
    symbolic: TriangleAnalysis,
    values: Float64Array,
    rule: PivotRule,
    elements: Float64Array = new Float64Array(symbolic.storedEntries),
  ) {
    const n = symbolic.order.length;
    const supernodes = symbolic.parent.length;
    this.#symbolic = symbolic;
    this.#values = values;
    this.#rule = rule;
    this.#firstStep = new Int32Array(supernodes + 1);
    this.#variableStart = new Int32Array(supernodes + 1);
    this.#variables = new Int32Array(n + symbolic.rows.length);
    this.#elementStart = new Float64Array(supernodes + 1);
    this.#elements = elements;
    this.#diagonal = new Float64Array(n);
    this.#below = new Float64Array(n);
    this.#rowOf = new Int32Array(n);
    this.#open = new Array<Float64Array | undefined>(supernodes).fill(undefined);
  }

  /** Assembles and factorises the front of a supernode. Returns an estimate of the number of operations. */
  eliminate(s: number): number {
    const { first, parent } = this.#symbolic;
    const children = this.#delaying.get(s);
    const width = first[s + 1]! - first[s]!;
    const own = this.#sizeOf(s);
    if (
      children === undefined &&
      this.#open[s] === undefined &&
      width <= mostLeafColumns &&
      parent[s] !== none
    )
      if (this.#eliminateLeaf(s, own, width)) return own * own * (1 + width);
    let delayed = 0;
    if (children !== undefined) for (const child of children) delayed += child.delayed;
    const size = own + delayed;
    const elements = this.#frontOf(s, own, delayed);
    const variables = this.#namesOf(s, size, children);
    if (children === undefined) this.#assemble(s, elements);
    else {
      this.#delaying.delete(s);
      for (let i = 0; i < size; i++) this.#rowOf[variables[i]!] = i;
      this.#assembleColumns(first[s]!, first[s + 1]!, size, elements);
      for (const child of children) this.#assembleChild(child, size, elements);
    }
    const summed = delayed + width;
    const memory = size < fewestInMemory ? undefined : frontMemory(size);
    if (memory !== undefined) copyLower(elements, size, memory.elements);
    const front: Front = { elements, size, summed, variables, scaled: this.#scaled, ...memory };
    const pivots = { diagonal: this.#diagonal, below: this.#below };
    const count = factoriseFront(front, this.#rule, pivots, this.#step, parent[s] === none);
    this.#store(s, front, count);
    if (count < summed) this.#delay(parent[s]!, front, count);
    else if (parent[s] !== none) this.#addToParent(s, front);
    this.#release(elements);
    this.#delays += summed - count;
    return size * size * (1 + count);
  }

  /**
   * Eliminates the variables of a supernode without children, and subtracts their products from the front of the parent. Its
   * own Schur complement is not stored. False if a pivot is not acceptable, without any effect.
   */
  #eliminateLeaf(s: number, size: number, width: number): boolean {
    const elements = this.#take(size * width);
    elements.fill(0, 0, size * width);
    const variables = this.#namesOf(s, size, undefined);
    this.#assemble(s, elements);
    const front: Front = { elements, size, summed: width, variables, scaled: this.#scaled };
    const pivots = { diagonal: this.#diagonal, below: this.#below };
    const isDone = eliminateInOrder(front, this.#rule, pivots, this.#step, width) === width;
    if (isDone) {
      this.#store(s, front, width);
      const { parent, rowStart, positions } = this.#symbolic;
      const p = parent[s]!;
      const target = {
        elements: this.#sumsOf(p),
        size: this.#sizeOf(p),
        rows: positions.parentRow,
        from: rowStart[s]!,
      };
      for (let k = 0; k < width; k += 4) subtractProducts(front, k, Math.min(width, k + 4), target);
    }
    this.#release(elements);
    return isDone;
  }

  /** Number of variables of the front of supernode s, without delayed ones. */
  #sizeOf(s: number): number {
    const { first, rowStart } = this.#symbolic;
    return first[s + 1]! - first[s]! + rowStart[s + 1]! - rowStart[s]!;
  }

  /** Returns an array of at least `length` numbers of any value. */
  #take(length: number): Float64Array {
    const size = sizeClass(length);
    return this.#free[size]?.pop() ?? new Float64Array(capacityOf(size));
  }

  #release(memory: Float64Array): void {
    (this.#free[sizeClass(memory.length)] ??= []).push(memory);
  }

  /** Returns an array for a front, whose lower triangle is 0. */
  #takeFront(size: number): Float64Array {
    const elements = this.#take(size * size);
    for (let j = 0; j < size; j++) elements.fill(0, j * size + j, (j + 1) * size);
    return elements;
  }

  /** Sums of the blocks of the children of a supernode so far. */
  #sumsOf(s: number): Float64Array {
    return (this.#open[s] ??= this.#takeFront(this.#sizeOf(s)));
  }

  /**
   * Array for a front with `own` variables after the delayed ones. It contains the sum of the Schur complements of
   * children that delay no variable.
   */
  #frontOf(s: number, own: number, delayed: number): Float64Array {
    const sums = this.#open[s];
    this.#open[s] = undefined;
    const size = own + delayed;
    if (sums !== undefined && delayed === 0) return sums;
    const elements = this.#takeFront(size);
    if (sums === undefined) return elements;
    for (let j = 0; j < own; j++)
      for (let i = j, t = (j + delayed) * size + delayed; i < own; i++) elements[t + i] = sums[j * own + i]!;
    this.#release(sums);
    return elements;
  }

  /** Variables of a front: first the delayed ones of its children, then its own, then the rows below. */
  #namesOf(s: number, size: number, children: readonly ContributionBlock[] | undefined): Int32Array {
    const { first, rowStart, rows } = this.#symbolic;
    if (this.#names.length < size) {
      this.#names = new Int32Array(2 * size);
      this.#scaled = new Float64Array(2 * size * (panelColumns + 1));
    }
    const names = this.#names;
    let k = 0;
    if (children !== undefined)
      for (const child of children) for (let i = 0; i < child.delayed; i++) names[k++] = child.variables[i]!;
    for (let j = first[s]!; j < first[s + 1]!; j++) names[k++] = j;
    for (let p = rowStart[s]!; k < size; p++) names[k++] = rows[p]!;
    return names;
  }

  /** Adds the entries of the matrix in the columns of a supernode to a front without delayed variables. */
  #assemble(s: number, front: Float64Array): void {
    const { first, lower, positions } = this.#symbolic;
    const { elementOf } = positions;
    const values = this.#values;
    const end = lower.pointers[first[s + 1]!]!;
    for (let t = lower.pointers[first[s]!]!; t < end; t++) front[elementOf[t]!]! += values[t]!;
  }

  /** Adds the entries of the matrix in the columns of a supernode to a front with delayed variables. */
  #assembleColumns(from: number, end: number, size: number, front: Float64Array): void {
    const { pointers, rows } = this.#symbolic.lower;
    const [rowOf, values] = [this.#rowOf, this.#values];
    for (let j = from; j < end; j++) {
      const column = rowOf[j]! * size;
      for (let t = pointers[j]!; t < pointers[j + 1]!; t++) front[column + rowOf[rows[t]!]!]! += values[t]!;
    }
  }

  /**
   * Adds the Schur complement of a child that delays variables to the front. The order of its variables agrees with
   * that of the front.
   */
  #assembleChild({ variables, elements }: ContributionBlock, size: number, front: Float64Array): void {
    const rows = variables.map((variable) => this.#rowOf[variable]!);
    for (let j = 0, q = 0; j < rows.length; j++) {
      const column = rows[j]! * size;
      for (let i = j; i < rows.length; i++) front[column + rows[i]!]! += elements[q++]!;
    }
  }

  /** Stores the eliminated columns of a front in the factors of supernode s. `count` is their number. */
  #store(s: number, { elements, size, variables }: Front, count: number): void {
    const needed = count * size - (count * (count - 1)) / 2;
    let q = this.#elementStart[s]!;
    if (q + needed > this.#elements.length)
      this.#elements = grown(this.#elements, Math.ceil(1.3 * (q + needed)));
    const out = this.#elements;
    for (let p = 0; p < count; p++)
      for (let i = p, t = p * size + p; i < size; i++) out[q++] = elements[t++]!;
    this.#elementStart[s + 1] = q;
    const at = this.#variableStart[s]!;
    const length = count === 0 ? 0 : size;
    if (at + length > this.#variables.length)
      this.#variables = grown(this.#variables, Math.ceil(1.3 * (at + length)));
    for (let i = 0; i < length; i++) this.#variables[at + i] = variables[i]!;
    this.#variableStart[s + 1] = at + length;
    this.#step += count;
    this.#firstStep[s + 1] = this.#step;
  }

  /** Keeps the Schur complement of a front that delays variables until its parent is assembled. */
  #delay(parent: number, { elements, size, summed, variables }: Front, done: number): void {
    const count = size - done;
    const block = new Float64Array((count * (count + 1)) / 2);
    for (let j = done, q = 0; j < size; j++)
      for (let i = j, t = j * size + j; i < size; i++) block[q++] = elements[t++]!;
    const child = { variables: variables.slice(done, size), delayed: summed - done, elements: block };
    const siblings = this.#delaying.get(parent);
    if (siblings === undefined) this.#delaying.set(parent, [child]);
    else siblings.push(child);
  }

  /**
   * Adds the Schur complement of a front to the sum for its parent. Many children, such as the points of a bundle
   * adjustment, thus need no memory at the same time.
   */
  #addToParent(s: number, { elements, size, summed }: Front): void {
    if (summed === size) return;
    const { parent, rowStart, positions } = this.#symbolic;
    const { parentRow } = positions;
    const own = this.#sizeOf(parent[s]!);
    const sums = this.#sumsOf(parent[s]!);
    const offset = rowStart[s]! - summed;
    for (let j = summed; j < size; j++) {
      const column = parentRow[offset + j]! * own;
      for (let i = j, t = j * size + j; i < size; i++)
        sums[column + parentRow[offset + i]!]! += elements[t++]!;
    }
  }

  result(): LdlFactors {
    releaseFrontMemory();
    return {
      symbolic: this.#symbolic,
      firstStep: this.#firstStep,
      variableStart: this.#variableStart,
      variables: this.#variables,
      elementStart: this.#elementStart,
      elements: this.#elements,
      diagonal: this.#diagonal,
      below: this.#below,
      delays: this.#delays,
    };
  }
}

/** Overwrites x, in renumbered rows, by the solution of L D Lᵀ x = b. Components of zero pivots become 0. */
export function solveFactored(factors: LdlFactors, x: Float64Array): void {
  const { firstStep, variableStart, variables, diagonal, below } = factors;
  const supernodes = firstStep.length - 1;
  const steps = new Float64Array(diagonal.length);
  for (let s = 0; s < supernodes; s++) forward(factors, s, x);
  for (let s = 0; s < supernodes; s++)
    for (let p = firstStep[s]!, i = variableStart[s]!; p < firstStep[s + 1]!; p++, i++)
      steps[p] = x[variables[i]!]!;
  divideByPivots(diagonal, below, steps);
  for (let s = 0; s < supernodes; s++)
    for (let p = firstStep[s]!, i = variableStart[s]!; p < firstStep[s + 1]!; p++, i++)
      x[variables[i]!] = steps[p]!;
  for (let s = supernodes - 1; s >= 0; s--) backward(factors, s, x);
}

function forward(
  { firstStep, variableStart, variables, elementStart, elements }: LdlFactors,
  s: number,
  x: Float64Array,
): void {
  const [from, end] = [variableStart[s]!, variableStart[s + 1]!];
  let q = elementStart[s]!;
  for (let p = from, count = firstStep[s + 1]! - firstStep[s]!; p < from + count; p++) {
    const value = x[variables[p]!]!;
    q++;
    if (value === 0) q += end - p - 1;
    else for (let i = p + 1; i < end; i++) x[variables[i]!]! -= elements[q++]! * value;
  }
}

function backward(
  { firstStep, variableStart, variables, elementStart, elements }: LdlFactors,
  s: number,
  x: Float64Array,
): void {
  const [from, end] = [variableStart[s]!, variableStart[s + 1]!];
  let q = elementStart[s + 1]!;
  for (let p = from + firstStep[s + 1]! - firstStep[s]! - 1; p >= from; p--) {
    q -= end - p;
    let value = x[variables[p]!]!;
    for (let i = p + 1, r = q + 1; i < end; i++) value -= elements[r++]! * x[variables[i]!]!;
    x[variables[p]!] = value;
  }
}

/** Overwrites x with D⁻¹ x; components with zero pivots become 0. */
function divideByPivots(diagonal: Float64Array, below: Float64Array, x: Float64Array): void {
  for (let p = 0; p < x.length; p++) {
    const [d, b] = [diagonal[p]!, below[p]!];
    if (b === 0) x[p] = d === 0 ? 0 : x[p]! / d;
    else {
      const [s, t] = [d / b, diagonal[p + 1]! / b];
      const scale = 1 / (b * (s * t - 1));
      const [u, v] = [x[p]!, x[p + 1]!];
      x[p] = scale * (t * u - v);
      x[p + 1] = scale * (s * v - u);
      p++;
    }
  }
}

/** Numbers of positive, negative and zero eigenvalues. */
export interface Inertia {
  readonly positive: number;
  readonly negative: number;
  readonly zero: number;
}

/** Inertia of D, which equals that of the matrix (Sylvester's law). */
export function inertiaOf({ diagonal, below }: Pivots): Inertia {
  let [positive, negative, zero] = [0, 0, 0];
  for (let p = 0; p < diagonal.length; p++) {
    const [d, b] = [diagonal[p]!, below[p]!];
    if (b === 0) {
      if (d > 0) positive++;
      else if (d < 0) negative++;
      else zero++;
      continue;
    }
    const isIndefinite = (d / b) * (diagonal[p + 1]! / b) < 1;
    if (isIndefinite) {
      positive++;
      negative++;
    } else if (d > 0) positive += 2;
    else negative += 2;
    p++;
  }
  return { positive, negative, zero };
}
