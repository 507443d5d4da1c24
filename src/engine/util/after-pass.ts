/** Observes the result of a pass: a program, a region, or a routine together with the inputs that it may overwrite. */
export type PassObserver = (made: object, pass: string, donated?: readonly boolean[]) => void;

let observer: PassObserver | undefined;

/** Installs an observer of all later passes: `downhill/testing` checks that each result is well formed. */
export function observePasses(next: PassObserver): void {
  observer = next;
}

/** Passes the result of a pass to the observer, if one is installed, and returns the result. */
export function observed<T extends object>(made: T, pass: string, donated?: readonly boolean[]): T {
  observer?.(made, pass, donated);
  return made;
}

/** Runs a pass and passes its result to the observer. */
export function afterPass<A extends readonly unknown[], T extends object>(
  pass: (...args: A) => T,
  ...args: A
): T {
  return observed(pass(...args), pass.name);
}
