import { expect, test } from "vitest";
import { describeOutcome, readOutcome } from "./outcome.ts";

// output of the launchers: Open MPI 5.0.7 and 4.1, MPICH 4.2
const killed =
  "prterun noticed that process rank 1 with PID 16198 on node vm exited on\nsignal 9 (Killed).\n-----\n";
const killed4 =
  "mpirun noticed that process rank 3 with PID 0 on node host-1 exited on signal 11 (Segmentation fault).\n";
const exited =
  "thus causing the job to be terminated. The first process to do so was:\n\n   Process name: [prterun-vm-11694@1,1]\n   Exit code:    3\n";
const exited4 = "  Process name: [[23541,1],2]\n  Exit code:    3\n";
const aborted =
  "MPI_ABORT was invoked on rank 2 in communicator MPI_COMM_WORLD\n  Proc: [[22255,1],2]\n  Errorcode: 1\n";
const killedMpich =
  "=   EXIT CODE: 9\n====\nYOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)\n";
const abortedMpich =
  "Abort(1) on node 1 (rank 1 in comm 0): application called MPI_Abort(MPI_COMM_WORLD, 1) - process 1\n";
const told = "downhill: rank 0 of 2: ended by an uncaught error:\nError: no\n";

test.each([
  [137, null, killed, "rank 1 was killed by signal 9 (SIGKILL)"],
  [139, null, killed4, "rank 3 was killed by signal 11 (SIGSEGV)"],
  [9, null, killedMpich, "a rank was killed by signal 9 (SIGKILL)"],
  [3, null, exited, "rank 1 ended the run with exit code 3"],
  [3, null, exited4, "rank 2 ended the run with exit code 3"],
  [1, null, aborted, "rank 2 ended the run with exit code 1"],
  [1, null, abortedMpich, "rank 1 ended the run with exit code 1"],
  [1, null, told + aborted, "rank 0 ended the run with exit code 1"],
  [9, null, "", "a rank ended the run with exit code 9"], // the exit code of a program, without a signal
  [null, "SIGTERM", killed, "a rank was killed by signal 15 (SIGTERM)"],
] as const)("exit code %s, signal %s after %j: %s", (code, signal, text, expected) => {
  expect(describeOutcome(readOutcome(code, signal, text, () => []))).toBe(expected);
});

test("a run that succeeds is not reported as killed, whatever its ranks wrote", () => {
  expect(readOutcome(0, null, killed + told, () => [])).toEqual({
    code: 0,
    rank: undefined,
    signal: undefined,
  });
});

test.each([
  [[1], "rank 1 was killed by a signal that mpirun did not report"],
  [[0, 1], "a rank was killed by a signal that mpirun did not report"],
])("a success reported by mpirun of MPICH is rejected while ranks %j have not ended", (left, expected) => {
  const outcome = readOutcome(0, null, "", () => left);
  expect(outcome.code).toBe(1);
  expect(describeOutcome(outcome)).toBe(expected);
});
