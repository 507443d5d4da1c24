// Multifrontal LDLᵀ factorisation of symmetric, possibly indefinite matrices (Duff and Reid 1983).
import { factoriseFront, type Front, type PivotRule, type Pivots } from "./front.ts";
import { panelColumns } from "./front-update.ts";
import { grown } from "./combine.ts";
import type { SymmetricAnalysis } from "./symbolic.ts";

const none = -1;

/** Factors of P A Pᵀ = L D Lᵀ in supernodes of eliminated variables. */
export interface LdlFactors extends Pivots {
  readonly symbolic: SymmetricAnalysis;
  /** First step of elimination of each supernode, and n at the end. */
  readonly firstStep: Int32Array;
  /** Start of the variables of each supernode in `variables`: those eliminated there, then its rows. */
  readonly variableStart: Int32Array;
  /** Renumbered rows. */
  readonly variables: Int32Array;
  /** Start of the columns of each supernode in `elements`. */
  readonly elementStart: Float64Array;
  /** Columns of L from the diagonal down: column p of a supernode of m rows has m − p elements, the first one unused. */
  readonly elements: Float64Array;
  /** Number of times that the elimination of a variable was delayed to the parent of its supernode. */
  readonly delays: number;
}

/** Progress of a factorisation: finished supernodes, and floating-point operations since the last report. */
export interface FactorProgress {
  readonly supernode: number;
  readonly supernodes: number;
}

/** ContributionBlock block of a supernode: its Schur complement, lower triangle by columns. */
interface ContributionBlock {
  /** Start of its variables in the stack of variables, and their number. */
  readonly variables: number;
  readonly count: number;
  /** Number of leading variables whose elimination is delayed to the parent. */
  readonly delayed: number;
  readonly elements: number;
}

/** Operations between two reports of progress. */
const operationsPerReport = 5e6;

/**
 * Factorises a matrix given by the values of its lower triangle. Yields between supernodes, so that a caller can let
 * other work run or stop.
 */
export function* factoriseInSteps(
  symbolic: SymmetricAnalysis,
  values: Float64Array,
  rule: PivotRule,
): Generator<FactorProgress, LdlFactors> {
  const factorisation = new Multifrontal(symbolic, values, rule);
  const supernodes = symbolic.parent.length;
  let operations = 0;
  for (let s = 0; s < supernodes; s++) {
    operations += factorisation.eliminate(s);
    if (operations < operationsPerReport) continue;
    operations = 0;
    yield { supernode: s + 1, supernodes };
  }
  return factorisation.result();
}

class Multifrontal {
  readonly #symbolic: SymmetricAnalysis;
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
  /** ContributionBlock blocks that their parents have not read yet. */
  readonly #pending: ContributionBlock[] = [];
  readonly #childCount: Int32Array;
  #stack = new Float64Array(1024);
  #variableStack = new Int32Array(1024);
  /** Memory of the current front. */
  #front = new Float64Array(1024);
  #scaled = new Float64Array(1024 * (panelColumns + 1));
  #names = new Int32Array(1024);
  /** Row of each variable in the current front. */
  readonly #rowOf: Int32Array;

  constructor(symbolic: SymmetricAnalysis, values: Float64Array, rule: PivotRule) {
    const n = symbolic.order.length;
    const supernodes = symbolic.parent.length;
    this.#symbolic = symbolic;
    this.#values = values;
    this.#rule = rule;
    this.#firstStep = new Int32Array(supernodes + 1);
    this.#variableStart = new Int32Array(supernodes + 1);
    this.#variables = new Int32Array(n + symbolic.rows.length);
    this.#elementStart = new Float64Array(supernodes + 1);
    this.#elements = new Float64Array(symbolic.storedEntries);
    this.#diagonal = new Float64Array(n);
    this.#below = new Float64Array(n);
    this.#rowOf = new Int32Array(n);
    this.#childCount = new Int32Array(supernodes);
    for (const p of symbolic.parent) if (p !== none) this.#childCount[p]!++;
  }

  /** Assembles and factorises the front of a supernode. Returns an estimate of its operations. */
  eliminate(s: number): number {
    const { first, rowStart, rows, parent } = this.#symbolic;
    const children = this.#pending.splice(this.#pending.length - this.#childCount[s]!);
    let delayed = 0;
    for (const child of children) delayed += child.delayed;
    const [from, end] = [first[s]!, first[s + 1]!];
    const summed = delayed + end - from;
    const size = summed + rowStart[s + 1]! - rowStart[s]!;
    this.#reserve(size);
    const variables = this.#names;
    let k = 0;
    for (const child of children)
      for (let i = 0; i < child.delayed; i++) variables[k++] = this.#variableStack[child.variables + i]!;
    for (let j = from; j < end; j++) variables[k++] = j;
    for (let p = rowStart[s]!; k < size; p++) variables[k++] = rows[p]!;
    for (let i = 0; i < size; i++) this.#rowOf[variables[i]!] = i;
    this.#assembleColumns(from, end, size);
    for (const child of children) this.#assembleChild(child, size);
    const front: Front = { elements: this.#front, size, summed, variables, scaled: this.#scaled };
    const pivots = { diagonal: this.#diagonal, below: this.#below };
    const count = factoriseFront(front, this.#rule, pivots, this.#step, parent[s] === none);
    this.#store(s, front, count);
    const bottom = children[0];
    if (parent[s] !== none) this.#push(front, count, bottom?.elements, bottom?.variables);
    this.#delays += summed - count;
    return size * size * (1 + count);
  }

  /** Clears memory for a front of this size. */
  #reserve(size: number): void {
    if (this.#front.length < size * size) this.#front = new Float64Array(Math.ceil(1.5 * size * size));
    else this.#front.fill(0, 0, size * size);
    if (this.#names.length >= size) return;
    this.#names = new Int32Array(2 * size);
    this.#scaled = new Float64Array(2 * size * (panelColumns + 1));
  }

  /** Adds the entries of the matrix in the columns of a supernode. */
  #assembleColumns(from: number, end: number, size: number): void {
    const { pointers, rows } = this.#symbolic.lower;
    const [front, rowOf, values] = [this.#front, this.#rowOf, this.#values];
    for (let j = from; j < end; j++) {
      const column = rowOf[j]! * size;
      for (let t = pointers[j]!; t < pointers[j + 1]!; t++) front[column + rowOf[rows[t]!]!]! += values[t]!;
    }
  }

  /** Adds the contribution block of a child. Its variables are in ascending rows of the front. */
  #assembleChild({ variables, count, elements }: ContributionBlock, size: number): void {
    const [front, stack, rowOf, names] = [this.#front, this.#stack, this.#rowOf, this.#variableStack];
    for (let i = 0; i < count; i++) names[variables + i] = rowOf[names[variables + i]!]!;
    for (let j = 0, q = elements; j < count; j++) {
      const column = names[variables + j]! * size;
      for (let i = j; i < count; i++) front[column + names[variables + i]!]! += stack[q++]!;
    }
  }

  /** Stores the eliminated columns of a front. */
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

  /** Puts the Schur complement of a front onto the stack, in place of the blocks of its children. */
  #push(
    { elements, size, summed, variables }: Front,
    done: number,
    elementStart: number | undefined,
    variableStart: number | undefined,
  ): void {
    const last = this.#pending.at(-1);
    const at = elementStart ?? (last === undefined ? 0 : last.elements + (last.count * (last.count + 1)) / 2);
    const names = variableStart ?? (last === undefined ? 0 : last.variables + last.count);
    const count = size - done;
    const needed = at + (count * (count + 1)) / 2;
    if (needed > this.#stack.length) this.#stack = grown(this.#stack, 2 * needed);
    if (names + count > this.#variableStack.length)
      this.#variableStack = grown(this.#variableStack, 2 * (names + count));
    for (let i = 0; i < count; i++) this.#variableStack[names + i] = variables[done + i]!;
    const stack = this.#stack;
    for (let j = done, q = at; j < size; j++)
      for (let i = j, t = j * size + j; i < size; i++) stack[q++] = elements[t++]!;
    this.#pending.push({ variables: names, count, delayed: summed - done, elements: at });
  }

  result(): LdlFactors {
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

/** Overwrites x by D⁻¹ x; 0 where a pivot is 0. */
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

/** Inertia of D, which is that of the matrix (Sylvester). */
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
