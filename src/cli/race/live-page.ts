import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { landscapeSvg, type Race } from "../../pictures/landscapes/index.ts";
import { writeDocument } from "../../pictures/plot/document.ts";
import { escapeText } from "../../pictures/plot/markup.ts";
import { builtFolder } from "../shared/built-folder.ts";
import { splitAtCommas } from "../shared/call-text.ts";
import { type OptimizerChoice, readOptimizer } from "../shared/optimizers.ts";
import { definitionOf, type RaceArguments } from "./program.ts";

/** Options of optimisers that a page can set: for each optimiser, their names in the library and on the page. */
const settable: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  sgd: { learningRate: "lr", momentum: "momentum" },
  adagrad: { learningRate: "lr" },
  rmsprop: { learningRate: "lr", alpha: "alpha" },
  adam: { learningRate: "lr", beta1: "beta1", beta2: "beta2" },
};

/** A page in which the race runs, or the reason why a page cannot run it. */
export type LivePage = { readonly page: string } | { readonly reason: string };

/**
 * Writes a self-contained page in which the race runs: the user chooses start, optimisers, settings and the formula.
 * Without scripts it shows the picture of the race.
 */
export function liveRacePage(shown: Race, asked: RaceArguments): LivePage {
  const { landscape, noise, start, steps } = shown;
  const definition = definitionOf(asked.landscape);
  if (typeof definition !== "string") return { reason: "the landscape is not a formula" };
  if (landscape.coordinates.length !== 2) return { reason: "the landscape is not a function of two numbers" };
  if (shown.region !== undefined) return { reason: "it has constraints" };
  if (noise > 0) return { reason: "the gradients have noise" };
  if (steps > mostSteps) return { reason: `more than ${mostSteps.toLocaleString("en")} steps` };
  const racers = racersText(asked.optimizers, steps);
  if (racers === undefined) return { reason: "an optimiser or an option that pages do not have" };
  const folder = builtFolder("race-page");
  if (folder === undefined) return { reason: "the build contains no script for it" };
  const { domain, minima, saddles, lowest } = landscape;
  const data = {
    formula: definition,
    start,
    racers,
    steps: Math.max(leastSteps, steps),
    ...(domain === undefined ? {} : { box: domain }),
    minima,
    saddles,
    ...(lowest === undefined ? {} : { lowest: String(lowest) }),
  };
  return { page: pageOf(shown, data, folder) };
}

const leastSteps = 10; // limit for a race in a page
const mostSteps = 1000;

/**
 * Converts a list of optimisers to the syntax of the page; `undefined` if the page lacks one of them or one of their
 * options.
 */
function racersText(text: string, steps: number): string | undefined {
  const racers: string[] = [];
  for (const part of splitAtCommas(text)) {
    const racer = racerText(readOptimizer(part, { what: "--optimizers", steps }));
    if (racer === undefined) return undefined;
    racers.push(racer);
  }
  return racers.join(";");
}

function racerText({ name, options }: OptimizerChoice): string | undefined {
  const keys = settable[name];
  const { amsgrad = false, nesterov = false, ...numbers } = options;
  if (keys === undefined || (amsgrad !== false && name !== "adam")) return undefined;
  const settings: string[] = [];
  for (const [key, value] of Object.entries(numbers)) {
    if (!Object.hasOwn(keys, key) || typeof value !== "number") return undefined;
    settings.push(`${keys[key]!}=${value}`);
  }
  const hasMomentum = name === "sgd" && options["momentum"] !== undefined && options["momentum"] !== 0;
  const kind = hasMomentum
    ? nesterov === true
      ? "nesterov"
      : "momentum"
    : amsgrad === true
      ? "amsgrad"
      : name;
  return `${kind}:${settings.join(",")}`;
}

function pageOf(shown: Race, data: object, folder: string): string {
  const text = readFileSync(join(folder, "race.js"), "utf8").replaceAll("</script", "<\\/script");
  const title = `A race on ${shown.landscape.formula}`;
  return writeDocument({
    title,
    style: readFileSync(join(folder, "assets/style.css"), "utf8"),
    body: [
      '<main id="main">',
      `<header class="title"><h1>${escapeText(title)}</h1>`,
      '<p class="claim">Click for a start, drag rates, add an optimiser, change the formula: the race runs in this page.</p></header>',
      `<div id="page" class="scroll" role="group" tabindex="0" aria-label="The race as a picture">${landscapeSvg(shown)}</div>`,
      "</main>",
    ].join("\n"),
    data: { id: "race", value: data },
    scripts: [{ text, hash: `sha256-${createHash("sha256").update(text).digest("base64")}` }],
    compiles: true,
  });
}
