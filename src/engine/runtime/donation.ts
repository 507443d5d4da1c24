import { DownhillError } from "../errors/index.ts";
import type { Slot } from "../kernel/executable.ts";

/**
 * Refuses a donation that would pull memory from under someone: of a tensor that is passed twice, or that the function
 * reads from outside as well. The first `captured` slots are those.
 */
export function checkDonation(
  operation: string,
  slots: readonly Slot[],
  donated: readonly boolean[],
  captured: number,
): void {
  for (let i = 0; i < slots.length; i++) {
    const cell = slots[i]!;
    if (donated[i] !== true || typeof cell === "number") continue;
    const twin = slots.findIndex((other, k) => k !== i && other === cell);
    if (twin < 0) continue;
    const what =
      twin < captured
        ? "the function reads the same tensor from outside too"
        : "the same tensor is passed in another place too";
    throw new DownhillError(
      "donated",
      `${operation}: leaf ${i - captured} of the arguments is donated, but ${what}. Pass a copy there, or leave it out of donate.`,
    );
  }
}

/** The error of a call with memory that is gone. */
export function usedAfterDonation(name: string): DownhillError {
  return new DownhillError(
    "donated",
    `${name}: an argument was donated to a jitted function before, or given up by data({ donate: true }), and its memory ` +
      `serves other results. Use what that function returned, or leave donate out.`,
  );
}
