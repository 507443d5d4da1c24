import { DownhillError } from "../errors/index.ts";
import { type Batches, type BatchSize, makeBatches, notLater } from "./batches.ts";
import { countOf, type Fields, gather, itemFrom, itemOf, stackItems, toBatch } from "./fields.ts";
import type { Order } from "./order.ts";
import type { ItemPlace, Steps } from "./steps.ts";

/** A data set in memory, as its methods see it. */
export interface Held {
  readonly fields: Fields;
  /** The rows of the fields that belong to it; all, if undefined. */
  readonly rows: Int32Array | undefined;
  readonly steps: Steps;
  /** In which order epochs go through the rows; as they are, if undefined. */
  readonly order: Order | undefined;
  readonly float: "float64" | "float32" | undefined;
}

/** How many items a data set has. */
export function heldCount({ rows, fields }: Held): number {
  return rows?.length ?? countOf(fields);
}

/** The batches of a data set in memory. */
export function batchesInMemory<B>(held: Held, { size, dropLast }: BatchSize): Batches<B> {
  const { fields, rows, steps, order, float } = held;
  const count = order?.count ?? heldCount(held);
  const each = Math.min(size, count);
  const batchCount = dropLast && size !== Infinity ? Math.floor(count / size) : Math.ceil(count / each);
  if (batchCount === 0) {
    const repair = "Take smaller batches or leave dropLast out.";
    throw new DownhillError(
      "data",
      `batch: with dropLast there is no batch of ${size}, for there are only ${count} items. ${repair}`,
    );
  }

  function* open(k: number, first: number): Generator<B, undefined> {
    const places = first < batchCount ? order?.of(k) : undefined;
    const items =
      places === undefined || rows === undefined
        ? (places ?? rows)
        : Uint32Array.from(places, (i) => rows[i]!);
    for (let i = first; i < batchCount; i++) {
      const [from, to] = [i * each, Math.min(i * each + each, count)];
      const batch =
        steps.functions.length === 0
          ? gather(fields, items, from, to, float)
          : stepped(
              fields,
              steps,
              float,
              k,
              Array.from({ length: to - from }, (_, j) => items?.[from + j] ?? from + j),
            );
      yield toBatch(batch) as B;
    }
    return undefined;
  }
  return makeBatches({ count, batchCount, open });
}

/** Some items after the steps, as columns. */
function stepped(
  fields: Fields,
  { functions }: Steps,
  float: Held["float"],
  epoch: number,
  items: readonly number[],
): Fields {
  const results = items.map((item) => {
    const place: ItemPlace = { epoch, item };
    let value = itemOf(fields, item, float);
    functions.forEach((f, i) => {
      value = notLater("map", f(i === 0 ? value : itemFrom(value, `map: item ${item}`), place));
    });
    return value;
  });
  const stacked = stackItems(results, (i) => items[i]!, "map");
  return float === undefined ? stacked : gather(stacked, undefined, 0, items.length, float);
}
