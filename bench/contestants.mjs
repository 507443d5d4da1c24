// The contestants and their modes. Every option of V8 that must be set at start is set here.

/**
 * Names of the contestants, downhill first, because the table shows ratios to it. "before" is another build of
 * downhill, given by --before.
 */
export const contestants = ["downhill", "before", "jax-js", "tfjs-wasm", "tfjs-cpu", "javascript"];

/**
 * The program of a row that a contestant uses. Both backends of TensorFlow.js share one, and so do both builds of
 * downhill.
 */
export function programOf(contestant) {
  if (contestant.startsWith("tfjs-")) return "tfjs";
  return contestant === "before" ? "downhill" : contestant;
}

/** V8's switch for 256-bit vectors. downhill sets it with `enableTurbo`; other contestants get it at launch. */
const turboFlags = ["--experimental-wasm-revectorize"];

/**
 * One contestant in one setting.
 *
 * @typedef {object} Entrant
 * @property {string} contestant
 * @property {"plain" | "turbo"} mode
 * @property {number} threads
 * @property {{ path: string, version: string, major: number }} node
 * @property {string[]} flags of V8
 * @property {string | undefined} dist the build, where the contestant is one of downhill
 */

/**
 * The settings of a contestant for a row on one version of Node. Only downhill has threads in Node. A contestant
 * without WebAssembly has no turbo mode.
 *
 * @returns {Entrant[]}
 */
export function entrantsOf(contestant, node, { modes, threads, dists }) {
  const isOurs = programOf(contestant) === "downhill";
  const hasTurbo = isOurs || (["jax-js", "tfjs-wasm"].includes(contestant) && node.major >= 24);
  const counts = isOurs ? threads : threads.filter((n) => n === 1);
  return modes
    .filter((mode) => mode === "plain" || hasTurbo)
    .flatMap((mode) =>
      counts.map((n) => ({
        contestant,
        mode,
        threads: n,
        node,
        flags: mode === "turbo" && !isOurs ? turboFlags : [],
        dist: dists[contestant],
      })),
    );
}

/** Readable name of an entrant. */
export const nameOf = ({ contestant, mode, threads, node }) =>
  `${contestant} (${mode}, ${threads} thread${threads === 1 ? "" : "s"}, node ${node.major})`;
