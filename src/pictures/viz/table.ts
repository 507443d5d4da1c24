/** An array in a table: its type and its first elements. */
export interface ShownArray {
  readonly type: string;
  readonly preview: string;
}

/** A value in a table; `null` if no value was given or computed. */
export type ShownValue = number | boolean | ShownArray | null;

/** Nested arrays of numbers, as returned by `tolist`. */
export type Numbers = number | boolean | readonly Numbers[];

/** An input of the program. */
export interface TraceInput {
  readonly name: string;
  readonly type: string;
  readonly value: ShownValue;
  /** True if the table contains the derivative of the first result with respect to this input. */
  readonly differentiated: boolean;
}

/**
 * One line of a program: `a = x * y`. The name of a line with several results lists all of them, separated by commas.
 */
export interface TraceLine {
  readonly name: string;
  readonly results: readonly string[];
  readonly expression: string;
  /** Text of the line: `name = expression`. */
  readonly text: string;
  readonly type: string;
  readonly value: ShownValue;
  /** Name of the primitive that computes the line. */
  readonly operation: string;
  /** Names of the inputs and lines that the line reads. */
  readonly reads: readonly string[];
  /**
   * Derivatives of the line with respect to its operands. Empty for lines of long programs, of several results, or of
   * sub-programs.
   */
  readonly local: readonly LocalDerivative[];
  /** Location of the call in the user's code; null if unknown. */
  readonly source: string | null;
  /** Sub-programs: the body of a loop, or the branches of a conditional. */
  readonly bodies: readonly TraceBody[];
  /** Enclosing iterations of a line in an unrolled loop (`unroll`), outermost first. */
  readonly iterations?: readonly TraceIteration[];
}

/** One iteration of an unrolled loop. */
export interface TraceIteration {
  /** Identifies the loop. Equal for all its iterations. */
  readonly loop: string;
  /** Name of the loop index: `i`. */
  readonly index: string;
  readonly value: number;
}

/** Derivative of a line with respect to one of its operands. */
export interface LocalDerivative {
  /** Name of the operand (an input or a line). */
  readonly of: string;
  /**
   * Formula: a partial derivative for scalars, such as `cos(x)`; for arrays the term of the differential that comes
   * from the operand, such as `dx @ w`.
   */
  readonly expression: string;
  /** Value of a partial derivative between scalars, if values are known. */
  readonly value: ShownValue;
}

/** A sub-program. Its names are local to it. */
export interface TraceBody {
  readonly name: string;
  readonly inputs: readonly string[];
  /** For each input, the name of the outer value that it starts from; `null` for a constant. */
  readonly operands: readonly (string | null)[];
  readonly lines: readonly TraceLine[];
  readonly outputs: readonly string[];
}

/** One forward pass: the differentials of all lines for one seed, which gives the differentials of the inputs. */
export interface ForwardPass {
  /** Given differential of each differentiated input, by name. */
  readonly seed: Readonly<Record<string, ShownValue>>;
  /** The inputs first, then the lines, in program order. */
  readonly lines: readonly ForwardLine[];
}

/** A line and its differential. */
export interface ForwardLine {
  readonly name: string;
  /** Text of the line, `a = x * y`; for an input, its name. */
  readonly text: string;
  readonly value: ShownValue;
  readonly tangent: {
    readonly name: string;
    readonly expression: string;
    /** Text of the differential, `da = dx * y + x * dy`. */
    readonly text: string;
    readonly value: ShownValue;
  };
}

/** One line of the reverse trace. */
export type ReverseLine = ReverseSeed | Contribution | AdjointSum | NoAdjoint;

/** Fields common to all lines of the reverse trace. */
interface AdjointLine {
  /** The input or line whose adjoint the line defines or changes. */
  readonly of: string;
  /** Name of the adjoint: `∂s/∂x`. */
  readonly name: string;
  readonly expression: string;
  /** Text of the line, such as `∂s/∂x += ∂s/∂a * y`. */
  readonly text: string;
  readonly value: ShownValue;
}

/** Line that starts the backward pass: `∂s/∂z = 1`. */
export interface ReverseSeed extends AdjointLine {
  readonly kind: "seed";
}

/** Contribution of one line to the adjoint of one of its operands. */
export interface Contribution extends AdjointLine {
  readonly kind: "contribution";
  /** The line that contributes. */
  readonly from: string;
  /** Differential of that line, whose transpose the contribution is: `da = dx * y + x * dy`. */
  readonly rule: string;
  /** Names of the values saved in the forward pass that the contribution uses. */
  readonly uses: readonly string[];
  /** True if it is the only contribution and therefore equals the adjoint. */
  readonly only: boolean;
}

/** Line that sums several contributions to an adjoint. */
export interface AdjointSum extends AdjointLine {
  readonly kind: "sum";
  /** The lines that contributed. */
  readonly from: readonly string[];
}

/** Line for an adjoint that is zero because the result does not depend on the value. */
export interface NoAdjoint extends AdjointLine {
  readonly kind: "none";
}

/** A value of the forward pass that is saved for the backward pass. */
export interface StoredValue {
  /** Name in formulas: `x`, `cos(x)`, or `r1` for a long formula. */
  readonly name: string;
  /** The value as a formula. */
  readonly value: string;
  /** The input or line where it is stored. */
  readonly at: string;
  /** Uses: the line that contributes, and the operand whose adjoint it contributes to. */
  readonly usedBy: readonly { readonly from: string; readonly to: string }[];
}

/** One derivative compared with its central difference. */
export interface CheckEntry {
  /** Name of the value, `x`, or `w[2,3]` for an element of an array. */
  readonly of: string;
  readonly gradient: number;
  readonly difference: number;
  readonly error: number;
  /** True if gradient and central difference agree. At a kink, true if the gradient is between the one-sided slopes. */
  readonly ok: boolean;
  /** The left and right slopes at a kink, where the derivative is a convention. `null` elsewhere. */
  readonly kink: readonly [left: number, right: number] | null;
}

/** True if a finite difference quotient exists. It is not finite at the edge of a domain or beyond. */
export function isComparable({ difference }: CheckEntry): boolean {
  return Number.isFinite(difference);
}

/** Check of the gradient against central differences of the program itself. */
export interface Check {
  readonly ok: boolean;
  readonly largestError: number;
  readonly entries: readonly CheckEntry[];
  /** Number of gradient elements that were not checked, because there are many. */
  readonly skipped: number;
}

/**
 * A program and its derivatives, line by line, as plain data that can be written as JSON. Records are keyed by
 * user-chosen names; each key, including `__proto__`, is an own property.
 */
export interface TraceTable {
  readonly name: string;
  readonly inputs: readonly TraceInput[];
  /** Names of the results. The first one is differentiated. */
  readonly outputs: readonly string[];
  readonly program: readonly TraceLine[];
  /**
   * One pass per input, or one per given seed; a single pass for a symbolic trace. Passes beyond a total of 200,000
   * lines are omitted.
   */
  readonly forward: readonly ForwardPass[];
  /**
   * Lines of the backward pass, from the result back to the inputs. Empty if the first result is not floating-point.
   */
  readonly reverse: readonly ReverseLine[];
  readonly stored: readonly StoredValue[];
  /** For each input, the names of the lines that it can affect; for very long programs, only those of the results. */
  readonly affects: Readonly<Record<string, readonly string[]>>;
  readonly value: Numbers | null;
  readonly gradient: Readonly<Record<string, Numbers | null>>;
  readonly check: Check | null;
}

/** Creates a record with the given own properties, whatever their names. */
export function recordOf<T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> {
  return Object.fromEntries(entries); // defines own properties, also __proto__
}
