// Long runs whose settings are stored in the address.
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { PageState } from "./address.ts";
import type { AnyJob } from "./job.ts";

/** Definition of a kind of runs that a page keeps, with settings of type O and reports of type T. */
interface KeptRunsOf<O, T> {
  readonly page: Pick<PageState, "value">;
  /** Key in the address. */
  readonly key: string;
  /** Encodes the settings of a run as text without `;` and `~`. Different runs must give different texts. */
  readonly write: (order: O) => string;
  /**
   * Parses the settings of a run from the text that `write` returns.
   *
   * @throws Error for an invalid text
   */
  readonly read: (text: string) => O;
  /** Total number of reports of a run. */
  readonly lengthOf: (order: O) => number;
  /** Maximum number of runs shown. Additional runs replace the oldest. */
  readonly most: number;
  readonly job: AnyJob;
  /** Run that `begin` starts if the address lists no runs. Default: none. */
  readonly first?: O;
  /** Starts the job of a run; `tell` receives each report. */
  readonly run: (order: O, tell: (one: T) => void) => void;
}

/** The shown runs, with their reports so far. */
export interface KeptRuns<O, T> {
  readonly runs: ReadonlySignal<readonly { readonly order: O; readonly told: readonly T[] }[]>;
  /** Starts a run with these settings, in addition to the others. */
  start(order: O): void;
  /** Permits the initial run `first` to start. Without this call it never starts by itself. */
  begin(): void;
  clear(): void;
}

interface Kept<O> {
  readonly order: O;
  /** Number of reports when the run ended or was stopped; while it runs, the expected total. */
  readonly until: number;
}

/**
 * Runs identified by their settings, which determine their results. Opening a link repeats its runs one after another,
 * up to their previous progress. Stopping a run keeps its progress and cancels the waiting ones.
 */
export function keptRuns<O, T>({
  page,
  key,
  write,
  read,
  lengthOf,
  most,
  job,
  first,
  run,
}: KeptRunsOf<O, T>): KeptRuns<O, T> {
  const initial = first === undefined ? [] : [{ order: first, until: lengthOf(first) }];
  const writeAll = (all: readonly Kept<O>[]): string =>
    all.map(({ order, until }) => `${write(order)}~${until}`).join(";");
  const kept = page.value<readonly Kept<O>[]>(
    key,
    initial,
    (text) => (text === "" ? [] : text.split(";").slice(0, most).map(readOne)),
    writeAll,
  );
  const mayBegin = signal(false); // true if the initial run may start
  const results = signal<ReadonlyMap<string, readonly T[]>>(new Map());
  let running: string | undefined;

  function readOne(text: string): Kept<O> {
    const [settings = "", until = ""] = text.split("~");
    const order = read(settings);
    const count = Number(until);
    if (!Number.isInteger(count) || count < 1 || count > lengthOf(order))
      throw new Error(`a run ends after 1 to ${lengthOf(order)} and not after “${until}”`);
    return { order, until: count };
  }

  const toldBy = (name: string): readonly T[] => results.peek().get(name) ?? [];
  const put = (name: string, told: readonly T[]): void => {
    results.value = new Map(results.peek()).set(name, told);
  };

  function begin({ order, until }: Kept<O>): void {
    const name = write(order);
    running = name;
    put(name, []);
    run(order, (one) => {
      const told = [...toldBy(name), one];
      put(name, told);
      if (told.length === until && until < lengthOf(order)) job.stop();
    });
  }

  effect(() => {
    const all = kept.value;
    if (job.isRunning.value) {
      if (!all.some(({ order }) => write(order) === running)) job.stop();
      return;
    }
    const ended = all.find(({ order }) => write(order) === running);
    const isEarly = ended !== undefined && toldBy(write(ended.order)).length < ended.until;
    running = undefined;
    if (isEarly) {
      kept.value = all.flatMap(({ order, until }) => {
        const count = Math.min(until, toldBy(write(order)).length);
        return count === 0 ? [] : [{ order, until: count }];
      });
      return;
    }
    const next = all.find(({ order, until }) => toldBy(write(order)).length < until);
    if (next !== undefined && (mayBegin.value || writeAll(all) !== writeAll(initial))) begin(next);
  });

  return {
    runs: computed(() =>
      kept.value.map(({ order, until }) => ({
        order,
        told: (results.value.get(write(order)) ?? []).slice(0, until),
      })),
    ),
    start(order) {
      const name = write(order);
      put(name, []);
      const others = kept.peek().filter((one) => write(one.order) !== name);
      kept.value = [...others, { order, until: lengthOf(order) }].slice(-most);
    },
    begin() {
      mayBegin.value = true;
    },
    clear() {
      kept.value = [];
    },
  };
}
