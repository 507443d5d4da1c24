/**
 * Names for values that have none: `a b c …` and then `a1 b1 …`, as in lecture notes. Left out are `d` (which marks
 * differentials), `e` (the number), `s` (what adjoints differentiate) and `x y z` (which look like inputs and outputs).
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
