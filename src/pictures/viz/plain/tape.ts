import { isFloating } from "../../../engine/region/form/build.ts";
import { countTapes, wrapRegion } from "../../../engine/region/index.ts";
import type { Position } from "../../../engine/region/form/region.ts";
import { callRegion } from "../../../engine/runtime/regions.ts";
import { gradientRegion } from "../../../numeric/plain/call/regions.ts";
import type { ValueLeaf } from "../../../numeric/plain/call/values.ts";
import type { PlainForm } from "../../../numeric/plain/form/form.ts";

/** Values of one statement that the compiled gradient saves in the forward pass. */
export interface PlainTape {
  /** Position of the statement. Absent for values that belong to no statement. */
  readonly line?: number;
  readonly column?: number;
  /** Names of the saved values: variables, or functions within the statement. */
  readonly values: readonly string[];
  /** Bytes per iteration of the enclosing loops. */
  readonly bytesEach: number;
  /** Bytes of all iterations. */
  readonly bytes: number;
}

/**
 * Returns the values that the gradient of a plain function saves for the given arguments, by statement in source order.
 * Covers the gradient in all floating-point parameters, as compiled code computes it. Recomputed values and values
 * still in memory are not included.
 */
export function tapeOf({ region, result }: PlainForm, leaves: readonly ValueLeaf[]): readonly PlainTape[] {
  const active = region.params.map(({ type }) => isFloating(type));
  if (result.kind !== "number" || !active.includes(true)) return [];
  const { region: counting, tapes } = countTapes(
    gradientRegion(wrapRegion(region), active, "gradient").region(),
  );
  if (tapes.length === 0) return [];
  const args = leaves.map(({ data, dims }) => (typeof data === "number" ? data : { data, dims }));
  const counts = callRegion(counting, args) as readonly number[];
  const found = new Map<Position | undefined, PlainTape>();
  tapes.forEach(({ name, at, bytesPerElement }, i) => {
    const bytes = counts[i]! * bytesPerElement;
    if (bytes === 0) return;
    const place = at === undefined ? undefined : counting.positions[at];
    const { values, bytesEach, bytes: others } = found.get(place) ?? { values: [], bytesEach: 0, bytes: 0 };
    found.set(place, {
      ...(place !== undefined && { line: place.line, column: place.column }),
      values: [...new Set([...values, plainName(name)])],
      bytesEach: bytesEach + bytesPerElement,
      bytes: others + bytes,
    });
  });
  return [...found.values()].sort(
    (a, b) => (a.line ?? Infinity) - (b.line ?? Infinity) || (a.column ?? 0) - (b.column ?? 0),
  );
}

/**
 * Returns the source name of a local variable of a region, without suffixes that the engine appended. Saved derivative
 * factors have no source name and become “a factor”.
 */
function plainName(name: string): string {
  const plain = name.replace(/(?:_now)?(?:_\d+)?$/, "");
  return plain === "k" ? "a factor" : plain;
}

/** Formats a number of bytes: `320 B`, `16 KB`, `12 MB`. */
export function showBytes(bytes: number): string {
  if (bytes < 1e4) return `${bytes} B`;
  return bytes < 1e7 ? `${Math.round(bytes / 1e3)} KB` : `${Math.round(bytes / 1e6)} MB`;
}
