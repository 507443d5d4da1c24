// Rows that summarise other rows: the cost of gradients over all functions.

const prefix = "gradient-cost-";
export const summaryRows = [
  { name: "gradient-cost", title: "geometric mean of the rows gradient-cost-*", of: geometricMean },
  {
    name: "gradient-cost-largest",
    title: "largest of the rows gradient-cost-*",
    of: (xs) => Math.max(...xs),
  },
].map((row) => ({ ...row, unit: "x" }));

function geometricMean(values) {
  return Math.exp(values.reduce((sum, x) => sum + Math.log(x), 0) / values.length);
}

const settingOf = ({ contestant, mode, threads, node }) => [contestant, mode, threads, node].join(" ");

/**
 * The summaries of measurements, for each setting that has a number in every row: a mean of other functions would be
 * another mean.
 *
 * @param {import("./measure.mjs").Measurement[]} measurements
 * @param {string[]} names of all rows that there are
 */
export function summarise(measurements, names) {
  const needed = names.filter((name) => name.startsWith(prefix));
  const groups = groupBy(
    measurements.filter((one) => needed.includes(one.row) && one.median !== null),
    settingOf,
  );
  return [...groups.values()]
    .filter((all) => all.length === needed.length)
    .flatMap((all) =>
      summaryRows.map(({ name, unit, of }) => ({
        ...all[0],
        row: name,
        unit,
        median: of(all.map((one) => one.median)),
        best: of(all.map((one) => one.best)),
        check: undefined,
      })),
    );
}

/** `Map.groupBy`, which Node 20 lacks. */
export function groupBy(items, keyOf) {
  const out = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (out.has(key)) out.get(key).push(item);
    else out.set(key, [item]);
  }
  return out;
}

/** The measurement of downhill to compare with: that of the same setting, otherwise plain on one thread. */
export function baseOf(measurements, { row, mode, threads, node }) {
  const ours = measurements.filter(
    (one) => one.row === row && one.contestant === "downhill" && one.node === node && one.median !== null,
  );
  return (
    ours.find((one) => one.mode === mode && one.threads === threads) ??
    ours.find((one) => one.mode === "plain" && one.threads === 1)
  );
}
