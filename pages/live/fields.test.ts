import { expect, test } from "vitest";
import { shortNumber } from "./fields.tsx";

test("numbers of more than six digits have an exponent", () => {
  expect([0.05, -0.1234567, 123456, -6.849e16, 1.719e63, 1e-7, Number.NaN].map(shortNumber)).toEqual([
    "0.05",
    "−0.1235",
    "123500",
    "−6.849e16",
    "1.719e63",
    "1e−7",
    "NaN",
  ]);
});
