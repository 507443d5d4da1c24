// Names that are in scope at one point of a random TypeScript program.

export interface Name {
  readonly name: string;
  readonly canBeSet: boolean;
}

export interface ArrayName extends Name {
  readonly length: number;
  /** Text of its length, as in a program's loop bound. */
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
  /** Tuples of numbers, with their lengths. */
  readonly tuples: { readonly name: string; readonly length: number }[];
  /** Writable tuples and arrays of records, with their lengths. */
  readonly lists: { readonly name: string; readonly length: number }[];
  /** Functions of `arity` numbers that return a record or a pair. */
  readonly makers: { readonly name: string; readonly arity: number; readonly gives: "record" | "pair" }[];
  readonly indices: Index[];
  /** Helpers and arrow functions of `arity` numbers that return a number. */
  readonly calls: { readonly name: string; readonly arity: number }[];
  /** Enclosing statements that `continue` and `break` may leave, innermost last. */
  readonly loops: readonly {
    readonly label: string | undefined;
    readonly kind: "loop" | "switch" | "block";
  }[];
}

/** A copy of the scope for an inner block, which may add names. */
export const within = (scope: Scope, more: Partial<Pick<Scope, "loops">> = {}): Scope => ({
  numbers: [...scope.numbers],
  arrays: [...scope.arrays],
  matrices: [...scope.matrices],
  records: [...scope.records],
  tuples: [...scope.tuples],
  lists: [...scope.lists],
  makers: scope.makers,
  indices: [...scope.indices],
  calls: [...scope.calls],
  loops: more.loops ?? scope.loops,
});

/** A scope with numbers only. */
export const onlyNumbers = (numbers: readonly Name[], calls: Scope["calls"] = []): Scope => ({
  numbers: [...numbers],
  arrays: [],
  matrices: [],
  records: [],
  tuples: [],
  lists: [],
  makers: [],
  indices: [],
  calls: [...calls],
  loops: [],
});
