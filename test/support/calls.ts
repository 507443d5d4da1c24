import { Session } from "node:inspector";

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

/**
 * Counts the calls of functions of some files during `run` with the engine's own counters, so that the speed of the
 * machine does not matter. Only named functions are counted, because the test runner creates an unnamed one for each
 * export.
 */
export function callsOf(run: () => void, isCounted: (url: string) => boolean): number {
  const session = new Session();
  session.connect();
  const post = (method: string, params: object = {}): unknown => {
    let answer: unknown;
    session.post(method, params, (error, result) => {
      if (error !== null) throw new Error(`${method}: ${error.message}`);
      answer = result; // synchronous, because the session is one of this thread
    });
    return answer;
  };
  try {
    post("Profiler.enable");
    post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
    post("Profiler.takePreciseCoverage"); // discards earlier counts
    run();
    const { result } = post("Profiler.takePreciseCoverage") as Coverage;
    let calls = 0;
    for (const { url, functions } of result)
      if (isCounted(url))
        for (const { functionName, ranges } of functions)
          if (functionName !== "" && functionName !== "get") calls += ranges[0]!.count;
    return calls;
  } finally {
    session.disconnect();
  }
}
