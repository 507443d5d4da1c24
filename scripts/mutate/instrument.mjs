// Inserts mutants into the text of a file, each behind a switch: `globalThis.isMutant?.(id)` is true if mutant `id` is active.

/** @typedef {import("./sites.mjs").Site & { readonly id: number }} Mutant */

/** The text of a file with all its mutants. @param {string} text @param {readonly Mutant[]} mutants @returns {string} */
export function instrument(text, mutants) {
  const isBefore = (/** @type {Mutant} */ mutant) => Number(mutant.kind === "before");
  const outermostFirst = mutants.toSorted(
    (a, b) => a.start - b.start || isBefore(b) - isBefore(a) || b.end - a.end || a.id - b.id,
  );
  return withMutants(text, 0, text.length, outermostFirst);
}

/**
 * The text of a range with the mutants inside it. A mutant that contains others is written twice, mutated and original; both
 * texts contain the inner ones.
 *
 * @param {string} text @param {number} start @param {number} end @param {readonly Mutant[]} mutants @returns {string}
 */
function withMutants(text, start, end, mutants) {
  let written = "";
  let next = start;
  let rest = mutants;
  while (rest.length > 0) {
    const [first, ...others] = /** @type {[Mutant, ...Mutant[]]} */ (rest);
    const isInside = (/** @type {Mutant} */ other) => other.start >= first.start && other.end <= first.end;
    const inner = first.kind === "before" ? [] : others.filter(isInside);
    written += text.slice(next, first.start) + switched(text, first, inner);
    next = first.end;
    rest = others.filter((other) => !inner.includes(other));
  }
  return written + text.slice(next, end);
}

/** @param {string} text @param {Mutant} mutant @param {readonly Mutant[]} inner */
function switched(text, { id, kind, start, end, mutant: pieces }, inner) {
  const write = (/** @type {number} */ from, /** @type {number} */ to) =>
    withMutants(
      text,
      from,
      to,
      inner.filter((other) => other.start >= from && other.end <= to),
    );
  const mutated = pieces.map((piece) => (typeof piece === "string" ? piece : write(...piece))).join("");
  const isActive = `globalThis.isMutant?.(${id})`;
  switch (kind) {
    case "expression":
      return `(${isActive} ? (${mutated}) : (${write(start, end)}))`;
    case "statement":
      return `if (${isActive}) ${mutated} else { ${write(start, end)} }`;
    case "element":
      return `...(${isActive} ? [] : [${write(start, end)}])`;
    case "before":
      return `if (${isActive}) ${mutated} `;
  }
}
