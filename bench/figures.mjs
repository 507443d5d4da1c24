// The measured figures on the first screens of the README and the site, from the table that bench/report.mjs wrote into the README.
//
// Usage: node bench/figures.mjs     writes their table into the README, between its marks
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [opening, closing] = ["<!-- figures: written by node bench/figures.mjs -->", "<!-- /figures -->"];

/** The shown rows: what was measured, in a few words, and the contestants that downhill is compared with. */
const shown = [
  {
    row: "mlp-784-128-10-sgd",
    work: "training a network 784-128-10, batch 64",
    others: ["jax-js", "tfjs-wasm"],
  },
  { row: "lstm-sgd", work: "training an LSTM, 32 steps, batch 16", others: ["jax-js", "tfjs-wasm"] },
  {
    row: "elementwise-f32-gradient",
    work: "per element, gradient of tanh(x)·exp(−x²) + sin(x)",
    others: ["jax-js", "javascript"],
  },
  {
    row: "rosenbrock-10",
    work: "gradient of Rosenbrock's function of 10 variables",
    others: ["jax-js", "javascript"],
  },
  { row: "bundle-compiled", work: "compiled gradients and optimisers, gzip", others: ["jax-js", "tfjs-cpu"] },
];

/** Names of contestants for readers. */
const names = /** @type {Record<string, string>} */ ({
  "tfjs-wasm": "TensorFlow.js",
  "tfjs-cpu": "TensorFlow.js",
  javascript: "by hand in JavaScript",
});

/**
 * @typedef {object} Figure
 * @property {string} value with its unit: "1,943 steps/s"
 * @property {string} work what was measured
 * @property {string} compared values of other libraries: "jax-js 802, TensorFlow.js 152"
 */

/**
 * The figures of a README, and the sentence that states when and where they were measured.
 *
 * @param {string} readme
 * @returns {{ figures: Figure[], measured: string }}
 */
export function figuresOf(readme) {
  const measured = /^(Medians of one run on .*?):$/m.exec(readme)?.[1];
  if (measured === undefined) throw new Error("the README has no table of bench/report.mjs");
  const lines = readme.split("\n").map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const head = lines.find((cells) => cells[0] === "row") ?? [];
  const figures = shown.map(({ row, work, others }) => {
    const cells = lines.find((line) => line[0] === `\`${row}\``);
    if (cells === undefined) throw new Error(`the table of the README has no row ${row}`);
    const unit = cells[1] ?? "";
    const valueOf = (/** @type {string} */ name) => {
      const value = cells[head.indexOf(name)];
      if (value === undefined || value === "–") throw new Error(`row ${row} has no value of ${name}`);
      return unit === "B" ? (Number(value.replaceAll(",", "")) / 1000).toFixed(0) : value;
    };
    return {
      value: `${valueOf("downhill")} ${unit === "B" ? "KB" : unit}`,
      work,
      compared: others.map((name) => `${names[name] ?? name} ${valueOf(name)}`).join(", "),
    };
  });
  return { figures, measured };
}

/** A README with the table of its figures. @param {string} readme */
export function withFigures(readme) {
  const { figures } = figuresOf(readme);
  const [from, to] = [readme.indexOf(opening), readme.indexOf(closing)];
  if (from < 0 || to < from) throw new Error("the README has no marks for the figures");
  const row = (/** @type {(figure: Figure) => string} */ cell) => `| ${figures.map(cell).join(" | ")} |`;
  const table = [
    row(({ value }) => value),
    row(() => "---"),
    row(({ work }) => work),
    row(({ compared }) => compared),
  ];
  const body = ["<!-- prettier-ignore-start -->", table.join("\n"), "<!-- prettier-ignore-end -->"];
  return `${readme.slice(0, from + opening.length)}\n\n${body.join("\n\n")}\n\n${readme.slice(to)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL("../README.md", import.meta.url);
  writeFileSync(file, withFigures(readFileSync(file, "utf8")));
}
