// Multifrontal LU factorisation of unsymmetric matrices on the pattern of A + Aᵀ, with threshold pivoting.
import { grown } from "../matrix/combine.ts";
import { factoriseLuFront, type LuFront, type LuPivotRule } from "./lu-front.ts";
import { eliminateInSteps, type FactorProgress } from "./multifrontal.ts";
import type { SymbolicFactor } from "../analysis/symbolic.ts";

const none = -1;

/** Entries of a matrix, grouped by the step at which they are assembled. */
export interface AssemblyLists {
  /** Index of the first entry of each step, and the number of entries at the end. */
  readonly pointers: Int32Array;
  readonly entry: Int32Array;
  /** Row and column of each entry in the renumbered matrix. */
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/** LU factors, by supernodes. */
export interface LuFactors {
  /** Number of variables that are eliminated in each supernode. */
  readonly counts: Int32Array;
  /** Index in `rows` and `columns` at which each supernode begins. */
  readonly nameStart: Int32Array;
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  /** Index in `elements` at which each supernode begins. */
  readonly elementStart: Float64Array;
  /** For each eliminated variable: its pivot, the elements of U to the right of it, and the elements of L below it. */
  readonly elements: Float64Array;
  readonly delays: number;
  readonly zeroPivots: number;
}

/** Memory of a factorisation that the next one for the same analysis reuses. */
export interface LuWorkspace {
  readonly front: Float64Array;
  readonly stack: Float64Array;
  readonly rowStack: Int32Array;
  readonly columnStack: Int32Array;
}

const workspaces = /* @__PURE__ */ new WeakMap<AssemblyLists, LuWorkspace>();

interface LuContribution {
  readonly names: number;
  readonly count: number;
  readonly delayed: number;
  readonly elements: number;
}

/** Factorises a matrix in steps of whole supernodes. */
export function* factoriseLuInSteps(
  symbolic: SymbolicFactor,
  lists: AssemblyLists,
  values: Float64Array,
  rule: LuPivotRule,
): Generator<FactorProgress, LuFactors> {
  const workspace = workspaces.get(lists);
  workspaces.delete(lists); // another factorisation may begin before this one ends
  const factorisation = new MultifrontalLu(symbolic, lists, values, rule, workspace);
  yield* eliminateInSteps(symbolic.parent.length, (s) => factorisation.eliminate(s));
  workspaces.set(lists, factorisation.workspace());
  return factorisation.result();
}

class MultifrontalLu {
  readonly #symbolic: SymbolicFactor;
  readonly #lists: AssemblyLists;
  readonly #values: Float64Array;
  readonly #rule: LuPivotRule;
  readonly #counts: Int32Array;
  readonly #nameStart: Int32Array;
  #rows: Int32Array;
  #columns: Int32Array;
  readonly #elementStart: Float64Array;
  #elements: Float64Array;
  #delays = 0;
  #zeroPivots = 0;
  readonly #pending: LuContribution[] = [];
  readonly #childCount: Int32Array;
  #stack: Float64Array;
  #rowStack: Int32Array;
  #columnStack: Int32Array;
  #front: Float64Array;
  /** Position of each row of the matrix in the current front; `columnOf` for columns. */
  readonly #rowOf: Int32Array;
  readonly #columnOf: Int32Array;

  constructor(
    symbolic: SymbolicFactor,
    lists: AssemblyLists,
    values: Float64Array,
    rule: LuPivotRule,
    workspace: LuWorkspace | undefined,
  ) {
    this.#front = workspace?.front ?? new Float64Array(1024);
    this.#stack = workspace?.stack ?? new Float64Array(1024);
    this.#rowStack = workspace?.rowStack ?? new Int32Array(1024);
    this.#columnStack = workspace?.columnStack ?? new Int32Array(1024);
    const n = symbolic.order.length;
    const supernodes = symbolic.parent.length;
    this.#symbolic = symbolic;
    this.#lists = lists;
    this.#values = values;
    this.#rule = rule;
    this.#counts = new Int32Array(supernodes);
    this.#nameStart = new Int32Array(supernodes + 1);
    this.#rows = new Int32Array(n + symbolic.rows.length);
    this.#columns = new Int32Array(n + symbolic.rows.length);
    this.#elementStart = new Float64Array(supernodes + 1);
    this.#elements = new Float64Array(2 * symbolic.storedEntries);
    this.#rowOf = new Int32Array(n);
    this.#columnOf = new Int32Array(n);
    this.#childCount = new Int32Array(supernodes);
    for (const p of symbolic.parent) if (p !== none) this.#childCount[p]!++;
  }

  /** Assembles and factorises the front of a supernode. Returns an estimate of the number of operations. */
  eliminate(s: number): number {
    const { first, rowStart, parent } = this.#symbolic;
    const children = this.#pending.splice(this.#pending.length - this.#childCount[s]!);
    let delayed = 0;
    for (const child of children) delayed += child.delayed;
    const [from, end] = [first[s]!, first[s + 1]!];
    const summed = delayed + end - from;
    const size = summed + rowStart[s + 1]! - rowStart[s]!;
    const rows = this.#namesOf(s, size, children, this.#rowStack);
    const columns = this.#namesOf(s, size, children, this.#columnStack);
    if (this.#front.length < size * size) this.#front = new Float64Array(Math.ceil(1.5 * size * size));
    else this.#front.fill(0, 0, size * size);
    for (let i = 0; i < size; i++) {
      this.#rowOf[rows[i]!] = i;
      this.#columnOf[columns[i]!] = i;
    }
    this.#assembleEntries(from, end, size);
    for (const child of children) this.#assembleChild(child, size);
    const front: LuFront = { elements: this.#front, size, summed, rows, columns };
    const count = factoriseLuFront(front, this.#rule, parent[s] === none);
    this.#store(s, front, count);
    if (parent[s] !== none) this.#push(front, count, children[0]);
    this.#delays += summed - count;
    return 2 * size * size * (1 + count);
  }

  /**
   * Numbers of the rows (or columns) of a front: first the delayed ones of its children, then its own, then the rows
   * below.
   */
  #namesOf(s: number, size: number, children: readonly LuContribution[], stack: Int32Array): Int32Array {
    const { first, rowStart, rows } = this.#symbolic;
    const names = new Int32Array(size);
    let k = 0;
    for (const child of children)
      for (let i = 0; i < child.delayed; i++) names[k++] = stack[child.names + i]!;
    for (let j = first[s]!; j < first[s + 1]!; j++) names[k++] = j;
    names.set(rows.subarray(rowStart[s], rowStart[s + 1]), k);
    return names;
  }

  #assembleEntries(from: number, end: number, size: number): void {
    const { pointers, entry, rows, columns } = this.#lists;
    const [front, rowOf, columnOf, values] = [this.#front, this.#rowOf, this.#columnOf, this.#values];
    for (let t = pointers[from]!; t < pointers[end]!; t++)
      front[columnOf[columns[t]!]! * size + rowOf[rows[t]!]!]! += values[entry[t]!]!;
  }

  #assembleChild({ names, count, elements }: LuContribution, size: number): void {
    const [front, stack] = [this.#front, this.#stack];
    const [rowNames, columnNames] = [this.#rowStack, this.#columnStack];
    const [rowOf, columnOf] = [this.#rowOf, this.#columnOf];
    for (let i = 0; i < count; i++) rowNames[names + i] = rowOf[rowNames[names + i]!]!;
    for (let j = 0, q = elements; j < count; j++) {
      const column = columnOf[columnNames[names + j]!]! * size;
      for (let i = 0; i < count; i++) front[column + rowNames[names + i]!]! += stack[q++]!;
    }
  }

  /** Stores the eliminated rows and columns of a front in the factors of supernode s. `count` is their number. */
  #store(s: number, { elements, size, rows, columns }: LuFront, count: number): void {
    const needed = 2 * count * size - count * count;
    let q = this.#elementStart[s]!;
    if (q + needed > this.#elements.length)
      this.#elements = grown(this.#elements, Math.ceil(1.3 * (q + needed)));
    const out = this.#elements;
    for (let p = 0; p < count; p++) {
      const pivot = elements[p * size + p]!;
      if (pivot === 0) this.#zeroPivots++;
      for (let j = p; j < size; j++) out[q++] = elements[j * size + p]!;
      out.set(elements.subarray(p * size + p + 1, (p + 1) * size), q);
      q += size - p - 1;
    }
    this.#elementStart[s + 1] = q;
    this.#counts[s] = count;
    const at = this.#nameStart[s]!;
    const length = count === 0 ? 0 : size;
    if (at + length > this.#rows.length) {
      this.#rows = grown(this.#rows, Math.ceil(1.3 * (at + length)));
      this.#columns = grown(this.#columns, this.#rows.length);
    }
    if (count > 0) {
      this.#rows.set(rows, at);
      this.#columns.set(columns, at);
    }
    this.#nameStart[s + 1] = at + length;
  }

  /** Puts the Schur complement of a front onto the stack. It overwrites the blocks of the children. */
  #push(
    { elements, size, summed, rows, columns }: LuFront,
    done: number,
    bottom: LuContribution | undefined,
  ): void {
    const last = this.#pending.at(-1);
    const at = bottom?.elements ?? (last === undefined ? 0 : last.elements + last.count ** 2);
    const names = bottom?.names ?? (last === undefined ? 0 : last.names + last.count);
    const count = size - done;
    if (at + count * count > this.#stack.length) this.#stack = grown(this.#stack, 2 * (at + count * count));
    if (names + count > this.#rowStack.length) {
      this.#rowStack = grown(this.#rowStack, 2 * (names + count));
      this.#columnStack = grown(this.#columnStack, this.#rowStack.length);
    }
    this.#rowStack.set(rows.subarray(done), names);
    this.#columnStack.set(columns.subarray(done), names);
    for (let j = done, q = at; j < size; j++, q += count)
      this.#stack.set(elements.subarray(j * size + done, (j + 1) * size), q);
    this.#pending.push({ names, count, delayed: summed - done, elements: at });
  }

  workspace(): LuWorkspace {
    return {
      front: this.#front,
      stack: this.#stack,
      rowStack: this.#rowStack,
      columnStack: this.#columnStack,
    };
  }

  result(): LuFactors {
    return {
      counts: this.#counts,
      nameStart: this.#nameStart,
      rows: this.#rows,
      columns: this.#columns,
      elementStart: this.#elementStart,
      elements: this.#elements,
      delays: this.#delays,
      zeroPivots: this.#zeroPivots,
    };
  }
}

/**
 * Solves L U x = b. b is in the order of the renumbered rows and is overwritten; x is in that of the renumbered
 * columns.
 */
export function solveLu(factors: LuFactors, b: Float64Array): Float64Array {
  const { counts, nameStart, rows, columns, elementStart, elements } = factors;
  const x = new Float64Array(b.length);
  for (let s = 0; s < counts.length; s++) {
    const [from, end] = [nameStart[s]!, nameStart[s + 1]!];
    for (let k = 0, q = elementStart[s]!; k < counts[s]!; k++) {
      const p = from + k;
      const value = b[rows[p]!]!;
      q += end - p; // the pivot and the row of U
      for (let i = p + 1; i < end; i++) b[rows[i]!]! -= elements[q++]! * value;
    }
  }
  for (let s = counts.length - 1; s >= 0; s--) {
    const [from, end] = [nameStart[s]!, nameStart[s + 1]!];
    let q = elementStart[s + 1]!;
    for (let p = from + counts[s]! - 1; p >= from; p--) {
      q -= 2 * (end - p) - 1;
      let value = b[rows[p]!]!;
      for (let j = p + 1; j < end; j++) value -= elements[q + j - p]! * x[columns[j]!]!;
      x[columns[p]!] = value / elements[q]!;
    }
  }
  return x;
}

/**
 * Solves (L U)ᵀ x = b. b is in the order of the renumbered columns and is overwritten; x is in that of the renumbered
 * rows.
 */
export function solveLuTransposed(factors: LuFactors, b: Float64Array): Float64Array {
  const { counts, nameStart, rows, columns, elementStart, elements } = factors;
  const x = new Float64Array(b.length);
  for (let s = 0; s < counts.length; s++) {
    const [from, end] = [nameStart[s]!, nameStart[s + 1]!];
    for (let k = 0, q = elementStart[s]!; k < counts[s]!; k++) {
      const p = from + k;
      const value = b[columns[p]!]! / elements[q++]!;
      b[columns[p]!] = value;
      for (let j = p + 1; j < end; j++) b[columns[j]!]! -= elements[q++]! * value;
      q += end - p - 1;
    }
  }
  for (let s = counts.length - 1; s >= 0; s--) {
    const [from, end] = [nameStart[s]!, nameStart[s + 1]!];
    let q = elementStart[s + 1]!;
    for (let p = from + counts[s]! - 1; p >= from; p--) {
      q -= end - p - 1;
      let value = b[columns[p]!]!;
      for (let i = p + 1; i < end; i++) value -= elements[q + i - p - 1]! * x[rows[i]!]!;
      x[rows[p]!] = value;
      q -= end - p;
    }
  }
  return x;
}
