// Measures the entrants of a row in turns. A machine that slows down for a while then slows all of them. Therefore the
// ratio of two medians is meaningful, unlike the ratio of two separate runs.
import { entrantsOf, contestants, nameOf, programOf } from "./contestants.mjs";
import { start } from "./entrant.mjs";
import { best, median } from "./units.mjs";

/**
 * A row of the bench: one task, and who can do it.
 *
 * A program gives `{ step, check }` ("speed"), `{ step, base, check }` ("ratio") or `{ value, check }`. `check` is what was
 * computed in a few numbers; of steps it is a function, called before the first turn and after the last one.
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} title description of the task
 * @property {string} unit one of units.mjs
 * @property {"speed" | "ratio" | "fresh" | "once"} kind "speed": steps are timed in turns. "ratio": the time of a step
 *   over that of another. "fresh": the program measures itself, each round in a new process. "once": it does so once.
 * @property {number} [work] floating point operations, bytes or elements of a step
 * @property {number} [tolerance] allowed relative difference between results of entrants; omitted if nothing is compared
 * @property {Record<string, (library: object, context: object) => unknown>} programs by contestant ("tfjs" is both)
 * @property {Record<string, string>} [lacks] why a contestant has no program
 * @property {boolean} [loads] false: the program needs no library
 * @property {string[]} [modes] the modes that make sense; all by default
 * @property {number[]} [threads] likewise
 * @property {string[]} [nodeFlags] flags of Node for this row
 * @property {number} [limit] seconds that preparing may take; 120 by default
 * @property {string[]} [skips] contestants that add nothing
 * @property {boolean} [oneNode] whether the version of Node makes no difference
 */

/**
 * One line of the output. `median` and `best` are null without a result; `reason` then says why.
 *
 * @typedef {object} Measurement
 * @property {string} row
 * @property {string} contestant
 * @property {string} mode
 * @property {number} threads
 * @property {string} unit
 * @property {number | null} median
 * @property {number | null} best
 * @property {string} node
 * @property {number[]} [check] what was computed, in a few numbers
 * @property {string} [reason]
 */

/** A step with at most this many turns per round is slow. Its entrant works in the first rounds only. */
const slowTurns = 20;
const roundsOfSlow = 3;

/** Features that a library lacks altogether (threads, a mode, the library itself), found once per setting. */
const absent = new Map();

/**
 * Runs a row.
 *
 * @param {Row} row
 * @param {object} options
 * @param {number} options.rounds
 * @param {number} options.turn seconds that one entrant works in one round
 * @param {number} options.warmUp seconds
 * @param {boolean} options.quick smaller counts where a row counts calls
 * @param {object[]} options.nodes
 * @param {Record<string, string | undefined>} options.dists the builds of downhill by contestant
 * @param {string[]} options.modes
 * @param {number[]} options.threads
 * @param {(contestant: string) => boolean} options.wanted
 * @param {(text: string) => void} options.progress
 * @returns {Promise<{ measurements: Measurement[], wrong: string[] }>}
 */
export async function runRow(row, options) {
  const entrants = findEntrants(row, options);
  const out = new Map(entrants.map((entrant) => [entrant, undefined]));
  const running = [];
  try {
    for (const entrant of entrants) {
      options.progress(`${row.name}: ${nameOf(entrant)} prepares`);
      const prepared = await prepare(row, entrant, options);
      if (prepared.reason === undefined) running.push(prepared);
      else out.set(entrant, { reason: prepared.reason, isKnown: prepared.isKnown });
    }
    const wrong = [];
    const dismiss = async (found) => {
      wrong.push(...found);
      for (const [one, reason] of found) {
        out.set(one.entrant, { reason });
        running.splice(running.indexOf(one), 1);
        await one.stop();
      }
    };
    await dismiss(refuse(row, running));
    await takeTurns(row, running, options);
    if (row.kind === "speed" || row.kind === "ratio") await dismiss(await refuseHot(row, running));
    for (const { entrant, values, check, reason } of running) out.set(entrant, { values, check, reason });
    return {
      measurements: [...out]
        .filter(([, result]) => result.isKnown !== true)
        .map(([entrant, result]) => toMeasurement(row, entrant, result)),
      wrong: wrong.map(([one, reason]) => `${row.name}: ${nameOf(one.entrant)} is refused: ${reason}`),
    };
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
}

/** All entrants of a row, in every sensible setting. */
function findEntrants(row, options) {
  const latest = options.nodes.toSorted((a, b) => b.major - a.major).slice(0, 1);
  const nodes = row.oneNode === true ? latest : options.nodes;
  const both = (all, some = all) => all.filter((one) => some.includes(one));
  const { dists } = options;
  const settings = {
    modes: both(options.modes, row.modes),
    threads: both(options.threads, row.threads),
    dists,
  };
  return contestants
    .filter(
      (contestant) =>
        options.wanted(contestant) &&
        row.programs[programOf(contestant)] !== undefined &&
        row.skips?.includes(contestant) !== true,
    )
    .filter((contestant) => contestant !== "before" || dists.before !== undefined)
    .flatMap((contestant) => nodes.flatMap((node) => entrantsOf(contestant, node, settings)));
}

async function prepare(row, entrant, { quick }) {
  const setting = nameOf(entrant);
  if (absent.has(setting)) return { reason: absent.get(setting).reason, isKnown: true };
  const worker = start(entrant, row.nodeFlags);
  const { contestant, mode, threads, dist } = entrant;
  const plain = { contestant, mode, threads, dist };
  const answer = await worker.ask("prepare", { rowName: row.name, entrant: plain, quick }, row.limit);
  if (answer.ok) {
    const { check, value } = answer;
    return { entrant, ...worker, check, values: value === undefined ? [] : [value] };
  }
  await worker.stop();
  if (answer.absent) {
    absent.set(setting, { setting, reason: answer.reason, isNeeded: isNeeded(entrant) });
    return { reason: answer.reason, isKnown: true };
  }
  return { reason: answer.reason };
}

/** True if a missing entrant is a failure. Downhill must be present, but modes and threads depend on the engine. */
const isNeeded = ({ contestant, mode, threads }) =>
  contestant === "downhill" && mode === "plain" && threads === 1;

/** Settings without any row, with the reason, for the end of the output. */
export const absences = () => [...absent.values()];

/**
 * Returns the entrants with wrong results. The reference is hand-written JavaScript or, without it, the majority of
 * entrants. A comparison of programs that compute different things is worth nothing.
 */
export function refuse({ tolerance }, running) {
  if (tolerance === undefined || running.length < 2) return [];
  const reference =
    running.find(({ entrant }) => entrant.contestant === "javascript") ??
    running.toSorted((a, b) => friends(b) - friends(a))[0];
  function friends(one) {
    return running.filter((other) => difference(one.check, other.check) <= tolerance).length;
  }
  return running.flatMap((one) => {
    const off = difference(one.check, reference.check);
    if (off <= tolerance) return [];
    const text = `its result differs by ${off.toExponential(1)} from that of ${nameOf(reference.entrant)}, allowed are ${tolerance}`;
    return [[one, text]];
  });
}

/** Returns the entrants whose hot code computes a different result. */
async function refuseHot({ tolerance = Infinity }, running) {
  const found = [];
  for (const one of running) {
    if (one.reason !== undefined || tolerance === Infinity) continue;
    const answer = await one.ask("check");
    const off = answer.ok ? difference(answer.check, one.check) : Infinity;
    if (!answer.ok) one.reason = answer.reason;
    else if (off > tolerance)
      found.push([
        one,
        `its result moved by ${off.toExponential(1)} once its code was hot, allowed are ${tolerance}`,
      ]);
  }
  return found;
}

/** The largest relative difference of two lists of numbers. */
function difference(a, b) {
  if (a.length !== b.length || a.length === 0) return Infinity;
  const size = Math.max(...a.map(Math.abs), ...b.map(Math.abs));
  const off = a.map((x, i) => Math.abs(x - b[i]) / Math.max(Math.abs(x), Math.abs(b[i]), size * 1e-3, 1e-30));
  const largest = Math.max(...off);
  return Number.isNaN(largest) ? Infinity : largest;
}

async function takeTurns(row, running, { rounds, turn, warmUp, quick, progress }) {
  if (row.kind === "once") return;
  if (row.kind === "fresh") return repeatFresh(row, running, { rounds, quick, progress });
  for (const one of running) {
    progress(`${row.name}: ${nameOf(one.entrant)} warms up`);
    const answer = await one.ask("calibrate", { seconds: turn, warmUp });
    if (answer.ok) one.rounds = answer.each > slowTurns * turn ? Math.min(rounds, roundsOfSlow) : rounds;
    else one.reason = answer.reason;
  }
  for (let round = 0; round < rounds; round++) {
    progress(`${row.name}: round ${round + 1} of ${rounds}`);
    // Each round begins with another entrant, so that no entrant always follows the same one.
    for (let i = 0; i < running.length; i++) {
      const one = running[(round + i) % running.length];
      if (one.reason !== undefined || round >= one.rounds) continue;
      const answer = await one.ask("turn");
      if (answer.ok) one.values.push(answer.value);
      else one.reason = answer.reason;
    }
  }
}

/** Rounds with a new process each, which are slow. */
const roundsOfFresh = 7;

/** Rounds of tasks that run once per process. The preparation was the first round. */
async function repeatFresh(row, running, { rounds, quick, progress }) {
  await Promise.all(running.map((one) => one.stop()));
  const count = Math.min(rounds, roundsOfFresh);
  for (let round = 1; round < count; round++) {
    progress(`${row.name}: round ${round + 1} of ${count}`);
    for (const one of running.filter(({ reason }) => reason === undefined)) {
      const again = await prepare(row, one.entrant, { quick });
      if (again.reason !== undefined) one.reason = again.reason;
      else one.values.push(...again.values);
      await again.stop?.();
    }
  }
}

function toMeasurement(row, { contestant, mode, threads, node }, { values = [], check, reason }) {
  const measured = values.length > 0 && reason === undefined;
  return {
    row: row.name,
    contestant,
    mode,
    threads,
    unit: row.unit,
    median: measured ? median(values) : null,
    best: measured ? best(row.unit, values) : null,
    node: node.version,
    ...(row.tolerance === undefined || !measured ? {} : { check }),
    ...(reason === undefined ? {} : { reason }),
  };
}
