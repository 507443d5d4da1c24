// Long runs that the address holds by their settings.
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { PageState } from "./address.ts";
import type { AnyJob } from "./job.ts";

/** What such runs are. */
interface KeptRunsOf<O, T> {
  readonly page: Pick<PageState, "value">;
  /** Their name in the address. */
  readonly key: string;
  /** The settings of a run as text without `;` and `~`, different for different runs. */
  readonly write: (order: O) => string;
  /** @throws Error what is wrong with the text */
  readonly read: (text: string) => O;
  /** How often a run tells something until its end. */
  readonly lengthOf: (order: O) => number;
  /** How many are shown; of more the oldest go. */
  readonly most: number;
  readonly job: AnyJob;
  /** The run that is shown where the address names none, once `begin` has let it begin. Left out: none is. */
  readonly first?: O;
  /** Starts the job. */
  readonly run: (order: O, tell: (one: T) => void) => void;
}

/** Runs that are shown, with what they have told so far. */
export interface KeptRuns<O, T> {
  readonly runs: ReadonlySignal<readonly { readonly order: O; readonly told: readonly T[] }[]>;
  /** Runs anew with these settings, beside the others. */
  start(order: O): void;
  /** Lets the first run begin, if it is what the address stands for. */
  begin(): void;
  clear(): void;
}

interface Kept<O> {
  readonly order: O;
  /** How often it had told something when it ended, or was stopped; until then, how often it will have. */
  readonly until: number;
}

/**
 * Runs by their settings, which decide what they give: whoever opens a link has them run again, one after the other, up to where
 * they stood. To stop one leaves it where it is, and does not begin those that wait.
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
  const mayBegin = signal(false); // what nobody has asked for
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
