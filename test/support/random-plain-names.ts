// What is there at a place of a random program in TypeScript.

export interface Name {
  readonly name: string;
  readonly canBeSet: boolean;
}

export interface ArrayName extends Name {
  readonly length: number;
  /** A text for its length, such as a program would have it as a bound. */
  readonly bound: string;
  /** Whether its name may be given to another array of its length. */
  readonly canMove: boolean;
}

/** An integer that is at least 0 and below `below`. */
export interface Index {
  readonly name: string;
  readonly below: number;
}

export interface Scope {
  readonly numbers: Name[];
  readonly arrays: ArrayName[];
  readonly matrices: {
    readonly name: string;
    readonly rows: number;
    readonly columns: number;
    readonly canBeSet: boolean;
  }[];
  readonly records: Name[];
  readonly indices: Index[];
  /** Calls of helpers and arrows of so many numbers that give a number. */
  readonly calls: { readonly name: string; readonly arity: number }[];
  /** Loops that `continue` and `break` may name, innermost last. */
  readonly loops: readonly { readonly label: string | undefined; readonly isSwitch?: true }[];
}

/** The same names for a block inside, which may have more. */
export const within = (scope: Scope, more: Partial<Pick<Scope, "loops">> = {}): Scope => ({
  numbers: [...scope.numbers],
  arrays: [...scope.arrays],
  matrices: [...scope.matrices],
  records: [...scope.records],
  indices: [...scope.indices],
  calls: [...scope.calls],
  loops: more.loops ?? scope.loops,
});
