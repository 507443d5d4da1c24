import { expect, test } from "vitest";
import { loadProblem } from "./data.ts";

test("an error about an empty validation share names its option", async () => {
  const digits = loadProblem({ kind: "digits" }, 0, 1e-9);
  await expect(digits).rejects.toMatchObject({ code: "option" });
  await expect(digits).rejects.toThrow(
    "--val 1e-9 of 1438 training items holds out none. Give a larger share, as --val 0.1.",
  );
  const { train, validation } = await loadProblem({ kind: "digits" }, 0, 0.001);
  expect([train.rows.length, validation?.rows.length]).toEqual([1437, 1]);
});
