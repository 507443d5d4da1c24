// Measures the contestants of a row in turns. A machine that slows down for a while then slows all of them, and the
// ratio of two medians means something that the ratio of two separate runs does not.

/**
 * @typedef {object} Entry one contestant of a row in one mode
 * @property {string} contestant
 * @property {string} mode "eager", "jit" or a word that the row explains
 * @property {() => Promise<Prepared>} prepare
 *
 * @typedef {object} Prepared
 * @property {() => number | Promise<number>} step does the work once and returns a number that depends on all of it
 * @property {() => unknown} [enter] called before each turn
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} title
 * @property {number} tolerance relative difference allowed between what the contestants compute
 * @property {Entry[]} entries
 */

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Seconds that `count` steps take. */
async function time(step, count) {
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const result = step();
    if (typeof result !== "number") await result;
  }
  return (performance.now() - start) / 1000;
}

/**
 * Runs a row and returns a measurement for each entry, in microseconds a step.
 *
 * @param {Row} row
 * @param {{ rounds: number, turn: number }} options rounds, and seconds that one turn of one contestant lasts
 */
export async function runRow(row, { rounds, turn }) {
  const running = [];
  for (const { contestant, mode, prepare } of row.entries) {
    const { step, enter } = await prepare();
    await enter?.();
    // The third step, so that two updates lie behind the number that is compared.
    const values = [await step(), await step(), await step()];
    running.push({ contestant, mode, step, enter, value: values[2], count: 1, times: [] });
  }
  agree(row, running);

  // Doubles the number of steps until a turn is long enough, which also warms everything up.
  for (const one of running) {
    await one.enter?.();
    let seconds = await time(one.step, one.count);
    while (seconds < turn / 2) {
      one.count *= 2;
      seconds = await time(one.step, one.count);
    }
    one.count = Math.max(1, Math.round((one.count * turn) / seconds));
  }

  for (let round = 0; round < rounds; round++) {
    // Each round begins with another contestant: none always follows the same one.
    for (let i = 0; i < running.length; i++) {
      const one = running[(round + i) % running.length];
      await one.enter?.();
      one.times.push((await time(one.step, one.count)) / one.count);
    }
  }
  return running.map(({ contestant, mode, times }) => ({
    row: row.name,
    contestant,
    mode,
    threads: 1,
    unit: "us",
    median: median(times) * 1e6,
    best: Math.min(...times) * 1e6,
    node: process.version,
  }));
}

/** A comparison of programs that compute different things is worth nothing. */
function agree({ name, tolerance }, running) {
  const [first] = running;
  for (const { contestant, mode, value } of running) {
    if (!(Math.abs(value - first.value) <= tolerance * Math.max(1, Math.abs(first.value)))) {
      throw new Error(
        `${name}: ${contestant} (${mode}) computed ${value}, but ${first.contestant} (${first.mode}) ${first.value}`,
      );
    }
  }
}
