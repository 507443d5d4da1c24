// Short forms of the soaks of `npm run soak`.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { extent, testInCi } from "./support/extent.ts";
import { root } from "./support/snippets.ts";

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly problems: string;
}

/** Runs a script. `onText` receives the output so far. */
async function run(
  script: string,
  words: readonly string[],
  onText: (text: string, child: ChildProcess) => void = () => undefined,
): Promise<Run> {
  const child = spawn(process.execPath, [join(root, "scripts", script), ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, problems] = ["", ""];
  child.stdout.on("data", (part: Buffer) => {
    out += part.toString();
    onText(out, child);
  });
  child.stderr.on("data", (part: Buffer) => (problems += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, out, problems };
}

describe("soaks", () => {
  testInCi(
    "compiling one function after the other takes no more memory than full caches do",
    async () => {
      const { code, out, problems } = await run("soak-compilations.mjs", [
        "--count",
        "120",
        "--warm-up",
        extent(1100, 2100).toString(),
        "--minutes",
        "5",
        "--json",
      ]);
      expect(problems).toBe("");
      const { compiled, bounded, most } = JSON.parse(out) as {
        compiled: number;
        bounded: boolean;
        most: { kept: number };
      };
      expect({ code, bounded }).toEqual({ code: 0, bounded: true });
      expect(compiled).toBeGreaterThan(50); // within five minutes, even on a busy machine
      expect(most.kept).toBeLessThanOrEqual(1024);
    },
    600_000,
  );

  test("loops over lengths, functions and operations keep what one iteration needs", async () => {
    // the loops themselves, in a smaller memory: out-of-memory.test.ts
    const one = extent(1, 0) === 1 ? ["--loop", "eager-lengths"] : [];
    const words = ["--size", "0.01", "--iterations", "0.03", ...one];
    const { code, out, problems } = await run("soak-memory.mjs", words);
    expect(problems).toBe("");
    expect(
      out
        .trim()
        .split("\n")
        .filter((line) => !line.startsWith("flat ")),
    ).toEqual([]);
    expect(out).toContain(one.length > 0 ? "eager-lengths: " : "failures: ");
    expect(code).toBe(0);
  }, 600_000);

  testInCi(
    "random programs are counted",
    async () => {
      const { code, out } = await run("soak-programs.mjs", ["--count", "8", "--seed", "3", "--jobs", "1"]);
      expect(out).toContain("8 programs and 2 routines in 1 parts of 1, 0 faults");
      expect(out).not.toContain("go on with");
      expect(code).toBe(0);
    },
    300_000,
  );

  testInCi(
    "random programs that are interrupted say how to go on, and begin with any part",
    async () => {
      let isTold = false;
      const { code, out } = await run(
        "soak-programs.mjs",
        ["--from", "50", "--seed", "3", "--jobs", "1"],
        (text, child) => {
          if (isTold || !text.includes("seed 3: programs 50 to 100050\n")) return;
          isTold = true;
          child.kill("SIGINT"); // while the first part runs, or before
        },
      );
      expect(code).toBe(130);
      const [, from, count] = /go on with: node .* --seed 3 --from (\d+) --count (\d+)\n/
        .exec(out)!
        .map(Number);
      expect([50, 75]).toContain(from);
      expect(from! + count!).toBe(100_050);
      const wrong = await run("soak-programs.mjs", ["--from", "60"]);
      expect(wrong.code).toBe(2);
      expect(wrong.problems).toContain("--from must be a multiple of 25");
    },
    300_000,
  );

  test.each(["soak-programs.mjs", "soak-compilations.mjs", "soak-memory.mjs"])(
    "%s says how it is used",
    async (script) => {
      expect((await run(script, ["--help"])).out).toContain(`Usage: node scripts/${script} [OPTIONS]`);
      const wrong = await run(script, ["--many"]);
      expect(wrong.code).toBe(2);
      expect(wrong.problems).toContain("Unknown option '--many'");
    },
  );
});
