// The code of a derivative next to that of a program.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { traceText } from "../../../src/pictures/viz/index.ts";
import { Choice, shortNumber } from "../../live/fields.tsx";
import { shareRun } from "../../live/figure-programs.ts";
import { Figure } from "../../live/figure.tsx";
import { Code, M } from "../../live/formula.tsx";
import type { Program } from "../../live/program.ts";
import { ProgramField } from "../../live/program-field.tsx";
import type { ProgramRun } from "../../live/program-state.ts";
import { Value } from "../../live/value.tsx";
import { examples } from "../programs.ts";
import { form, own, state } from "./state.ts";

/** The reader's program and its derivative. */
export function CodeFigure(): JSX.Element {
  return (
    <Figure
      id="code"
      {...shareRun(() => own.run.value)}
      title="A program and its derivative"
      isWide
      state={{ page: state, keys: ["program", "at", "code"] }}
      caption={
        <>
          <i>dx</i> is the speed of <i>x</i>, and each line of the derivative computes the speed of one value.
          The following chapters explain these lines.
        </>
      }
    >
      <div class="side-by-side">
        <ProgramField state={own} examples={examples} rows={5} />
        <div>
          <Choice
            value={form}
            label="its derivative as"
            options={[
              ["lines", "lines"],
              ["JavaScript", "JavaScript"],
            ]}
          />
          <DerivativeCode run={own.run.value} as={form.value} />
        </div>
      </div>
    </Figure>
  );
}

/** The derivative of a program as code, and the gradient at its arguments. */
function DerivativeCode({
  run,
  as,
}: {
  readonly run: ProgramRun;
  readonly as: "lines" | "JavaScript";
}): JSX.Element {
  const { program, args } = run;
  const gradient = program.gradient(args);
  const numbers = program.numbers(args);
  return (
    <>
      {as === "lines" ? <DerivativeLines run={run} /> : <DerivativeScript program={program} />}
      <p class="gradient" role="status">
        The result is <Value of="result" value={program.value(args)} />.{" "}
        {numbers.slice(0, mostNumbers).map(({ name }, i) => (
          <span>
            Its derivative in <M>{name}</M> is{" "}
            <strong>
              <Value of="gradient" value={gradient[i]!} />
            </strong>
            .{" "}
          </span>
        ))}
        {numbers.length > mostNumbers && `${numbers.length - mostNumbers} more numbers have a derivative.`}
      </p>
    </>
  );
}

const mostNumbers = 6; // maximum number of derivatives shown
const mostLines = 40; // maximum number of lines shown

/** Lines of the derivative: symbolic for a formula, with the numbers of the run for TypeScript. */
function DerivativeLines({ run }: { readonly run: ProgramRun }): JSX.Element {
  const lines = linesOf(run);
  const shown = lines.slice(0, mostLines);
  return (
    <Code label="The derivative, line by line">
      {[...shown, ...(lines.length > mostLines ? [`… and ${lines.length - mostLines} more`] : [])].join("\n")}
    </Code>
  );
}

function linesOf({ program, tape }: ProgramRun): string[] {
  if (program.kind === "text") {
    const [pass] = traceText(program.compiled).forward;
    return (pass?.lines ?? [])
      .filter((_, i) => i >= program.inputs.length)
      .map(({ tangent }) => `${tangent.name} = ${tangent.expression}`);
  }
  // A loop has one line per iteration.
  return tape.steps.flatMap(({ name, sources, formula }) =>
    formula === ""
      ? []
      : [
          `d${name} = ${sources.map(({ step, derivative }) => `${shortNumber(derivative)} * d${tape.steps[step]!.name}`).join(" + ") || "0"}`,
        ],
  );
}

/** The gradient as JavaScript, loaded on demand. */
function DerivativeScript({ program }: { readonly program: Program }): JSX.Element {
  const code = useSignal("");
  useEffect(() => {
    let isOld = false;
    import("../../live/emitted.ts")
      .then(async ({ emittedGradient }) => emittedGradient(program))
      .then(
        (text) => {
          if (!isOld) code.value = text;
        },
        (problem: unknown) => {
          if (!isOld) code.value = problem instanceof Error ? problem.message : String(problem);
        },
      );
    return () => {
      isOld = true;
    };
  }, [program]);
  return <Code label="The gradient in JavaScript">{code.value || "Loading …"}</Code>;
}
