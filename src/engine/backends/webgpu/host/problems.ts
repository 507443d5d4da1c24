import { DownhillError, internalError } from "../../../errors/index.ts";

/** Collects the errors of a WebGPU device, which reports them later than the calls that caused them. */
export interface ProblemLog {
  /** Calls `run`, and records the first error of this kind that the device reports about it later. */
  readonly watched: <T>(kind: GPUErrorFilter, run: () => T, errorOf: (message: string) => DownhillError) => T;
  /** Waits for the reports about all earlier calls, and throws the first recorded error, as `require` does. */
  readonly settled: (operation: string) => Promise<void>;
  /** Throws the first error that has been recorded so far. `operation` names the caller. */
  readonly require: (operation: string) => void;
  /** Declares that the device will be closed, so that its loss is not recorded as an error. */
  readonly expectLoss: () => void;
  /** True if the device was lost without having been closed. */
  readonly isLost: () => boolean;
}

/** Creates the log of a device. */
export function makeProblemLog(device: GPUDevice): ProblemLog {
  const checks = new Set<Promise<void>>();
  let problem: DownhillError | undefined;
  let isLossExpected = false;
  let isLost = false;
  void device.lost.then(({ reason, message }) => {
    if (isLossExpected) return;
    isLost = true;
    problem ??= new DownhillError(
      "device",
      `the GPU was lost (${reason}${message === "" ? "" : `: ${message}`}), and with it the tensors in its memory. Open another with openWebGpu().`,
    );
  });
  const onUncaptured = ({ error }: GPUUncapturedErrorEvent): void => {
    // it may follow from an error whose report is still to come
    void Promise.all(checks).then(() => {
      problem ??= internalError(`the GPU reported an error: ${error.message}`);
    });
  };
  // not every implementation for Node has events
  (device as Partial<GPUDevice>).addEventListener?.("uncapturederror", onUncaptured as EventListener);
  const requireNone = (operation: string): void => {
    if (problem === undefined) return;
    if (problem.code === "internal") throw problem;
    throw new DownhillError(problem.code, `${operation}: ${problem.message}`, { cause: problem });
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
    async settled(operation) {
      await Promise.all(checks);
      requireNone(operation);
    },
    require: requireNone,
    expectLoss() {
      isLossExpected = true;
    },
    isLost: () => isLost,
  };
}
