import { DownhillError } from "../../../errors/index.ts";

/** Errors of a WebGPU device, which reports them later than the calls that caused them. */
export interface ProblemLog {
  /** Runs a function, and keeps the first error that the device reports about it. */
  readonly watched: <T>(kind: GPUErrorFilter, run: () => T, errorOf: (message: string) => DownhillError) => T;
  /** Waits for the reports about all earlier calls, and throws the first error. */
  readonly settled: () => Promise<void>;
  /** Throws the first error that is known by now. */
  readonly require: () => void;
  /** From now on, the loss of the device is no error. */
  readonly expectLoss: () => void;
}

/** Creates the log of a device. */
export function makeProblemLog(device: GPUDevice): ProblemLog {
  const checks = new Set<Promise<void>>();
  let problem: DownhillError | undefined;
  let isLossExpected = false;
  void device.lost.then(({ reason, message }) => {
    if (isLossExpected) return;
    problem ??= new DownhillError(
      "device",
      `the GPU was lost (${reason}${message === "" ? "" : `: ${message}`}), and with it the tensors in its memory. Open another with openWebGpu().`,
    );
  });
  const requireNone = (): void => {
    if (problem !== undefined) throw problem;
  };
  return {
    watched(kind, run, errorOf) {
      device.pushErrorScope(kind);
      const result = run();
      const check: Promise<void> = device.popErrorScope().then(
        (error) => {
          if (error !== null) problem ??= errorOf(error.message);
          checks.delete(check);
        },
        () => void checks.delete(check), // the device was lost
      );
      checks.add(check);
      return result;
    },
    async settled() {
      await Promise.all(checks);
      requireNone();
    },
    require: requireNone,
    expectLoss() {
      isLossExpected = true;
    },
  };
}
