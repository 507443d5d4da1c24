import { beginAtUser } from "./stack.ts";

/** Stable names of what can go wrong; the texts may improve, these do not change. */
export type ErrorCode =
  | "shape" // sizes that do not fit
  | "dtype" // a kind of number that the operation does not take
  | "range" // a number outside its range
  | "option" // an unknown or misspelt option
  | "derivative" // no derivative there, and why
  | "trace" // a traced value used outside its trace, an async function, …
  | "onnx" // no form in an ONNX model
  | "donated" // the memory of a tensor was given away
  | "tree" // nested arguments that do not match
  | "syntax" // text that cannot be read
  | "plain" // ordinary code that is outside of what can be differentiated
  | "data" // bad content of a data set
  | "file" // a file that is missing or cannot be read
  | "oom" // live values do not fit into memory
  | "nan" // debug mode: a value became NaN or infinite
  | "thrown" // a `throw` of a function of the user was reached
  | "diverged" // a run of training that is lost, though its numbers are finite; a solver that found no solution
  | "check" // a check of downhill/testing failed
  | "aborted"
  | "internal";

/**
 * The one error class of the library: `code` is for programs, `message` names the operation, what came, and the repair. The
 * stack begins at the line of the user's code that asked for the operation; only errors of code `internal` show the
 * library's own frames.
 */
export class DownhillError extends Error {
  override readonly name = "DownhillError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    if (code !== "internal") beginAtUser(this, new.target);
  }
}

/** What can only be our own fault. */
export function internalError(message: string): DownhillError {
  return new DownhillError(
    "internal",
    `internal: ${message}. Please report this with the program that led here.`,
  );
}

const shortNames: Readonly<Record<string, string>> = {
  float64: "f64",
  float32: "f32",
  int32: "i32",
  uint32: "u32",
  bool: "bool",
};

/** A type as messages and programs show it: `f32[2,3]`; `f64[]` is a scalar. */
export function showType(type: { readonly dtype: string; readonly shape: readonly number[] }): string {
  return `${shortNames[type.dtype] ?? type.dtype}[${type.shape.join(",")}]`;
}

/** A shape as messages show it: `[2,3]`. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.join(",")}]`;
}

/** What else somebody may have meant who computes with plain numbers in a function over tensors. */
export const markHint =
  ' A function of plain numbers is differentiated as it is where "use ad" is its first line and downhill-plugin loads it.';
