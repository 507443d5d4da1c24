import { expect, test } from "vitest";
import type { Tensor } from "downhill";
import { graphOf, toDot, toHtml, toMermaid, toSvg, traceTable } from "./index.ts";

const f = (x: Tensor): Tensor => x.mul(2);
const drawings = { toSvg, toHtml, toDot, toMermaid, graphOf };

test.each(["toSvg", "toHtml", "toDot", "toMermaid", "graphOf"] as const)(
  "%s reports that it expects the table of a trace",
  (name) => {
    for (const table of [3, null, undefined, f, {}])
      expect(() => drawings[name](table as never)).toThrow(
        `${name}: expects the table of a trace, got ${table === null ? "null" : typeof table}. Make it first: ${name}(traceTable(f, { at: [2, 3] })).`,
      );
  },
);

test.each(["at", "names", "wrt", "seeds"])("traceTable expects an array of %s", (name) => {
  expect(() => traceTable(f, { [name]: 3 })).toThrow(
    new RegExp(`^traceTable: ${name} must be an array, such as \\[.*\\]; got number\\.$`),
  );
});
