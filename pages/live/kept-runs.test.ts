import { type Signal, signal } from "@preact/signals";
import { expect, test } from "vitest";
import { keptRuns, type KeptRuns } from "./kept-runs.ts";

/** Runs that report 1, 2, … when the test says so. The number of reports is the number of letters of their settings. */
function made(first?: string): {
  /** The state in the address. */
  readonly address: () => string;
  /** Opens a link. */
  readonly open: (text: string) => void;
  readonly kept: KeptRuns<string, number>;
  readonly job: { stop(): void };
  readonly begun: string[];
  /** Lets the running job report the given number of times, and end when it is complete. */
  go(times: number): void;
} {
  let address = (): string => "";
  let open: (text: string) => void = () => {};
  const value = <T>(
    _: string,
    initial: T,
    read: (text: string) => T,
    write: (one: T) => string,
  ): Signal<T> => {
    const held = signal(initial);
    address = () => write(held.value);
    open = (text) => {
      held.value = read(text);
    };
    return held;
  };
  const isRunning = signal(false);
  const begun: string[] = [];
  let tell: (one: number) => void = () => {};
  let told = 0;
  const job = {
    isRunning,
    problem: signal(""),
    stop: () => {
      isRunning.value = false;
    },
  };
  const kept = keptRuns<string, number>({
    page: { value },
    key: "runs",
    write: String,
    read: (text) => {
      if (!/^[a-z]+$/.test(text)) throw new Error("a run is some letters");
      return text;
    },
    lengthOf: ({ length }) => length,
    most: 2,
    job,
    ...(first === undefined ? {} : { first }),
    run: (order, hear) => {
      begun.push(order);
      [tell, told] = [hear, 0];
      isRunning.value = true;
    },
  });
  const go = (times: number): void => {
    for (let i = 0; i < times && isRunning.value; i++) {
      tell(++told);
      if (told === begun.at(-1)!.length) isRunning.value = false;
    }
  };
  return { address, open, kept, job, begun, go };
}

test("completed and stopped runs are in the address with their progress", () => {
  const { address, kept, job, go } = made();
  kept.start("abcd");
  expect(address()).toBe("abcd~4");
  go(4);
  kept.start("xyz");
  go(2);
  job.stop();
  expect(address()).toBe("abcd~4;xyz~2");
  expect(kept.runs.value).toEqual([
    { order: "abcd", told: [1, 2, 3, 4] },
    { order: "xyz", told: [1, 2] },
  ]);
});

test("an initial run is not in the address, starts on `begin`, and is removed by a link with another state", () => {
  const { address, open, kept, go, begun } = made("abc");
  const initial = address();
  expect(initial).toBe("abc~3");
  expect(begun).toEqual([]);
  kept.begin();
  expect(begun).toEqual(["abc"]);
  go(9);
  expect(kept.runs.value).toEqual([{ order: "abc", told: [1, 2, 3] }]);
  expect(address()).toBe(initial);
  kept.clear();
  expect(address()).toBe("");
  open("xyz~2");
  expect(begun).toEqual(["abc", "xyz"]);
});

test("a link starts immediately, also with the initial run among its runs", () => {
  const { open, begun, go } = made("abc");
  open("abc~3;xyz~3");
  expect(begun).toEqual(["abc"]);
  go(9);
  expect(begun).toEqual(["abc", "xyz"]);
});

test("a run that is stopped before its first report is removed", () => {
  const { address, kept, job } = made();
  kept.start("abc");
  job.stop();
  expect(address()).toBe("");
  expect(kept.runs.value).toEqual([]);
});

test("the oldest runs beyond the maximum are removed, and equal settings run again", () => {
  const { kept, go, begun } = made();
  for (const order of ["a", "bb", "ccc", "bb"]) {
    kept.start(order);
    go(9);
  }
  expect(begun).toEqual(["a", "bb", "ccc", "bb"]);
  expect(kept.runs.value.map(({ order }) => order)).toEqual(["ccc", "bb"]);
  kept.clear();
  expect(kept.runs.value).toEqual([]);
});

test("a link repeats its runs one after another, up to their progress", () => {
  const { open, kept, go, begun } = made();
  open("abcd~4;xyz~2");
  expect(begun).toEqual(["abcd"]);
  go(9);
  expect(begun).toEqual(["abcd", "xyz"]);
  go(9);
  expect(kept.runs.value.map(({ told }) => told.length)).toEqual([4, 2]);
  expect(begun).toHaveLength(2);
});

test("stopping the first run of a link does not start the others", () => {
  const { open, kept, go, begun, job } = made();
  open("abcd~4;xyz~2");
  go(1);
  job.stop();
  expect(begun).toEqual(["abcd"]);
  expect(kept.runs.value).toEqual([{ order: "abcd", told: [1] }]);
});

test.each([
  ["abcd~9", "after 1 to 4"],
  ["abcd", "after 1 to 4"],
  ["4~1", "some letters"],
])("a damaged link is rejected: %s", (text, words) => {
  const { open, begun } = made();
  expect(() => open(text)).toThrow(words);
  expect(begun).toEqual([]);
});

test("the back button stops a running run", () => {
  const { open, kept, begun, go } = made();
  kept.start("abc");
  go(1);
  open("");
  expect(kept.runs.value).toEqual([]);
  open("abc~3"); // and forth
  expect(begun).toEqual(["abc", "abc"]);
});
