/**
 * Returns the candidate that the writer of `name` most likely meant; `undefined` if none is near.
 *
 * A candidate is near if it has the same letters apart from case, `-`, `_` and spaces. It is also near if `name` is its
 * initials (`lr` of `learningRate`) or its first three or more letters. Otherwise their edit distance (insert, delete,
 * replace, swap neighbours) must be at most a third of the longer name, which has at most 100 letters. The nearest
 * candidate wins, and of equally near ones the first.
 *
 * @example
 * suggest("droplast", ["size", "dropLast"]); // "dropLast"
 * suggest("lr", ["momentum", "learningRate"]); // "learningRate"
 * suggest("colour", ["size"]); // undefined
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let nearestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = distanceBetween(name, candidate);
    if (distance < nearestDistance) {
      nearest = candidate;
      nearestDistance = distance;
    }
  }
  return nearest;
}

/** Returns a suggestion to append to a message: ` Did you mean "dropLast"?`, or an empty text. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const nearest = suggest(name, candidates);
  return nearest === undefined ? "" : ` Did you mean ${JSON.stringify(nearest)}?`;
}

function distanceBetween(name: string, candidate: string): number {
  const a = plain(name);
  const b = plain(candidate);
  if (a === b) return 0;
  if (a === "" || b === "") return Infinity;
  if (a === initials(candidate)) return 0.5;
  if (a.length >= 3 && b.startsWith(a)) return 1;
  const longer = Math.max(a.length, b.length);
  if (longer > 100) return Infinity; // not a typing error
  const distance = editDistance(a, b);
  return distance <= longer / 3 ? distance : Infinity;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, "");
}

/** Returns the first letters of the words of a name: `lr` for `learningRate`, `learning_rate` and `learning-rate`. */
function initials(name: string): string {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").split(/[-_\s]+/);
  return words.map((word) => word.charAt(0).toLowerCase()).join("");
}

/**
 * Computes the optimal string alignment distance: Levenshtein's distance in which swapping neighbours counts as one
 * edit.
 */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let distance = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) distance = Math.min(distance, before[j - 2]! + 1);
      row.push(distance);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
