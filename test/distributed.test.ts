// Several processes over both MPI implementations, as for users: from dist/, started by mpirun.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testOnLinux, testWith } from "./support/conditions.ts";
import { extent, testInCi } from "./support/extent.ts";
import { describeWithMpi, launchRanks, mpiruns, rankProgram, runToEnd, shortLived } from "./support/mpi.ts";
import { root } from "./support/snippets.ts";

let folder: string;
beforeAll(() => {
  mkdirSync(join(root, ".tmp"), { recursive: true });
  folder = mkdtempSync(join(root, ".tmp/ranks-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Numbers = Readonly<Record<string, readonly number[]>>;

/** Reads the values that each rank of a run wrote into the folder. */
function written(name: string, size: number): readonly unknown[] {
  return Array.from(
    { length: size },
    (_, rank) => JSON.parse(readFileSync(join(folder, `${name}-${rank}-of-${size}.json`), "utf8")) as unknown,
  );
}

/** The largest difference between numbers of equal name, relative for numbers beyond 1. */
function furthest(a: Numbers, b: Numbers): number {
  expect(Object.keys(a)).toEqual(Object.keys(b));
  const apart = Object.entries(a).flatMap(([name, xs]) => {
    const ys = b[name]!;
    expect(ys.length, name).toBe(xs.length);
    return xs.map((x, i) => Math.abs(x - ys[i]!) / Math.max(1, Math.abs(x)));
  });
  return Math.max(...apart);
}

describeWithMpi("derivatives of random programs with psum, pmean, allGather and replicated", () => {
  const first = extent(4, 0); // of six programs; the last two together contain all operations
  const sizes = extent(0, 1, 1) === 1 ? [2, 4] : [2]; // four ranks wait for cores
  const runs = new Map<number, readonly Numbers[]>();
  beforeAll(async () => {
    const words = [folder, String(first)];
    // one rank needs no launcher
    const alone = await runToEnd(process.execPath, [shortLived, rankProgram("gradients.mjs"), ...words]);
    expect(alone).toEqual({ status: 0, signal: null, stdout: "", stderr: "" });
    for (const size of sizes) {
      const { status, stderr } = await launchRanks(["-n", String(size)], "gradients.mjs", words);
      expect(status, stderr).toBe(0);
    }
    for (const size of [1, ...sizes]) runs.set(size, written("gradients", size) as readonly Numbers[]);
  });

  test("equal finite differences, in every way of computing them", () => {
    const numbers = runs.get(1)![0]!;
    const pick = (name: string): Numbers =>
      Object.fromEntries(Array.from({ length: 6 - first }, (_, i) => [i, numbers[`${first + i} ${name}`]!]));
    // central differences of step 1e-5 have errors of about 1e-10 of third derivatives, and of 1e-16 / 1e-5
    expect(furthest(pick("gradient"), pick("gradient by differences"))).toBeLessThan(1e-7);
    expect(furthest(pick("second"), pick("second by differences"))).toBeLessThan(1e-7);
    for (const name of ["reverse over reverse", "forward over reverse", "reverse over forward"])
      expect(furthest(pick("second"), pick(`second, ${name}`)), name).toBeLessThan(1e-12);
    expect(furthest(pick("jacobian"), pick("jacobian, forward"))).toBeLessThan(1e-12);
    expect(furthest(pick("jacobian along"), pick("linearized"))).toBeLessThan(1e-12);
    expect(furthest(pick("pulled back"), pick("gradient"))).toBeLessThan(1e-12);
    expect(furthest(pick("in a batch"), pick("one by one"))).toBeLessThan(1e-12);
  });

  test.each(sizes)("are on each of %i ranks those of one rank", (size) => {
    const one = runs.get(1)![0]!;
    // another order of summation differs by about 1e-16, which finite differences multiply by 1e5
    const isExact = ([name]: readonly [string, unknown]): boolean => !name.includes("differences");
    const exact = (numbers: Numbers): Numbers => Object.fromEntries(Object.entries(numbers).filter(isExact));
    for (const numbers of runs.get(size)!) expect(furthest(exact(one), exact(numbers))).toBeLessThan(1e-12);
    expect(Object.keys(exact(one)).length).toBeGreaterThan(13 * (6 - first));
  });
});

describeWithMpi("a world", () => {
  const expected = (rank: number, size: number): Readonly<Record<string, unknown>> => {
    const sum = (size * (size + 1)) / 2;
    const ranks = Array.from({ length: size }, (_, i) => i);
    const isEven = size % 2 === 0;
    const peer = rank ^ 1;
    return {
      "opened again": true,
      "sum in shared memory": [0, sum, sum, sum, 0],
      max: [size - 1, 0, 7],
      min: [0.5],
      "from the last": [size - 1, size - 1, size - 1, size - 1],
      "from the first": [0, 1 / 3],
      ...(isEven ? { exchange: [peer + 1, ...new Array<number>(peer + 1).fill(peer + 10)] } : {}),
      ...(isEven
        ? { "too little room": expect.stringMatching(/^MPI_Sendrecv failed: .*truncate.* All ranks must/is) }
        : {}),
      "no such rank": `exchange: peer must be a rank, from 0 to ${size - 1}, not ${size}.`,
      "no such array": "allReduce: takes a Float32Array, Float64Array or Int32Array; got Int16Array.",
      "no such operation": expect.stringMatching(/^allReduce: operation must be "sum" or "max" or "min"/),
      "sum of a tree": ["uint32", [2 ** 32 - size, sum - size], sum - size, sum - size + size / 2],
      "empty sum": [0],
      gathered: [[size, 2], true, ranks.flatMap((i) => [0, i]), ranks.map((i) => [i === 0 ? 1 : 0])],
      "all ranks have the bits of a sum": true,
      ...(Number.isInteger(Math.log2(size)) ? { "sums are those of the tree": true } : {}),
      "in a worker": expect.stringContaining("openMpi: a worker cannot open MPI"),
      threads: Math.max(1, Math.min(8, Math.floor(availableParallelism() / size))),
    };
  };

  test("has its documented result on each rank, over Open MPI", async () => {
    const { status, stderr } = await launchRanks(["-n", "2", "--mpirun", mpiruns.openMpi], "checks.mjs", [
      folder,
    ]);
    expect(status, stderr).toBe(0);
    written("checks", 2).forEach((found, rank) => expect(found).toEqual(expected(rank, 2)));
  });

  testInCi(
    "does so over MPICH, on ranks that are no power of two and more than cores; threads are as configured",
    async () => {
      const size = Math.max(3, 2 * Math.ceil(availableParallelism() / 2) + 1);
      const { status, stderr } = await launchRanks(
        ["-n", String(size), "--mpirun", mpiruns.mpich],
        "checks.mjs",
        [folder, "3"],
      );
      expect(status, stderr).toBe(0);
      expect(stderr).toMatch(
        /^downhill launch: \d+ ranks share \d+ cores?; ranks that wait yield to others\.$/m,
      );
      written("checks", size).forEach((found, rank) =>
        expect(found).toEqual({ ...expected(rank, size), threads: 3 }),
      );
    },
  );
});

describeWithMpi("a rank that ends takes the others along", () => {
  const last = "rank 1 of 2";

  testInCi.each([
    ["throws", "throw", `${last}: ended by an uncaught error:\nError: the last rank has had enough\n`],
    ["rejects", "reject", `${last}: ended by an uncaught error:\nError: the last rank was let down\n`],
    ["asks for it", "abort", `${last}: the last rank asks to end it\n`],
  ])("when it %s, with its message", async (_, how, message) => {
    for (const mpirun of how === "throw" ? Object.values(mpiruns) : [mpiruns.openMpi]) {
      const { status, stderr } = await launchRanks(["-n", "2", "--mpirun", mpirun], "ends.mjs", [how]);
      expect(status).toBe(1);
      expect(stderr).toContain(`downhill: ${message}`); // nearly always before the output of mpirun, which uses another pipe
      expect(stderr.trimEnd()).toMatch(/\ndownhill launch: rank 1 ended the run with exit code 1\.$/);
    }
  });

  testInCi("when it leaves with another exit code than 0 and they go on", async () => {
    const { status, stderr } = await launchRanks(["-n", "2"], "ends.mjs", ["leave"], {
      env: { DOWNHILL_PATIENCE: "300" },
    });
    expect(status).toBe(3);
    expect(stderr).toMatch(/^downhill: rank 1 of 2: ended with exit code 3 while other ranks continued/m);
  });
});

describeWithMpi("a rank that ends with exit code 0", () => {
  // the other ranks waited forever
  testInCi("ends the ranks that wait for it in a collective call", async () => {
    const { status, stderr } = await launchRanks(["-n", "2", "--mpirun", mpiruns.mpich], "ends.mjs", [
      "leave the others alone",
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^downhill: rank 1 of 2: ended with exit code 0 while other ranks continued; they are ended too\. Rank 0 waits for it in a call/m,
    );
    expect(stderr).toMatch(/^downhill launch: rank 1 ended the run with exit code 1\.$/m);
  });

  testInCi.each([
    [mpiruns.openMpi, "leave the others alone", "exchange"],
    [mpiruns.openMpi, "leave the others alone", "all"],
    [mpiruns.mpich, "leave the others alone", "exchange"],
  ])("ends the ranks that wait for it (%s, %s: %s)", async (mpirun, how, call) => {
    const { status, stderr } = await launchRanks(["-n", "2", "--mpirun", mpirun], "ends.mjs", [how, call]);
    expect(status).toBe(1);
    expect(stderr).toContain("Rank 0 waits for it in a call that it has not made");
  });

  testInCi.each(Object.values(mpiruns))(
    "takes those along that wait for it to open MPI (%s)",
    async (mpirun) => {
      const options = ["-n", "2", "--restarts", "2", "--mpirun", mpirun];
      const { status, stderr } = await launchRanks(options, "ends.mjs", ["leave before opening"]);
      expect(status).not.toBe(0);
      expect(stderr).toContain(
        "rank 1 has ended with exit code 0 and without openMpi(), while rank 0 waits for it",
      );
      expect(stderr).toMatch(/not restarted, because it would end in the same way\.$/m);
    },
  );

  testInCi("leaves those alone that need it no more", async () => {
    const { status, stdout, stderr } = await launchRanks(["-n", "2"], "ends.mjs", ["finish apart"]);
    expect([status, stdout.trim()], stderr).toEqual([0, "finished"]);
  });
});

describeWithMpi("openMpi", () => {
  const program = rankProgram("checks.mjs");

  test("refuses a library that does not match the launcher: each rank would see only itself", async () => {
    const env = { DOWNHILL_MPI: "libmpi.so.40" };
    const { status, stderr } = await runToEnd(mpiruns.mpich, ["-n", "2", process.execPath, program, folder], {
      env,
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain("launcher and library do not match: this is rank 1 of 2 for mpirun of MPICH");
    expect(stderr).toContain("rank 0 of 1 for libmpi.so.40 (Open MPI v");
  });

  test.each([
    [
      "libmpi-of-nobody.so",
      /the library libmpi-of-nobody\.so cannot be loaded \(.*\)\. Install Open MPI \(Debian: apt-get/,
    ],
    ["libm.so.6", /libm\.so\.6 is not an MPI library: it has no MPI_Get_library_version/],
  ])("refuses %s for a library", async (library, message) => {
    const { status, stderr } = await runToEnd(process.execPath, [shortLived, program, folder], {
      env: { DOWNHILL_MPI: library },
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
  });
});

describeWithMpi("downhill launch", () => {
  testInCi("starts again after a new checkpoint, and not where nothing is new", async () => {
    const checkpoint = join(folder, "checkpoints");
    mkdirSync(join(checkpoint, "deep"), { recursive: true });
    const { status, stderr } = await launchRanks(
      ["-n", "1", "--restarts", "5", "--checkpoint", checkpoint],
      "ends.mjs",
      ["checkpoint", join(checkpoint, "deep", "step-1")],
    );
    expect(status).toBe(1);
    const lines = stderr.split("\n").filter((line) => line.startsWith("downhill launch: "));
    expect(lines.map((line) => line.replace(/^.*exit code 1; /, ""))).toEqual([
      "starting again (restart 1 of 5).",
      "not restarted, because it would end in the same way.",
    ]);
  });

  testInCi.each(Object.entries(mpiruns))(
    "starts again after a death by signal, then hands Ctrl-C on once, and waits until all have saved (%s)",
    async (make, mpirun) => {
      let isSent = false;
      const { status, stdout, stderr } = await launchRanks(
        ["-n", "2", "--restarts", "3", "--mpirun", mpirun],
        "ends.mjs",
        ["kill once, interrupt", join(folder, `killed-${make}`)],
        {
          watch(told, pid) {
            if (isSent || !told.includes("ready on 2 ranks")) return;
            isSent = true;
            process.kill(pid, "SIGINT");
          },
        },
      );
      expect(status, stderr).toBe(130);
      expect(stderr).toMatch(
        /^downhill launch: (rank 1|a rank) was killed by (?:signal 9 \(SIGKILL\)|a signal that mpirun did not report); starting again \(restart 1 of 3\)\.$/m,
      );
      expect(stdout.match(/saved once/g)).toHaveLength(1);
      expect(stderr).toMatch(/^downhill launch: .* ended the run with exit code 130, stopped by SIGINT\.$/m);
    },
  );

  testInCi("ends ranks that do not listen by the second Ctrl-C", async () => {
    let sent = 0;
    const { status, stderr } = await launchRanks(["-n", "2"], "ends.mjs", ["deaf"], {
      watch(told, pid) {
        const heard = told.split("heard").length - 1;
        if ((sent === 0 && told.includes("ready")) || (sent === 1 && heard === 2)) {
          sent++;
          process.kill(pid, "SIGTERM");
        }
      },
    });
    expect(sent).toBe(2);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/^downhill launch: .*, stopped by SIGTERM\.$/m);
  });
});

describeWithMpi("downhill launch, where ranks hear no signal,", () => {
  testInCi.each(Object.values(mpiruns))("ends them after the grace time (%s)", async (mpirun) => {
    let isSent = false;
    const { status, stderr } = await launchRanks(
      ["-n", "2", "--grace", "0.2", "--mpirun", mpirun],
      "ends.mjs",
      ["busy"],
      {
        watch(told, pid) {
          if (isSent || !told.includes("ready")) return;
          isSent = true;
          process.kill(pid, "SIGTERM");
        },
      },
    );
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/^downhill launch: .*, stopped by SIGTERM\.$/m);
  });
});

describe("downhill launch", () => {
  /** Program that poses as Open MPI, ignores signals, and starts a process that outlives it. */
  const deaf = `#!${process.execPath}
if (process.argv[2] === "--version") { console.log("mpirun (Open MPI) 5.0.7"); process.exit(0); }
for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"]) process.on(name, () => console.log("heard", name));
const { spawn } = require("node:child_process");
const rank = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "inherit" });
console.log("rank", rank.pid, "ready");
setInterval(() => {}, 1000);
`;
  const isThere = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      // a process that has ended and whose parent is gone waits for init
      return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return false;
    }
  };

  // it once ignored SIGTERM
  testOnLinux(
    "asks once, ends after the grace time, and then kills all that is left of the run",
    async () => {
      const mpirun = join(folder, "deaf-mpirun.cjs");
      writeFileSync(mpirun, deaf, { mode: 0o755 });
      let sent = 0;
      const words = ["-n", "1", "--grace", "0.1", "--mpirun", mpirun];
      const { status, stdout, stderr } = await launchRanks(words, "ends.mjs", [], {
        watch(told, pid) {
          const isTime = sent === 0 ? told.includes("ready") : sent === 1 && told.includes("heard SIGTERM");
          if (!isTime) return;
          sent++;
          process.kill(pid, "SIGTERM");
        },
      });
      expect(status).toBe(137);
      expect(stdout.match(/heard \w+/g)).toEqual(["heard SIGUSR2", "heard SIGTERM"]);
      expect(stderr.trim().split("\n")).toEqual([
        "downhill launch: the ranks did not end within 0.1 s of SIGTERM; they are ended.",
        "downhill launch: a rank was killed by signal 9 (SIGKILL), stopped by SIGTERM.",
      ]);
      expect(isThere(Number(/rank (\d+)/.exec(stdout)![1]))).toBe(false);
    },
  );
});

describe("downhill launch refuses", () => {
  const launch = async (...words: readonly string[]): Promise<readonly [number | null, string]> => {
    const bin = join(root, "dist/cli/main.js");
    const { status, stderr } = await runToEnd(process.execPath, [shortLived, bin, "launch", ...words]);
    return [status, stderr];
  };
  const program = rankProgram("checks.mjs");
  const others = process.getuid?.() === 0 ? ["--allow-run-as-root"] : [];

  testInCi(
    "to run without a number of ranks, without a program, and with a file that is not a launcher",
    async () => {
      expect(await launch(program)).toEqual([
        2,
        "error: --ranks must be an integer of at least 1: it is missing. See downhill launch --help.\n",
      ]);
      expect(await launch("-n", "0", program)).toEqual([2, expect.stringContaining('not "0"')]);
      expect(await launch("-n", "2")).toEqual([
        2,
        "error: the program is missing. See downhill launch --help.\n",
      ]);
      expect(await launch("-n", "2", ...others, "no-such.mjs")).toEqual([
        1,
        "error: launch: there is no program no-such.mjs.\n",
      ]);
      expect(await launch("-n", "2", ...others, "--mpirun", "no-such-mpirun", program)).toEqual([
        2,
        expect.stringContaining(
          "there is no no-such-mpirun to run. Install Open MPI (Debian: apt-get install openmpi-bin)",
        ),
      ]);
      expect(await launch("-n", "2", ...others, "--mpirun", process.execPath, program)).toEqual([
        2,
        expect.stringContaining("is neither mpirun of Open MPI nor of MPICH"),
      ]);
    },
  );

  testWith("root", process.getuid?.() === 0)("to run as root, unless that is allowed", async () => {
    expect(await launch("-n", "2", program)).toEqual([
      2,
      expect.stringMatching(/^error: launch: refuses to start programs as root.*give --allow-run-as-root\./),
    ]);
  });
});
