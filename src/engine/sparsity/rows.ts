import type { DownhillError } from "../errors/index.ts";
import { internalError } from "../errors/index.ts";

/** Positions of the entries of a sparse matrix, in compressed rows. */
export interface SparsityPattern {
  readonly rows: number;
  readonly columns: number;
  /** Row i has the entries with indices from `rowPointers[i]` to `rowPointers[i + 1] − 1`. Length rows + 1. */
  readonly rowPointers: Int32Array;
  /** Column of each entry, ascending within a row. */
  readonly columnIndices: Int32Array;
}

/** Rows of at most this length are sorted by insertion. */
const shortRow = 24;

/** Maximum number of entries of a pattern, and the error for a row at which it is exceeded. */
export interface EntryLimit {
  readonly most: number;
  refuse(row: number, entries: number): DownhillError;
}

/** Converts sets of columns, one per row, to a sparsity pattern. Sets are numbers, as described in `unions.ts`. */
export function rowsOf(
  sets: readonly (number | Int32Array)[],
  pool: Int32Array,
  columns: number,
  limit: EntryLimit,
): SparsityPattern {
  const rows = sets.reduce((sum: number, set) => sum + (typeof set === "number" ? 1 : set.length), 0);
  const rowPointers = new Int32Array(rows + 1);
  const reader = new SetReader(pool, columns, rows);
  let row = 0;
  const add = (set: number): void => {
    reader.append(set);
    if (reader.length > limit.most) throw limit.refuse(row, reader.length - rowPointers[row]!);
    rowPointers[++row] = reader.length;
  };
  for (const set of sets) {
    if (typeof set === "number") add(set);
    else for (let i = 0; i < set.length; i++) add(set[i]!);
  }
  return { rows, columns, rowPointers, columnIndices: reader.entries() };
}

/** Appends the columns of sets to one list. */
class SetReader {
  readonly #pool: Int32Array;
  readonly #columns: number;
  #list: Int32Array;
  length = 0;
  /** For each column, the stamp of the last set in which it occurred. */
  readonly #seen: Int32Array;
  /**
   * For each node of the pool, the stamp of the last set in which it occurred. Created for the first node inside
   * another one.
   */
  #visited: Int32Array | undefined;
  #stamp = 0;
  #stack: Int32Array = new Int32Array(64);
  /** The set appended last, and the index at which its columns begin. Consecutive rows often have the same set. */
  #last = 0;
  #lastStart = 0;

  constructor(pool: Int32Array, columns: number, rows: number) {
    this.#pool = pool;
    this.#columns = columns;
    this.#seen = new Int32Array(columns);
    this.#list = new Int32Array(Math.max(16, 4 * rows));
  }

  entries(): Int32Array {
    return this.#list.slice(0, this.length);
  }

  /** Appends the columns of a set in ascending order. */
  append(set: number): void {
    if (set === 0) return;
    const start = this.length;
    if (set === this.#last) {
      const count = start - this.#lastStart;
      this.#reserve(count);
      this.#list.copyWithin(start, this.#lastStart, start);
      this.length += count;
    } else if (set <= this.#columns) this.#push(set - 1);
    else {
      this.#stamp++;
      this.#gather(set);
      this.#sort(start);
    }
    this.#last = set;
    this.#lastStart = start;
  }

  /** Appends the columns below a node of the pool, each once and unsorted. */
  #gather(root: number): void {
    const [pool, columns, seen, stamp] = [this.#pool, this.#columns, this.#seen, this.#stamp];
    let depth = 0;
    this.#stack[depth++] = root;
    while (depth > 0) {
      const index = this.#stack[--depth]! - columns - 1;
      const count = pool[index];
      if (count === undefined) throw internalError(`the set ${index} is not in the pool`);
      for (let p = index + 1; p <= index + count; p++) {
        const member = pool[p]!;
        if (member <= columns) {
          if (member === 0 || seen[member - 1] === stamp) continue;
          seen[member - 1] = stamp;
          this.#push(member - 1);
          continue;
        }
        const visited = (this.#visited ??= new Int32Array(pool.length));
        if (visited[member - columns - 1] === stamp) continue;
        visited[member - columns - 1] = stamp;
        if (depth === this.#stack.length) this.#stack = grown(this.#stack, 2 * depth);
        this.#stack[depth++] = member;
      }
    }
  }

  #sort(start: number): void {
    const [list, end] = [this.#list, this.length];
    if (end - start > shortRow) return void list.subarray(start, end).sort();
    for (let i = start + 1; i < end; i++) {
      const value = list[i]!;
      let j = i;
      for (; j > start && list[j - 1]! > value; j--) list[j] = list[j - 1]!;
      list[j] = value;
    }
  }

  #push(column: number): void {
    if (this.length === this.#list.length) this.#reserve(1);
    this.#list[this.length++] = column;
  }

  #reserve(count: number): void {
    const wanted = this.length + count;
    if (wanted > this.#list.length) this.#list = grown(this.#list, Math.max(wanted, 2 * this.#list.length));
  }
}

function grown(list: Int32Array, length: number): Int32Array {
  const longer = new Int32Array(length);
  longer.set(list);
  return longer;
}
