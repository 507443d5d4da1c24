// Serialises compiled routines so that another process can run them.
import { callSizes } from "../../kernel/call-sizes.ts";
import type { CompiledRoutine, TypedArray } from "../../kernel/executable.ts";
import { bytesPerElement, viewOf } from "../../kernel/executable.ts";
import type { Routine, ScalarType } from "../../kernel/scalar.ts";
import { decodeBase64, encodeBase64 } from "../../util/base64.ts";
import { compileSource } from "./index.ts";
import { partLimit, routineSource } from "./source.ts";

/** Generated JavaScript of a routine whose calls compute its sizes. */
export interface JsRecord {
  readonly text: string;
  /** Constant tables of the routine; `values` are the elements in base 64. */
  readonly tables: readonly { readonly type: ScalarType; readonly values: string }[];
  readonly spillSize: number;
}

/** Serialises a routine as generated JavaScript. */
export function recordJs(routine: Routine): JsRecord {
  const { text, tables, spillSize } = routineSource(routine, partLimit, true);
  const written = tables.map((table) => {
    const bytes = new Uint8Array(table.buffer, table.byteOffset, table.byteLength);
    return { type: typeOf(table), values: encodeBase64(bytes) };
  });
  return { text, tables: written, spillSize };
}

/**
 * Restores a routine from its generated JavaScript; its statements are not needed. Available only if
 * `canGenerateCode()`.
 */
export function loadJs(routine: Routine, { text, tables, spillSize }: JsRecord): CompiledRoutine {
  const read = tables.map(({ type, values }) => {
    const { buffer } = decodeBase64(values);
    return viewOf(type, buffer, 0, buffer.byteLength / bytesPerElement[type]);
  });
  return compileSource({ text, tables: read, spillSize }, routine, callSizes(routine));
}

function typeOf(array: TypedArray): ScalarType {
  if (array instanceof Float64Array) return "f64";
  if (array instanceof Float32Array) return "f32";
  if (array instanceof Int32Array) return "i32";
  return array instanceof Uint32Array ? "u32" : "bool";
}
