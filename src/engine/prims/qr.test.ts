import { describe, expect, test } from "vitest";
import { tensor } from "downhill";
import { checkFamily, f32, f64, on } from "../../../test/support/op-table.ts";
import { waves, wellConditioned } from "../../../test/support/matrices.ts";
import * as family from "./qr.ts";

const { qr, triangleOfQr } = family;

describe("qr", () => {
  checkFamily(family, {
    qr: [
      on(
        (x) => qr(x),
        [
          { ins: [f64(wellConditioned(3), [3, 3])] },
          { ins: [f64(waves(12), [4, 3])] },
          { ins: [f64(waves(16), [2, 4, 2])] },
          { ins: [f64(waves(10, 4), [2, 5])] },
          { ins: [f32(wellConditioned(2), [2, 2])] },
        ],
      ),
    ],
    triangleOfQr: [
      on(
        (x) => triangleOfQr(x),
        [
          { ins: [f64(wellConditioned(3), [3, 3])] },
          { ins: [f64(waves(16), [2, 4, 2])] },
          { ins: [f32(wellConditioned(2), [2, 2])] },
        ],
      ),
    ],
  });

  test("the triangle alone equals that of both factors, also with several panels", () => {
    const a = tensor(waves(90 * 70), { shape: [90, 70] });
    expect(triangleOfQr(a).tolist()).toEqual(qr(a)[1].tolist());
  });
});
