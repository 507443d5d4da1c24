// Filter of the page of features (docs/features.md). The page and its test use it.

/**
 * @typedef {object} Feature one row of docs/features.json: a feature, then one state per library, by the library's id
 * @property {string} name as NumPy, PyTorch or JAX call it
 * @property {readonly string[]} functions public names of downhill, with their module: `linalg.qr`
 * @property {string} downhill `yes`, `partly`, `no`, or `—` for not compared; a note may follow a colon
 *
 * @typedef {object} Section
 * @property {string} title
 * @property {string} [note]
 * @property {readonly Feature[]} rows
 */

/**
 * State and note of a cell: `partly: not isclose` is `partly` with the note `not isclose`.
 *
 * @param {string} cell
 * @returns {{ state: string, note: string }}
 */
export function splitState(cell) {
  const [state = "", ...rest] = cell.split(": ");
  return { state, note: rest.join(": ") };
}

/**
 * The sections with their matching rows, without the sections that have none. A row matches if its name, its functions and the title of
 * its section together contain each word of the text. Case and underscores do not count: `stop_gradient` finds `stopGradient`.
 *
 * @param {readonly Section[]} sections
 * @param {{ text?: string, state?: string }} wanted `state` of downhill; empty for any
 * @returns {Section[]}
 */
export function filterFeatures(sections, { text = "", state = "" }) {
  const words = fold(text).split(/\s+/).filter(Boolean); // prettier-ignore
  return sections
    .map((section) => ({
      ...section,
      rows: section.rows.filter((row) => {
        const searched = fold([row.name, ...row.functions, section.title].join(" "));
        const hasState = state === "" || splitState(row.downhill).state === state;
        return hasState && words.every((word) => searched.includes(word));
      }),
    }))
    .filter(({ rows }) => rows.length > 0);
}

/** @param {string} text */
const fold = (text) => text.toLowerCase().replaceAll("_", "");
