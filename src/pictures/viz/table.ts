/** An array in a table: its type and as much of it as fits a line. */
export interface ShownArray {
  readonly type: string;
  readonly preview: string;
}

/** A value in a table; `null` where none was given or computed. */
export type ShownValue = number | boolean | ShownArray | null;

/** Nested arrays of numbers, as `tolist` gives them. */
export type Numbers = number | boolean | readonly Numbers[];

/** An input of the program. */
export interface TraceInput {
  readonly name: string;
  readonly type: string;
  readonly value: ShownValue;
  /** Whether the derivative with respect to it is asked for. */
  readonly differentiated: boolean;
}

/** One line of a program: `a = x * y`. A line with several results is named by all of them, with commas. */
export interface TraceLine {
  readonly name: string;
  readonly results: readonly string[];
  readonly expression: string;
  /** `name = expression`. */
  readonly text: string;
  readonly type: string;
  readonly value: ShownValue;
  /** The primitive that computes it. */
  readonly operation: string;
  /** Names of the inputs and lines that it reads. */
  readonly reads: readonly string[];
  /** Its derivative in each of them that has one; of lines of a long program, of several results or of a sub-program none. */
  readonly local: readonly LocalDerivative[];
  /** Where in the user's code it was asked for, where that is known. */
  readonly source: string | null;
  /** Its sub-programs: the body of a loop, the branches of a choice. */
  readonly bodies: readonly TraceBody[];
  /** Of a line of a loop that is written out (`unroll`), the iterations around it, outermost first. */
  readonly iterations?: readonly TraceIteration[];
}

/** An iteration of a loop. */
export interface TraceIteration {
  /** The loop, as what iterations of one loop have in common. */
  readonly loop: string;
  /** What its index is called: `i`. */
  readonly index: string;
  readonly value: number;
}

/** The derivative of a line in one of the values that it reads. */
export interface LocalDerivative {
  /** The input or line that it reads. */
  readonly of: string;
  /** The derivative of a number in a number, `cos(x)`; else the differential as far as it comes from there, `dx @ w`. */
  readonly expression: string;
  /** Of a number in a number, where values are known. */
  readonly value: ShownValue;
}

/** A sub-program; its names are its own. */
export interface TraceBody {
  readonly name: string;
  readonly inputs: readonly string[];
  /** For each input, the value outside that it starts from; `null` for a constant. */
  readonly operands: readonly (string | null)[];
  readonly lines: readonly TraceLine[];
  readonly outputs: readonly string[];
}

/** One forward pass: the differentials of all lines for one seed. */
export interface ForwardPass {
  /** The differential given to each input. */
  readonly seed: Readonly<Record<string, ShownValue>>;
  /** The inputs first, then the lines, in the order of the program. */
  readonly lines: readonly ForwardLine[];
}

/** A line beside its differential analogue. */
export interface ForwardLine {
  readonly name: string;
  /** `a = x * y`; an input alone is its name. */
  readonly text: string;
  readonly value: ShownValue;
  readonly tangent: {
    readonly name: string;
    readonly expression: string;
    /** `da = dx * y + x * dy`. */
    readonly text: string;
    readonly value: ShownValue;
  };
}

/** One line of the reverse trace. */
export type ReverseLine = ReverseSeed | Contribution | AdjointSum | NoAdjoint;

/** What every line of the reverse trace has. */
interface AdjointLine {
  /** The input or line whose adjoint it concerns. */
  readonly of: string;
  /** `∂s/∂x`. */
  readonly name: string;
  readonly expression: string;
  /** The whole line: `∂s/∂x += ∂s/∂a * y`. */
  readonly text: string;
  readonly value: ShownValue;
}

/** The start: `∂s/∂z = 1`. */
export interface ReverseSeed extends AdjointLine {
  readonly kind: "seed";
}

/** What one line contributes to the adjoint of one of its operands. */
export interface Contribution extends AdjointLine {
  readonly kind: "contribution";
  /** The line that contributes. */
  readonly from: string;
  /** The differential of that line, whose transpose this is: `da = dx * y + x * dy`. */
  readonly rule: string;
  /** Names of the values stored on the way forward that are used here. */
  readonly uses: readonly string[];
  /** Whether it is the only one, and so the whole adjoint. */
  readonly only: boolean;
}

/** Several contributions, added. */
export interface AdjointSum extends AdjointLine {
  readonly kind: "sum";
  /** The lines that contributed. */
  readonly from: readonly string[];
}

/** An adjoint that is zero because the result does not depend on the value. */
export interface NoAdjoint extends AdjointLine {
  readonly kind: "none";
}

/** A value kept on the way forward for the way back. */
export interface StoredValue {
  /** What formulas call it: `x`, `cos(x)`, or `r1` where the formula is long. */
  readonly name: string;
  /** The value as a formula. */
  readonly value: string;
  /** The input or line at which it is stored. */
  readonly at: string;
  /** The places that use it again: the line from which a contribution comes, and to whose adjoint it goes. */
  readonly usedBy: readonly { readonly from: string; readonly to: string }[];
}

/** One derivative beside its central difference. */
export interface CheckEntry {
  /** `x`, or `w[2,3]` for an element of an array. */
  readonly of: string;
  readonly gradient: number;
  readonly difference: number;
  readonly error: number;
  /** Whether they agree; at a kink, whether the gradient lies between the slopes of its sides. */
  readonly ok: boolean;
  /** The slopes to the left and to the right, where they differ: then the derivative is a convention. Else `null`. */
  readonly kink: readonly [left: number, right: number] | null;
}

/** Whether there was a difference to compare with: not at the edge of a domain, or beyond it. */
export function isComparable({ difference }: CheckEntry): boolean {
  return Number.isFinite(difference);
}

/** The gradient against central differences of the program itself. */
export interface Check {
  readonly ok: boolean;
  readonly largestError: number;
  readonly entries: readonly CheckEntry[];
  /** Elements of the gradient that were not checked, because there are many. */
  readonly skipped: number;
}

/**
 * A program and its derivatives, line by line: plain data that can be written as JSON. Records are keyed by names that
 * users chose; each key, `__proto__` too, is an own property.
 */
export interface TraceTable {
  readonly name: string;
  readonly inputs: readonly TraceInput[];
  /** Names of the results; the first is the one that is differentiated. */
  readonly outputs: readonly string[];
  readonly program: readonly TraceLine[];
  /** One pass for each input, or for the seed that was chosen. */
  readonly forward: readonly ForwardPass[];
  /** Adjoints from the result back to the inputs. */
  readonly reverse: readonly ReverseLine[];
  readonly stored: readonly StoredValue[];
  /** The lines that each input can affect. */
  readonly affects: Readonly<Record<string, readonly string[]>>;
  readonly value: Numbers | null;
  readonly gradient: Readonly<Record<string, Numbers | null>>;
  readonly check: Check | null;
}

/** A record with these own properties, whatever their names. */
export function recordOf<T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> {
  return Object.fromEntries(entries); // defines own properties, also __proto__
}
