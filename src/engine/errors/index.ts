import { beginAtUser } from "./stack.ts";

/** Stable error codes. Messages may improve; codes do not change. */
export type ErrorCode =
  | "shape" // sizes that do not fit
  | "dtype" // a dtype that the operation does not accept
  | "range" // a number outside its range
  | "option" // an unknown or misspelt option
  | "derivative" // no derivative exists, with the reason
  | "trace" // a traced value used outside its trace, an async function, …
  | "onnx" // no form in an ONNX model
  | "donated" // the memory of a tensor was donated
  | "tree" // nested arguments that do not match
  | "syntax" // text that cannot be parsed
  | "plain" // ordinary code outside the differentiable language
  | "data" // bad content of a data set
  | "file" // a file that is missing or cannot be read
  | "device" // no GPU, a lost or closed one, or a value on another device
  | "oom" // live values do not fit into memory
  | "nan" // debug mode: a value became NaN or infinite
  | "thrown" // a `throw` statement of the user's function was reached
  | "diverged" // a training run that diverged with finite numbers, or a solver that found no solution
  | "check" // a check of downhill/testing failed
  | "aborted"
  | "internal";

/**
 * Error class of the library. `code` is for programs; `message` names the operation, the wrong input and the
 * repair. The stack starts at the line of the user's code that called the operation; only errors with code
 * `internal` show the frames of the library.
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

/** Error for a bug of the library itself. */
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

/** Type as shown in messages and programs: `f32[2,3]`; `f64[]` is a scalar. */
export function showType(type: { readonly dtype: string; readonly shape: readonly number[] }): string {
  return `${shortNames[type.dtype] ?? type.dtype}[${type.shape.join(",")}]`;
}

/** Shape as shown in messages: `[2,3]`. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.join(",")}]`;
}

/** Advice for error messages: mark a function that computes with plain numbers with `"use ad"`. */
export const markHint =
  ' A function of plain numbers is differentiated as it is where "use ad" is its first line and downhill-plugin loads it.';
