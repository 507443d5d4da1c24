/** Structure of a symmetric matrix as a graph: the neighbours of each vertex. Diagonal entries are ignored. */
export interface SymmetricGraph {
  /** Index in `neighbours` at which the neighbours of each vertex begin, and its length at the end. */
  readonly pointers: Int32Array;
  readonly neighbours: Int32Array;
}

/**
 * Fill-reducing ordering of a symmetric matrix by approximate minimum degree (Amestoy, Davis and Duff 1996). Item k of
 * the result is the vertex that is eliminated at step k.
 *
 * Eliminated vertices become elements of a quotient graph. A new element absorbs the elements that are part of it.
 * Vertices with equal neighbours form one supervariable. Degrees are upper bounds, computed from the sizes of elements
 * outside of the new one. Vertices with more than about `10 √n` neighbours are ordered last.
 */
export function minimumDegree(graph: SymmetricGraph): Int32Array {
  const quotient = new QuotientGraph(graph);
  for (let pivot = quotient.takePivot(); pivot >= 0; pivot = quotient.takePivot()) quotient.eliminate(pivot);
  return quotient.order();
}

const none = -1;

/**
 * Quotient graph. A vertex that is not eliminated is a variable, an eliminated one an element. The list of a variable
 * contains its elements, then its variables; the list of an element contains its variables. All lists share the array
 * `lists`. New elements are appended, and the array is compressed when it is full.
 */
class QuotientGraph {
  readonly #n: number;
  #lists: Int32Array;
  /** End of the used part of `lists`. */
  #free: number;
  readonly #start: Int32Array;
  readonly #length: Int32Array;
  /** Number of elements at the start of the list of a variable; `none` if the vertex is an element. */
  readonly #elements: Int32Array;
  /** Number of vertices of a supervariable: 0 if it is absorbed, negative while it belongs to the current pivot. */
  readonly #weight: Int32Array;
  /** For a variable, a bound of its degree; for an element, the total weight of its variables. */
  readonly #degree: Int32Array;
  /**
   * For an element, the stamp plus the weight of its variables outside of the current pivot; 0 if it is absorbed. For a
   * variable, a mark.
   */
  readonly #outside: Int32Array;
  #stamp = 2;
  /** Element or supervariable that absorbed the vertex. */
  readonly #absorber: Int32Array;
  /** Doubly linked list of the variables of each degree, and buckets of variables by hash. */
  readonly #head: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #hashHead: Int32Array;
  readonly #hash: Int32Array;
  #least = 0;
  /** Largest weight of an element so far. */
  #largest = 0;
  /** Number of eliminated vertices. */
  #eliminated = 0;
  readonly #pivots: number[] = [];
  readonly #last: number[] = [];

  constructor({ pointers, neighbours }: SymmetricGraph) {
    const n = pointers.length - 1;
    this.#n = n;
    this.#lists = new Int32Array(Math.ceil(1.2 * neighbours.length) + n + 1);
    this.#start = new Int32Array(n);
    this.#length = new Int32Array(n);
    this.#elements = new Int32Array(n);
    this.#weight = new Int32Array(n).fill(1);
    this.#degree = new Int32Array(n);
    this.#outside = new Int32Array(n).fill(1);
    this.#absorber = new Int32Array(n).fill(none);
    this.#head = new Int32Array(n + 1).fill(none);
    this.#next = new Int32Array(n).fill(none);
    this.#previous = new Int32Array(n).fill(none);
    this.#hashHead = new Int32Array(n + 1).fill(none);
    this.#hash = new Int32Array(n);
    let free = 0;
    for (let i = 0; i < n; i++) {
      this.#start[i] = free;
      for (let p = pointers[i]!; p < pointers[i + 1]!; p++) {
        const j = neighbours[p]!;
        if (j !== i) this.#lists[free++] = j;
      }
      this.#length[i] = free - this.#start[i]!;
    }
    this.#free = free;
    this.#collectVertices(Math.min(n - 2, Math.max(16, Math.floor(10 * Math.sqrt(n)))));
  }

  /**
   * Inserts the vertices into the degree lists. Isolated vertices are eliminated at once, and those with more than
   * `most` neighbours come last.
   */
  #collectVertices(most: number): void {
    // the last one inserted is taken first: pivots of equal degree ascend, which suits matrices of grids
    for (let i = this.#n - 1; i >= 0; i--) {
      const degree = this.#length[i]!;
      this.#degree[i] = degree;
      if (degree > most && most > 0) {
        this.#last.push(i);
        this.#weight[i] = 0;
        this.#eliminated++;
      } else if (degree === 0) this.#makeElement(i);
      else this.#insert(i, degree);
    }
  }

  #makeElement(i: number): void {
    this.#elements[i] = none;
    this.#outside[i] = 0;
    this.#pivots.push(i);
    this.#eliminated++;
  }

  #insert(i: number, degree: number): void {
    const first = this.#head[degree]!;
    if (first !== none) this.#previous[first] = i;
    this.#next[i] = first;
    this.#previous[i] = none;
    this.#head[degree] = i;
    if (degree < this.#least) this.#least = degree;
  }

  #remove(i: number): void {
    const [before, after] = [this.#previous[i]!, this.#next[i]!];
    if (after !== none) this.#previous[after] = before;
    if (before !== none) this.#next[before] = after;
    else this.#head[this.#degree[i]!] = after;
  }

  /** Removes a variable of least degree from the degree lists and returns it; `none` if all are eliminated. */
  takePivot(): number {
    if (this.#eliminated >= this.#n) return none;
    while (this.#head[this.#least] === none) this.#least++;
    const pivot = this.#head[this.#least]!;
    this.#remove(pivot);
    return pivot;
  }

  /** Turns the pivot into an element and updates the degrees of its variables. */
  eliminate(pivot: number): void {
    this.#eliminated += this.#weight[pivot]!;
    this.#pivots.push(pivot);
    const [from, to] = this.#formElement(pivot);
    this.#countOutside(from, to);
    this.#updateDegrees(pivot, from, to);
    this.#mergeEqual(from, to);
    this.#restore(pivot, from, to);
  }

  /** Collects the variables of the new element and marks them by negative weights. Returns their range in `lists`. */
  #formElement(pivot: number): readonly [from: number, to: number] {
    const elements = this.#elements[pivot]!;
    let weight = 0;
    const own = this.#weight[pivot]!;
    this.#weight[pivot] = -own;
    let from = this.#start[pivot]!;
    let to = from;
    const take = (i: number): boolean => {
      const n = this.#weight[i]!;
      if (n <= 0) return false;
      weight += n;
      this.#weight[i] = -n;
      this.#remove(i);
      return true;
    };
    if (elements === 0) {
      for (let p = from, end = from + this.#length[pivot]!; p < end; p++) {
        const i = this.#lists[p]!;
        if (take(i)) this.#lists[to++] = i;
      }
    } else {
      let bound = this.#length[pivot]! - elements;
      for (let k = 0; k < elements; k++) bound += this.#length[this.#lists[from + k]!]!;
      this.#reserve(bound);
      const lists = this.#lists;
      const source = this.#start[pivot]!;
      from = to = this.#free;
      for (let k = 0; k < elements; k++) {
        const e = lists[source + k]!;
        for (let p = this.#start[e]!, end = p + this.#length[e]!; p < end; p++) {
          const i = lists[p]!;
          if (take(i)) lists[to++] = i;
        }
        this.#absorber[e] = pivot;
        this.#outside[e] = 0;
      }
      for (let p = source + elements, end = source + this.#length[pivot]!; p < end; p++) {
        const i = lists[p]!;
        if (take(i)) lists[to++] = i;
      }
      this.#free = to;
    }
    this.#degree[pivot] = weight;
    this.#largest = Math.max(this.#largest, weight);
    this.#start[pivot] = from;
    this.#length[pivot] = to - from;
    this.#elements[pivot] = none;
    return [from, to];
  }

  /** Ensures space for `count` numbers at the end of `lists`, by compression or a longer array. */
  #reserve(count: number): void {
    if (this.#free + count <= this.#lists.length) return;
    const live: number[] = [];
    for (let i = 0; i < this.#n; i++) {
      const isElement = this.#elements[i] === none;
      const isAlive = isElement ? this.#outside[i] !== 0 : this.#weight[i] !== 0;
      if (isAlive && this.#length[i]! > 0) live.push(i);
    }
    live.sort((a, b) => this.#start[a]! - this.#start[b]!);
    let free = 0;
    for (const i of live) {
      const from = this.#start[i]!;
      this.#lists.copyWithin(free, from, from + this.#length[i]!);
      this.#start[i] = free;
      free += this.#length[i]!;
    }
    this.#free = free;
    if (free + count <= this.#lists.length) return;
    const wider = new Int32Array(2 * (free + count));
    wider.set(this.#lists.subarray(0, free));
    this.#lists = wider;
  }

  /**
   * For each element adjacent to the pivot, computes the stamp plus the weight of its variables outside of the pivot.
   */
  #countOutside(from: number, to: number): void {
    const lists = this.#lists;
    const [start, elements, weight] = [this.#start, this.#elements, this.#weight];
    const [outside, degree, stamp] = [this.#outside, this.#degree, this.#advanceStamp(1)];
    for (let q = from; q < to; q++) {
      const i = lists[q]!;
      const n = -weight[i]!;
      for (let p = start[i]!, end = p + elements[i]!; p < end; p++) {
        const e = lists[p]!;
        const value = outside[e]!;
        if (value >= stamp) outside[e] = value - n;
        else if (value !== 0) outside[e] = degree[e]! + stamp - n;
      }
    }
  }

  /** Advances the stamp by `step`. Marks are reset before it overflows. */
  #advanceStamp(step: number): number {
    this.#stamp += step;
    if (this.#stamp > 2 ** 31 - 2 * this.#n - 4) {
      for (let i = 0; i < this.#n; i++) if (this.#outside[i] !== 0) this.#outside[i] = 1;
      this.#stamp = 2;
    }
    return this.#stamp;
  }

  /**
   * Removes from the lists of the pivot's variables everything that the pivot covers, and bounds their degrees outside
   * of the pivot.
   */
  #updateDegrees(pivot: number, from: number, to: number): void {
    const lists = this.#lists;
    const [outside, weight, stamp] = [this.#outside, this.#weight, this.#stamp];
    for (let q = from; q < to; q++) {
      const i = lists[q]!;
      const first = this.#start[i]!;
      const middle = first + this.#elements[i]!;
      const end = first + this.#length[i]!;
      let [degree, hash, write] = [0, 0, first];
      for (let p = first; p < middle; p++) {
        const e = lists[p]!;
        if (outside[e] === 0) continue;
        const rest = outside[e]! - stamp;
        if (rest > 0) {
          degree += rest;
          lists[write++] = e;
          hash += e;
        } else {
          this.#absorber[e] = pivot;
          outside[e] = 0;
        }
      }
      const variables = write;
      for (let p = middle; p < end; p++) {
        const j = lists[p]!;
        const n = weight[j]!;
        if (n <= 0) continue;
        degree += n;
        lists[write++] = j;
        hash += j;
      }
      if (degree === 0) this.#eliminateWith(pivot, i);
      else this.#fileUnderHash(pivot, i, first, variables, write, degree, hash);
    }
  }

  /** Eliminates a variable together with the pivot, because it has no neighbours outside of the pivot. */
  #eliminateWith(pivot: number, i: number): void {
    const n = -this.#weight[i]!;
    this.#absorber[i] = pivot;
    this.#degree[pivot]! -= n;
    this.#weight[pivot]! -= n;
    this.#eliminated += n;
    this.#weight[i] = 0;
    this.#length[i] = 0;
  }

  /** Puts the pivot at the start of the list of a variable, and the variable into its bucket of hashes. */
  #fileUnderHash(
    pivot: number,
    i: number,
    first: number,
    variables: number,
    end: number,
    degree: number,
    hash: number,
  ): void {
    const lists = this.#lists;
    // the list had at least one more item before: the pivot itself or an element that the pivot absorbed
    lists[end] = lists[variables]!;
    lists[variables] = lists[first]!;
    lists[first] = pivot;
    this.#elements[i] = variables - first + 1;
    this.#length[i] = end - first + 1;
    this.#degree[i] = Math.min(this.#degree[i]!, degree);
    const bucket = hash % (this.#n + 1);
    this.#hash[i] = bucket;
    this.#next[i] = this.#hashHead[bucket]!;
    this.#hashHead[bucket] = i;
  }

  /** Merges variables of the pivot that have equal lists. */
  #mergeEqual(from: number, to: number): void {
    const lists = this.#lists;
    this.#advanceStamp(this.#largest + 1); // above the marks of elements, which are at most the stamp plus a weight
    for (let q = from; q < to; q++) {
      if (this.#weight[lists[q]!]! >= 0) continue;
      const bucket = this.#hash[lists[q]!]!;
      let i = this.#hashHead[bucket]!;
      this.#hashHead[bucket] = none;
      for (; i !== none && this.#next[i] !== none; i = this.#next[i]!) this.#mergeInto(i);
    }
  }

  /** Merges into i the later variables of its bucket whose lists equal that of i. */
  #mergeInto(i: number): void {
    const lists = this.#lists;
    const [next, outside, stamp] = [this.#next, this.#outside, this.#advanceStamp(1)];
    const [length, elements, start] = [this.#length[i]!, this.#elements[i]!, this.#start[i]!];
    for (let p = start + 1; p < start + length; p++) {
      const x = lists[p]!;
      if (outside[x] !== 0) outside[x] = stamp;
    }
    let last = i;
    for (let j = next[i]!; j !== none; j = next[j]!) {
      let isEqual = this.#length[j] === length && this.#elements[j] === elements;
      for (let p = this.#start[j]! + 1, end = this.#start[j]! + length; isEqual && p < end; p++)
        isEqual = outside[lists[p]!] === stamp;
      if (!isEqual) {
        last = j;
        continue;
      }
      this.#weight[i]! += this.#weight[j]!;
      this.#weight[j] = 0;
      this.#absorber[j] = i;
      this.#length[j] = 0;
      next[last] = next[j]!;
    }
  }

  /** Makes the weights of the pivot's variables positive again, and inserts the variables under their new degrees. */
  #restore(pivot: number, from: number, to: number): void {
    const lists = this.#lists;
    const rest = this.#n - this.#eliminated;
    const total = this.#degree[pivot]!;
    let write = from;
    for (let q = from; q < to; q++) {
      const i = lists[q]!;
      const n = -this.#weight[i]!;
      if (n <= 0) continue;
      this.#weight[i] = n;
      const degree = Math.max(0, Math.min(this.#degree[i]! + total - n, rest - n));
      this.#degree[i] = degree;
      this.#insert(i, degree);
      lists[write++] = i;
    }
    this.#weight[pivot]! *= -1;
    this.#length[pivot] = write - from;
    this.#outside[pivot] = write === from ? 0 : 1;
    // a pivot that was appended gives back what merged variables left
    if (to === this.#free) this.#free = write;
  }

  /**
   * The ordering: each pivot followed by the vertices that it absorbed, and finally the vertices with too many
   * neighbours.
   */
  order(): Int32Array {
    const n = this.#n;
    const stepOf = new Int32Array(n).fill(none);
    for (const [step, pivot] of this.#pivots.entries()) stepOf[pivot] = step;
    const count = new Int32Array(this.#pivots.length + 2);
    for (const i of this.#last) stepOf[i] = this.#pivots.length;
    for (let i = 0; i < n; i++) count[this.#stepOf(i, stepOf) + 1]!++;
    for (let k = 0; k < count.length - 1; k++) count[k + 1]! += count[k]!;
    const order = new Int32Array(n);
    for (let i = 0; i < n; i++) order[count[stepOf[i]!]!++] = i;
    return order;
  }

  /**
   * Step at which a vertex is eliminated: that of the pivot at the end of its chain of absorbers. Stores it for all
   * vertices of the chain.
   */
  #stepOf(i: number, stepOf: Int32Array): number {
    let end = i;
    while (stepOf[end] === none) end = this.#absorber[end]!;
    const step = stepOf[end]!;
    for (let j = i; stepOf[j] === none; j = this.#absorber[j]!) stepOf[j] = step;
    return step;
  }
}
