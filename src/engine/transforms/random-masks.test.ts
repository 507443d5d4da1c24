import { describe, expect, test } from "vitest";
import { extent } from "../../../test/support/extent.ts";
import { maskedFault } from "../../../test/support/random-masked.ts";

describe("masked elements of infinite slope reach no derivative", () => {
  // the seeds of a test draw different kinds of derivative for different functions
  test.each(Array.from({ length: extent(8, 40) }, (_, i) => i))("of random functions, part %i", (part) => {
    for (let i = 1; i <= 10; i++) expect(maskedFault(10 * part + i, 3)).toBeUndefined();
  });
});
