// The contestants and their modes. Every option of V8 that must be set at start is set here.

/**
 * Names of the contestants, downhill first: the ratios of the table are against it. "before" is another build of downhill,
 * given by --before.
 */
export const contestants = ["downhill", "before", "jax-js", "tfjs-wasm", "tfjs-cpu", "javascript"];

/** The entry of a row that a contestant uses: both backends of TensorFlow.js run the same program, both builds another. */
export function programOf(contestant) {
  if (contestant.startsWith("tfjs-")) return "tfjs";
  return contestant === "before" ? "downhill" : contestant;
}

/** V8's switch for vectors of 256 bits; downhill sets it itself by `enableTurbo`, the others get it at launch. */
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
 * The settings of a contestant that a row tries on one Node. Only downhill has threads in Node; what has no WebAssembly
 * has no turbo mode.
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

/** An entrant in words. */
export const nameOf = ({ contestant, mode, threads, node }) =>
  `${contestant} (${mode}, ${threads} thread${threads === 1 ? "" : "s"}, node ${node.major})`;
