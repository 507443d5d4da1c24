import { expect, test } from "vitest";
import { failureOf, provideErrors, thrownError, thrownText } from "./failure.ts";

test("a message without text or values is the general one", () => {
  expect(thrownText({}, [])).toBe("an error was thrown");
});

test("values in a message are written as JavaScript writes them", () => {
  const more = [
    { type: "f64", text: ", " },
    { type: "bool", text: ", " },
    { type: "bool", text: " and " },
    { type: "f64", by: ["toFixed", 2], text: "." },
  ] as const;
  expect(thrownText({ message: "got ", more }, [0.1, 0, 2, 1 / 3])).toBe("got 0.1, false, true and 0.33.");
});

test("an error has the class that its name stands for, and the position after its message", () => {
  class OutOfOrder extends Error {
    override readonly name = "OutOfOrder";
  }
  const at = " at f.ts:3:7";
  const thrown = (error: string | undefined, given = {}): Error =>
    thrownError(error === undefined ? {} : { error }, "x is negative", at, given);
  expect(thrown("RangeError")).toBeInstanceOf(RangeError);
  expect(thrown("RangeError", { RangeError: OutOfOrder })).toBeInstanceOf(RangeError);
  expect(thrown("OutOfOrder", { OutOfOrder })).toBeInstanceOf(OutOfOrder);
  for (const error of [undefined, "RangeError", "OutOfOrder", "Unknown"]) {
    const found = thrown(error, { OutOfOrder });
    expect(found).toMatchObject({
      message: "x is negative at f.ts:3:7",
      code: "thrown",
      name: error ?? "DownhillError",
    });
  }
});

test("a region throws errors of the classes that the program provided for it", () => {
  class OutOfOrder extends Error {}
  const region = { name: "f", positions: [] };
  const fail = (): Error => failureOf(region, { kind: "throw", at: undefined, error: "OutOfOrder" }, 0, 0);
  expect(fail()).not.toBeInstanceOf(OutOfOrder);
  provideErrors(region, () => ({ OutOfOrder }));
  expect(fail()).toBeInstanceOf(OutOfOrder);
});

test("an error that has a code keeps it", () => {
  class Coded extends Error {
    readonly code = "E1";
  }
  expect(thrownError({ error: "Coded" }, "no", "", { Coded })).toMatchObject({ message: "no", code: "E1" });
  expect(thrownError({ error: "NoError" }, "no", "", { NoError: Date })).toMatchObject({ name: "NoError" });
});
