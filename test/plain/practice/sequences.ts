// Dynamic programming over sequences and sets.

function logAdd(a: number, b: number): number {
  if (a === -Infinity) return b;
  if (b === -Infinity) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

/** Connectionist temporal classification (Graves et al., 2006): −log of all alignments of labels; label 0 is the blank. */
export function ctc(logits: number[][], labels: number[]): number {
  "use ad";
  const states = 2 * labels.length + 1;
  const labelOf = (s: number): number => (s % 2 === 0 ? 0 : labels[(s - 1) / 2]!);
  let alpha = new Array<number>(states).fill(-Infinity);
  for (let t = 0; t < logits.length; t++) {
    const row = logits[t]!;
    const top = Math.max(...row);
    let sum = 0;
    for (const x of row) sum += Math.exp(x - top);
    const norm = top + Math.log(sum);
    const next = new Array<number>(states).fill(-Infinity);
    for (let s = 0; s < states; s++) {
      let best = alpha[s]!;
      if (t === 0) {
        best = s < 2 ? 0 : -Infinity;
      } else {
        if (s > 0) best = logAdd(best, alpha[s - 1]!);
        if (s > 1 && s % 2 === 1 && labelOf(s) !== labelOf(s - 2)) best = logAdd(best, alpha[s - 2]!);
      }
      next[s] = best + row[labelOf(s)]! - norm;
    }
    alpha = next;
  }
  return -logAdd(alpha[states - 1]!, alpha[states - 2]!);
}

/** Soft maximum of the value that fits into a knapsack. The two rows of the table are swapped in each step. */
export function softKnapsack(
  values: Float64Array,
  weights: Int32Array,
  capacity: number,
  warmth: number,
): number {
  "use ad";
  let before = new Float64Array(capacity + 1);
  let now = new Float64Array(capacity + 1);
  for (let item = 0; item < values.length; item++) {
    for (let c = 0; c <= capacity; c++) {
      if (weights[item]! > c) {
        now[c] = before[c]!;
        continue;
      }
      const take = before[c - weights[item]!]! + values[item]!;
      const leave = before[c]!;
      const m = Math.max(take, leave);
      now[c] = m + warmth * Math.log(Math.exp((take - m) / warmth) + Math.exp((leave - m) / warmth));
    }
    const swap = before;
    before = now;
    now = swap;
  }
  return before[capacity]!;
}

/** Cost of the best order of a chain of products, as a smooth minimum. `dims[i]` need not be integers. */
export function chainOrder(dims: number[], warmth: number): number {
  "use ad";
  const n = dims.length - 1;
  const cost: number[][] = Array.from({ length: n }, () => Array.from({ length: n }, () => 0));
  for (let span = 1; span < n; span++) {
    for (let i = 0; i + span < n; i++) {
      const j = i + span;
      let least = Infinity;
      for (let k = i; k < j; k++) {
        const total = cost[i]![k]! + cost[k + 1]![j]! + dims[i]! * dims[k + 1]! * dims[j + 1]!;
        if (total < least) least = total;
      }
      let sum = 0;
      for (let k = i; k < j; k++) {
        const total = cost[i]![k]! + cost[k + 1]![j]! + dims[i]! * dims[k + 1]! * dims[j + 1]!;
        sum += Math.exp((least - total) / warmth);
      }
      cost[i]![j] = least - warmth * Math.log(sum);
    }
  }
  return cost[0]![n - 1]!;
}

/** Weighted distance of two sequences by insertions, deletions, replacements and swaps of neighbours. */
export function editDistance(
  costs: { insert: number; remove: number; replace: number; exchange: number },
  a: number[],
  b: number[],
): number {
  "use ad";
  const table = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (__, j) =>
      j === 0 ? i * costs.remove : i === 0 ? j * costs.insert : 0,
    ),
  );
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const gap = Math.abs(a[i - 1]! - b[j - 1]!);
      const same = gap < 0.05;
      let best = table[i - 1]![j - 1]! + (same ? 0 : costs.replace * gap);
      best = Math.min(best, table[i - 1]![j]! + costs.remove, table[i]![j - 1]! + costs.insert);
      const crossed =
        i > 1 && j > 1 && Math.abs(a[i - 1]! - b[j - 2]!) < 0.05 && Math.abs(a[i - 2]! - b[j - 1]!) < 0.05;
      if (crossed) best = Math.min(best, table[i - 2]![j - 2]! + costs.exchange);
      table[i]![j] = best;
    }
  }
  return table[a.length]![b.length]!;
}
