import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import { numberFrom } from "./address.ts";
import { readable } from "./readable.ts";

test("the last valid value is kept while a text is invalid, and the fault is reported", () => {
  const text = signal("1");
  const { value, problem } = readable(text, (typed) => numberFrom(typed));
  expect([value.value, problem.value]).toEqual([1, ""]);
  text.value = "2";
  expect([value.value, problem.value]).toEqual([2, ""]);
  text.value = "2x";
  expect([value.value, problem.value]).toEqual([2, "it is no number"]);
  text.value = "3";
  expect([value.value, problem.value]).toEqual([3, ""]);
});
