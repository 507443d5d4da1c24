// A process for one contestant in one row. It acts only on request, so that only one contestant works at a time.
// Started by entrant.mjs.
import { Absent, load } from "./libraries.mjs";
import { findRow } from "./rows/index.mjs";
import { programOf } from "./contestants.mjs";
import { units } from "./units.mjs";

const unprepared = async () => {
  throw new Error("nothing is prepared");
};
let turn = unprepared;
let checkAgain = unprepared;

// Without its parent it would never end.
process.on("disconnect", () => process.exit());
// Ctrl-C reaches the whole group; the parent ends its children itself.
process.on("SIGINT", () => {});

process.on("message", (message) => void answer(message));

async function answer({ order, ...rest }) {
  try {
    process.send({ ok: true, ...(await orders[order](rest)) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.send({ ok: false, absent: error instanceof Absent, reason });
  }
}

const orders = {
  /** Loads, prepares and runs a row's program a few times. Gives what it computed, and the number if that was all. */
  async prepare({ rowName, entrant, quick }) {
    const row = findRow(rowName);
    // Before the library: what a row measures may be the loading itself.
    const library = row.loads === false ? {} : await loaded(entrant);
    const program = row.programs[programOf(entrant.contestant)];
    const { check = [], value, step, base } = await program(library, { ...entrant, quick });
    if (step !== undefined) turn = row.kind === "ratio" ? ratioTurn(step, base) : speedTurn(row, step);
    if (typeof check === "function") checkAgain = check;
    return { check: typeof check === "function" ? await check() : check, value };
  },
  /** Checks the result of the hot step, because an engine recompiles hot code and may miscompile it. */
  async check() {
    return { check: await checkAgain() };
  },
  /** Warms up for `warmUp` seconds and finds the number of steps in a turn of `seconds` seconds. */
  async calibrate({ seconds, warmUp }) {
    return turn.calibrate(seconds, warmUp);
  },
  async turn() {
    return { value: await turn() };
  },
};

/** A library that does not load is absent from every row. */
async function loaded(entrant) {
  try {
    return await load(entrant);
  } catch (error) {
    if (error instanceof Absent) throw error;
    throw new Absent(error instanceof Error ? error.message : String(error));
  }
}

/** Sum of the steps' results. Without it an engine might drop the computation of an unused result. */
let seen = 0;

function look(result) {
  const first = Array.isArray(result) || ArrayBuffer.isView(result) ? result[0] : result;
  if (typeof first === "number") seen += first;
}

/** Seconds that `count` steps take. */
async function time(step, count) {
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const result = step();
    if (result instanceof Promise) await result;
    else look(result);
  }
  const seconds = (performance.now() - start) / 1000;
  if (seen === Infinity) seen = 0; // read, so that it has to be there
  return seconds;
}

/** Number of steps in `seconds` seconds, once the code is hot. */
async function countFor(step, seconds, warmUp) {
  const end = performance.now() + warmUp * 1000;
  let count = 1;
  let spent = await time(step, count);
  while (spent < seconds / 2 || (performance.now() < end && spent < seconds)) {
    count = spent < seconds / 2 ? count * 2 : count;
    spent = await time(step, count);
  }
  while (performance.now() < end) spent = await time(step, count);
  return { count: Math.max(1, Math.round((count * seconds) / spent)), each: spent / count };
}

function speedTurn({ unit, work = 1 }, step) {
  let count = 1;
  const run = async () => units[unit].of((await time(step, count)) / count, work);
  const calibrate = async (seconds, warmUp) => {
    const found = await countFor(step, seconds, warmUp);
    count = found.count;
    return { each: found.each };
  };
  return Object.assign(run, { calibrate });
}

/** The time of a step over that of another: both in each turn, so that a slow machine slows both. */
function ratioTurn(step, base) {
  let counts = [1, 1];
  const run = async () => {
    const below = (await time(base, counts[1])) / counts[1];
    return (await time(step, counts[0])) / counts[0] / below;
  };
  const calibrate = async (seconds, warmUp) => {
    const [above, below] = [
      await countFor(step, seconds / 2, warmUp / 2),
      await countFor(base, seconds / 2, warmUp / 2),
    ];
    counts = [above.count, below.count];
    return { each: above.each + below.each };
  };
  return Object.assign(run, { calibrate });
}
