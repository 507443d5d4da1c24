import { expect, test, vi } from "vitest";

test("a run that never began is reported at the end of the program", async () => {
  const ends: ((code: number) => void)[] = [];
  const once = vi.spyOn(process, "once").mockImplementation(((_: string, f: (code: number) => void) => {
    ends.push(f);
    return process;
  }) as never);
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  try {
    vi.resetModules(); // one watch per program
    const { noteBegun, watchIdle } = await import("./unawaited.ts");
    const [begun, idle] = [1, 2].map((line) => () => `    at train (/programs/a.mjs:${line}:7)`);
    watchIdle(begun!);
    watchIdle(idle!);
    noteBegun(begun!);
    expect(ends).toHaveLength(1);
    ends[0]?.(1); // an error was already reported
    expect(warn).not.toHaveBeenCalled();
    ends[0]?.(0);
    expect(warn.mock.calls).toEqual([
      [
        "fit: the run of /programs/a.mjs:2 never began, so nothing was trained. A run begins when it is awaited: write await fit(…).",
      ],
    ]);
  } finally {
    once.mockRestore();
    warn.mockRestore();
  }
});
