// Dependency graph of the reader's program.
import type { JSX } from "preact";
import { shareRun } from "../../live/figure-programs.ts";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { ProgramField } from "../../live/program-field.tsx";
import { Value } from "../../live/value.tsx";
import { useWidth } from "../../live/width.ts";
import { examples } from "../programs.ts";
import { GraphDrawing, mostDrawn } from "./drawing.tsx";
import { affected, chosen, own, state } from "./state.ts";

/** The graph. Selecting a value by mouse or keyboard highlights the values that it affects. */
export function GraphFigure(): JSX.Element {
  const { ref, width } = useWidth<HTMLDivElement>(640);
  const { program, args, tape } = own.run.value;
  const reached = affected.value.has(tape.result) || chosen.value === tape.result;
  const { name, formula } = tape.steps[chosen.value]!;
  return (
    <Figure
      id="graph"
      {...shareRun(() => own.run.value)}
      title="The graph of a program"
      isWide
      state={{ page: state, keys: ["program", "at", "from", "path"] }}
      caption={
        <>
          Choose a value: the values that it can affect are highlighted. The number on an arrow is a local
          derivative. It says how fast the lower value moves when only the upper value moves.
        </>
      }
    >
      <ProgramField state={own} examples={examples} rows={3} />
      <div ref={ref}>
        <GraphDrawing width={width.value} />
      </div>
      {tape.steps.length > mostDrawn && (
        <p class="finding">
          This run has {tape.steps.length} values. The first {mostDrawn} are drawn. The paths below include
          all of them.
        </p>
      )}
      <p class="finding" role="status">
        The result is <Value of="result" value={program.value(args)} />.{" "}
        <M>{formula === "" ? name : `${name} = ${formula}`}</M> can affect{" "}
        <Value of="affected" value={affected.value.size} /> {affected.value.size === 1 ? "value" : "values"}
        {reached ? ", the result among them." : ", and the result is not among them: its derivative is 0."}
      </p>
    </Figure>
  );
}
