import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import { numberFrom } from "./address.ts";
import { readable } from "./readable.ts";

test("what could last be read stays while a text cannot be, and the problem is told", () => {
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
