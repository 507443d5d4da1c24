import { factsOf, listOptimizers, optimizerAliases, optimizerNames } from "./optimizer-table.ts";

/** Help for `--optimizer`, in lines that fit a terminal. */
export const optimizerHelp: string = lines(
  `${optimizerNames.join(", ").replace("sgd", "sgd (default)")}, ${Object.keys(optimizerAliases).join(", ")}; with options as in "adam(beta1=0.8, amsgrad)"`,
);

/** Help for `--lr`. */
export const rateHelp: string = lines(
  `learning rate (default of sgd: ${ratesOf("sgd")}; of adam: ${ratesOf("adam")}; others differ)`,
);

/** Help for `--momentum`. */
export const momentumHelp: string = lines(
  `momentum of ${listOptimizers(({ momentum }) => momentum === "momentum")}, from 0 to 1 (default of sgd: ${factsOf("sgd").initialMomentum})`,
);

/** Help for `--batch`. */
export const batchHelp: string = lines(
  "items per step: a number, 1 for stochastic, full for plain gradient descent " +
    `(default: digits and tables 32, images 64; ${listOptimizers(({ fullBatch }) => fullBatch !== undefined)} full)`,
);

function ratesOf(name: string): string {
  const { digits, table, images } = factsOf(name).rates;
  return digits === table
    ? `digits and tables ${digits}, images ${images}`
    : `digits ${digits}, tables ${table}, images ${images}`;
}

/** Wraps a text at 80 characters. */
function lines(text: string): string {
  return text.replaceAll(/(?=.{81})(.{1,80})\s/g, "$1\n");
}
