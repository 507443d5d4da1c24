import type { Colouring } from "./colouring.ts";
import { rowLength, transposePattern } from "./colouring.ts";
import type { SparsityPattern } from "./rows.ts";

const leastHub = 64;
const hubFactor = 10;

/** Degree above which a vertex is a hub, which has a colour of its own. */
export function hubDegree(vertices: number): number {
  return Math.max(leastHub, hubFactor * Math.sqrt(vertices));
}

/** Union of the entries of a square pattern and of its transpose. */
export function symmetrised(pattern: SparsityPattern): SparsityPattern {
  const transposed = transposePattern(pattern);
  if (isEqual(pattern, transposed)) return pattern;
  const rowPointers = new Int32Array(pattern.rows + 1);
  const indices = new Int32Array(2 * pattern.columnIndices.length);
  let length = 0;
  for (let i = 0; i < pattern.rows; i++) {
    let [p, q] = [pattern.rowPointers[i]!, transposed.rowPointers[i]!];
    const [pEnd, qEnd] = [pattern.rowPointers[i + 1]!, transposed.rowPointers[i + 1]!];
    while (p < pEnd || q < qEnd) {
      const a = p < pEnd ? pattern.columnIndices[p]! : Infinity;
      const b = q < qEnd ? transposed.columnIndices[q]! : Infinity;
      indices[length++] = Math.min(a, b);
      if (a <= b) p++;
      if (b <= a) q++;
    }
    rowPointers[i + 1] = length;
  }
  return { ...pattern, rowPointers, columnIndices: indices.slice(0, length) };
}

function isEqual(a: SparsityPattern, b: SparsityPattern): boolean {
  if (a.columnIndices.length !== b.columnIndices.length) return false;
  for (let i = 0; i <= a.rows; i++) if (a.rowPointers[i] !== b.rowPointers[i]) return false;
  for (let p = 0; p < a.columnIndices.length; p++)
    if (a.columnIndices[p] !== b.columnIndices[p]) return false;
  return true;
}

/**
 * Star colouring of a symmetric pattern, after Gebremedhin, Tarafdar, Manne and Pothen, "New acyclic and star coloring
 * algorithms with application to computing Hessians", SIAM J. Sci. Comput. 29 (2007), algorithm 4.1. Neighbours differ
 * in colour, and no path of four vertices has only two colours. Each entry can thus be read from a product of the matrix
 * with the sum of the unit vectors of one colour. Vertices of very high degree have colours of their own: they
 * belong to no star, so that their neighbours need not visit all of them.
 */
export function starColouring(pattern: SparsityPattern): Colouring {
  return new StarColouring(pattern).run();
}

class StarColouring {
  readonly #pattern: SparsityPattern;
  readonly #colours: Int32Array;
  /** For each colour, the last vertex for which it was forbidden. */
  readonly #forbidden: Int32Array;
  /** For each colour: the vertex whose first neighbour of that colour is noted, that neighbour, and the edge to it. */
  readonly #notedFor: Int32Array;
  readonly #noted: Int32Array;
  readonly #notedEdge: Int32Array;
  /** For each vertex, the last vertex for which the colours of its neighbours were forbidden. */
  readonly #surrounded: Int32Array;
  readonly #isHub: Uint8Array;
  /** Index of the star of each entry; −1 for none. */
  readonly #star: Int32Array;
  /** Centre vertex of each star; −1 while the star has a single edge. */
  #centres = new Int32Array(1024);
  #stars = 0;
  readonly #mirror: Int32Array;
  #count = 0;

  constructor(pattern: SparsityPattern) {
    const n = pattern.rows;
    const unset = (length: number): Int32Array => new Int32Array(length).fill(-1);
    this.#pattern = pattern;
    this.#colours = unset(n);
    [this.#forbidden, this.#notedFor, this.#noted] = [unset(n + 1), unset(n + 1), unset(n + 1)];
    [this.#notedEdge, this.#surrounded] = [unset(n + 1), unset(n)];
    this.#isHub = new Uint8Array(n);
    this.#star = unset(pattern.columnIndices.length);
    this.#mirror = mirrorOf(pattern);
  }

  run(): Colouring {
    const { rows } = this.#pattern;
    const limit = hubDegree(rows);
    for (let v = 0; v < rows; v++) {
      if (rowLength(this.#pattern, v) <= limit) continue;
      this.#isHub[v] = 1;
      this.#colours[v] = this.#count++;
    }
    const hubs = this.#count;
    for (let v = 0; v < rows; v++) {
      if (this.#isHub[v] === 1 || rowLength(this.#pattern, v) === 0) continue;
      this.#forbidAround(v);
      let colour = hubs;
      while (this.#forbidden[colour] === v) colour++;
      this.#colours[v] = colour;
      if (colour >= this.#count) this.#count = colour + 1;
      this.#joinStars(v, colour);
    }
    return { colours: this.#colours, count: this.#count };
  }

  /**
   * Forbids colours for v: the colours of its neighbours, and those that would complete a path of four vertices with
   * two colours.
   */
  #forbidAround(v: number): void {
    const { rowPointers, columnIndices } = this.#pattern;
    const [colours, forbidden] = [this.#colours, this.#forbidden];
    for (let k = rowPointers[v]!; k < rowPointers[v + 1]!; k++) {
      const w = columnIndices[k]!;
      const colour = colours[w]!;
      if (w === v || colour < 0) continue;
      forbidden[colour] = v;
      if (this.#isHub[w] === 1) continue;
      if (this.#notedFor[colour] === v) {
        this.#forbidNeighbours(this.#noted[colour]!, v);
        this.#forbidNeighbours(w, v);
        continue;
      }
      this.#notedFor[colour] = v;
      this.#noted[colour] = w;
      this.#notedEdge[colour] = k;
      for (let p = rowPointers[w]!; p < rowPointers[w + 1]!; p++) {
        const x = columnIndices[p]!;
        const star = this.#star[p]!;
        if (x !== v && star >= 0 && this.#centres[star] === x) forbidden[colours[x]!] = v;
      }
    }
  }

  #forbidNeighbours(w: number, v: number): void {
    if (this.#surrounded[w] === v) return;
    this.#surrounded[w] = v;
    const { rowPointers, columnIndices } = this.#pattern;
    for (let p = rowPointers[w]!; p < rowPointers[w + 1]!; p++) {
      const colour = this.#colours[columnIndices[p]!]!;
      if (colour >= 0 && columnIndices[p] !== w) this.#forbidden[colour] = v;
    }
  }

  /** Adds the edges of the vertex v, which has just been coloured, to stars. */
  #joinStars(v: number, colour: number): void {
    const { rowPointers, columnIndices } = this.#pattern;
    for (let k = rowPointers[v]!; k < rowPointers[v + 1]!; k++) {
      const w = columnIndices[k]!;
      const other = this.#colours[w]!;
      if (w === v || other < 0 || this.#isHub[w] === 1) continue;
      let star = -1;
      for (let p = rowPointers[w]!; p < rowPointers[w + 1]! && star < 0; p++) {
        const x = columnIndices[p]!;
        if (x !== v && x !== w && this.#colours[x] === colour) star = this.#star[p]!;
      }
      if (star >= 0) this.#centres[star] = w;
      else if (this.#notedFor[other] === v && this.#noted[other] !== w) {
        star = this.#star[this.#notedEdge[other]!]!;
        this.#centres[star] = v;
      } else star = this.#newStar();
      this.#star[k] = star;
      this.#star[this.#mirror[k]!] = star;
    }
  }

  #newStar(): number {
    if (this.#stars === this.#centres.length) {
      const longer = new Int32Array(2 * this.#stars);
      longer.set(this.#centres);
      this.#centres = longer;
    }
    this.#centres[this.#stars] = -1;
    return this.#stars++;
  }
}

/** Index of the entry (j, i) for each entry (i, j) of a symmetric pattern with sorted rows. */
function mirrorOf({ rows, rowPointers, columnIndices }: SparsityPattern): Int32Array {
  const next = rowPointers.slice(0, rows);
  const mirror = new Int32Array(columnIndices.length);
  for (let i = 0; i < rows; i++)
    for (let p = rowPointers[i]!; p < rowPointers[i + 1]!; p++) mirror[next[columnIndices[p]!]!++] = p;
  return mirror;
}

/**
 * For each entry (i, j) of a symmetric pattern, the index in the list of products at which it can be read: colour · n +
 * row. If j is the only neighbour of i with its colour, the row is i and the colour that of j; otherwise i and j change
 * roles.
 */
export function starPlaces(pattern: SparsityPattern, { colours, count }: Colouring): Int32Array {
  const { rows, rowPointers, columnIndices } = pattern;
  const mirror = mirrorOf(pattern);
  const places = new Int32Array(columnIndices.length).fill(-1);
  const seen = new Int32Array(count);
  for (let i = 0; i < rows; i++) {
    const [from, to] = [rowPointers[i]!, rowPointers[i + 1]!];
    for (let p = from; p < to; p++) seen[colours[columnIndices[p]!]!]!++;
    for (let p = from; p < to; p++) {
      const colour = colours[columnIndices[p]!]!;
      if (seen[colour] === 1) places[p] = colour * rows + i;
    }
    for (let p = from; p < to; p++) seen[colours[columnIndices[p]!]!] = 0;
  }
  for (let p = 0; p < places.length; p++) if (places[p]! < 0) places[p] = places[mirror[p]!]!;
  return places;
}
