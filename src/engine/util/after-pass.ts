/** Looks at the result of a pass: a program, a region, or a routine with the inputs that it may write to. */
export type PassObserver = (made: object, pass: string, donated?: readonly boolean[]) => void;

let observer: PassObserver | undefined;

/** Has the result of each pass looked at from now on: `downhill/testing` checks that it is well formed. */
export function observePasses(next: PassObserver): void {
  observer = next;
}

/** The result of a pass, at which the observer looks. */
export function observed<T extends object>(made: T, pass: string, donated?: readonly boolean[]): T {
  observer?.(made, pass, donated);
  return made;
}

/** Runs a pass, at whose result the observer looks. */
export function afterPass<A extends readonly unknown[], T extends object>(
  pass: (...args: A) => T,
  ...args: A
): T {
  return observed(pass(...args), pass.name);
}
