/**
 * Candidate that the writer of `name` most likely meant, or `undefined` if none is near.
 *
 * A candidate is near if it has the same letters except for case, `-` and `_`; if `name` is its initials (`lr` of
 * `learningRate`) or a prefix of three letters or more; or if their edit distance (insert, delete, replace, swap
 * neighbours) is at most a third of the longer name. The nearest candidate wins, the first one of equals.
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

/** Suggestion to append to a message: ` Did you mean "dropLast"?`, or an empty text. */
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

/** First letters of the words of a name: `lr` for `learningRate`, `learning_rate` and `learning-rate`. */
function initials(name: string): string {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").split(/[-_\s]+/);
  return words.map((word) => word.charAt(0).toLowerCase()).join("");
}

/** Optimal string alignment distance: Levenshtein's distance in which swapping neighbours counts as one edit. */
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
