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
 * How often functions of some files are called by `run`, by the engine's own count: what a machine's speed has no part in. Only functions
 * with a name are counted, since the test runner makes one without for each export.
 */
export function callsOf(run: () => void, isCounted: (url: string) => boolean): number {
  const session = new Session();
  session.connect();
  const post = (method: string, params: object = {}): unknown => {
    let answer: unknown;
    session.post(method, params, (error, result) => {
      if (error !== null) throw new Error(`${method}: ${error.message}`);
      answer = result; // given at once: the session is one of this thread
    });
    return answer;
  };
  try {
    post("Profiler.enable");
    post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
    post("Profiler.takePreciseCoverage"); // what ran before
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
