import { isFloating } from "../../../engine/region/form/build.ts";
import { countTapes, wrapRegion } from "../../../engine/region/index.ts";
import type { Position } from "../../../engine/region/form/region.ts";
import { callRegion } from "../../../engine/runtime/regions.ts";
import { gradientRegion } from "../../../numeric/plain/call/regions.ts";
import type { ValueLeaf } from "../../../numeric/plain/call/values.ts";
import type { PlainForm } from "../../../numeric/plain/form/form.ts";

/** What the compiled gradient records on the way forward of the values of one statement. */
export interface PlainTape {
  /** Where the statement stands; absent for values of none in particular. */
  readonly line?: number;
  readonly column?: number;
  /** The values: variables, or functions within the statement, by their names. */
  readonly values: readonly string[];
  /** Bytes of one iteration of the loops around it. */
  readonly bytesEach: number;
  /** Bytes of all iterations. */
  readonly bytes: number;
}

/**
 * What the gradient of a plain function records at some arguments, by statements in the order of the text: the gradient in all that
 * has a derivative, as compiled code computes it. Values that it computes again, or has still, are not among them.
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

/** The name of a local of a region without what the engine has appended; factors of derivatives have none. */
function plainName(name: string): string {
  const plain = name.replace(/(?:_now)?(?:_\d+)?$/, "");
  return plain === "k" ? "a factor" : plain;
}

/** Bytes as people read them: `320 B`, `1.6 MB`. */
export function showBytes(bytes: number): string {
  if (bytes < 1e4) return `${bytes} B`;
  return bytes < 1e7 ? `${Math.round(bytes / 1e3)} KB` : `${Math.round(bytes / 1e6)} MB`;
}
