import { readdirSync } from "node:fs";
import { beforeOpening, launchVariables } from "../../training/distributed/launched.ts";

/**
 * A Node module as a data URL. It makes a rank leave a file if the rank ends with exit code 0 without having opened
 * MPI.
 */
const watchExit = `data:text/javascript,${encodeURIComponent(`
import { existsSync, writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
const { env } = process;
const rank = env.OMPI_COMM_WORLD_RANK ?? env.PMI_RANK;
if (isMainThread && env.${launchVariables.watched} !== undefined && rank !== undefined) {
  delete env.${launchVariables.watched};
  const folder = env.${launchVariables.running};
  process.on("exit", (code) => {
    if (code === 0 && !existsSync(folder + "/" + rank)) writeFileSync(folder + "/${beforeOpening.gone}" + rank, "");
  });
}
`)}`;

/** Node options and variables of ranks that `watchOpening` watches. */
export const watched: {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} = { words: ["--import", watchExit], env: { [launchVariables.watched]: "1" } };

const everyMilliseconds = 500;

/**
 * Watches for a rank that has ended before it opened MPI, while another rank waits for it.
 *
 * @param found is called at most once, with a sentence
 * @returns a function that ends the watch
 */
export function watchOpening(running: string, found: (text: string) => void): () => void {
  const numbersOf = (names: readonly string[], start: string): number[] =>
    names.filter((name) => name.startsWith(start)).map((name) => Number(name.slice(start.length)));
  const timer = setInterval(() => {
    const names = readdirSync(running);
    const [gone] = numbersOf(names, beforeOpening.gone);
    const [opening] = numbersOf(names, beforeOpening.opening);
    if (gone === undefined || opening === undefined) return;
    clearInterval(timer);
    found(
      `rank ${gone} has ended with exit code 0 and without openMpi(), while rank ${opening} waits for it; all ranks are ended. ` +
        "Either all ranks of a run open MPI or none.",
    );
  }, everyMilliseconds);
  return () => clearInterval(timer);
}
