import { DownhillError } from "../../engine/errors/index.ts";
import { beginBelow, placeOf, usersFrames } from "../../engine/errors/stack.ts";

const known = ["params", "state", "history", "step", "stopped", "best", "time", "warnings"];
const promised = ["catch", "finally"];

/**
 * Defines on a run the properties that only its awaited result has, so that reading one throws an error with advice
 * instead of returning `undefined`. Does the same for `catch`, `finally` and synchronous iteration.
 */
export function explainUnawaited(run: object): void {
  for (const name of [...known, ...promised]) {
    Object.defineProperty(run, name, {
      configurable: true,
      get: function get() {
        const text = known.includes(name)
          ? `fit: ${name} is available when the run is over. Write await, as in const { ${name} } = await fit(…).` +
            (name === "stopped" ? "" : ` The value so far is latest.${name} of the run.`)
          : `fit: a run has no ${name}. Write await fit(…) inside of try, or Promise.resolve(run).${name}(…).`;
        throw beginBelow(new DownhillError("option", text), get);
      },
    });
  }
  Object.defineProperty(run, Symbol.iterator, {
    configurable: true,
    value: function iterator(): never {
      throw beginBelow(
        new DownhillError("option", "fit: the events of a run are asynchronous. Write for await (… of run)."),
        iterator,
      );
    },
  });
}

/** Call sites of runs that have not begun. */
const idle = new Set<() => string>();
let isWatching = false;

/**
 * Warns at the end of a process without errors, if the platform can, when the run created at `call` has not begun by
 * then.
 */
export function watchIdle(call: () => string): void {
  idle.add(call);
  if (isWatching) return;
  isWatching = true;
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  process?.once?.("exit", (code) => {
    if (code === 0) for (const made of idle) warnIdle(made());
  });
}

/** Removes a run that has begun from the list of idle ones. */
export function noteBegun(call: () => string): void {
  idle.delete(call);
}

function warnIdle(stack: string): void {
  const place = placeOf(usersFrames(stack)[0] ?? "");
  const where = place === undefined ? "" : ` of ${place.file.replace(/^file:\/\//, "")}:${place.line}`;
  // oxlint-disable-next-line no-console -- the process is ending, and a silent exit would hide that nothing was trained
  console.warn(
    `fit: the run${where} never began, so nothing was trained. A run begins when it is awaited: write await fit(…).`,
  );
}
