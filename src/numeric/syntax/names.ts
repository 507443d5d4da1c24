/**
 * Returns a generator of unused names for unnamed values: `a b c …`, then `a1 b1 …`, as in lecture notes. Excluded are
 * `d` (differentials), `e` (the constant), `s` (the differentiated scalar of adjoints) and `x y z` (inputs and
 * outputs).
 */
export function freshNames(taken: Iterable<string>): () => string {
  const used = new Set(taken);
  let next = 0;
  return () => {
    for (;;) {
      const round = Math.floor(next / letters.length);
      const name = letters[next % letters.length]! + (round === 0 ? "" : String(round));
      next++;
      if (used.has(name)) continue;
      used.add(name);
      return name;
    }
  };
}

const letters = "abcfghijklmnopqrtuvw";
