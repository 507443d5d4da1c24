// The forward pass, line by line.
import type { JSX } from "preact";
import { Drag, shortNumber } from "../../live/fields.tsx";
import { shareRun } from "../../live/figure-programs.ts";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { Player } from "../../live/player.tsx";
import { ProgramField } from "../../live/program-field.tsx";
import { Value } from "../../live/value.tsx";
import { examples } from "../programs.ts";
import { Dial } from "./dial.tsx";
import { withPart } from "./direction.ts";
import type { ForwardRow } from "./rows.ts";
import { tangentNameOf } from "./rows.ts";
import { along, direction, own, rows, state, step } from "./state.ts";

const mostParts = 8; // maximum number of direction entries shown
const mostRows = 60;

/** The program and its differential, line by line, for a selectable direction. */
export function PassFigure(): JSX.Element {
  const last = Math.min(rows.value.length, mostRows) - 1;
  const { tape, program, args } = own.run.value;
  const tangent = rows.value[tape.result]!.tangent;
  return (
    <Figure
      id="pass"
      {...shareRun(() => own.run.value)}
      title="A forward pass"
      isWide
      state={{ page: state, keys: ["program", "at", "along", "step"] }}
      caption={
        <>
          Choose the speeds of the inputs with the numbers or the dial. Then step through the program: each
          value is followed by its differential, which is computed from the lines above it.
        </>
      }
    >
      <div class="side-by-side">
        <ProgramField state={own} examples={examples} rows={5} />
        <DirectionField />
      </div>
      {last > 0 && <Player step={step} last={last} label="the pass" unit="line" />}
      <PassTable rows={rows.value.slice(0, mostRows)} reached={Math.min(step.value, last)} />
      {rows.value.length > mostRows && (
        <p class="finding">… and {rows.value.length - mostRows} more lines of this run.</p>
      )}
      <p class="finding" role="status">
        The result is <Value of="result" value={program.value(args)} />; its differential along this direction
        is{" "}
        <strong>
          <Value of="tangent" value={tangent} />
        </strong>
        .
      </p>
    </Figure>
  );
}

/** One number per input, and a dial for two inputs. */
function DirectionField(): JSX.Element {
  const { program, args } = own.run.value;
  const numbers = program.numbers(args);
  return (
    <div>
      <p class="field-name">The direction</p>
      {numbers.length === 0 && <p>No number of this program can move.</p>}
      <div class="inputs">
        {numbers.slice(0, mostParts).map(({ name }, i) => (
          <span class="input" key={name}>
            <span>
              <i>{tangentNameOf(name)}</i> ={" "}
            </span>
            <Drag
              label={tangentNameOf(name)}
              step={0.1}
              value={{
                get value() {
                  return direction.value[i] ?? 0;
                },
                set value(x: number) {
                  along.value = withPart(along.value, i, x);
                },
              }}
            />
          </span>
        ))}
      </div>
      {numbers.length > mostParts && <p>The other {numbers.length - mostParts} do not move.</p>}
      {numbers.length === 2 && <Dial along={along} names={[numbers[0]!.name, numbers[1]!.name]} />}
    </div>
  );
}

function PassTable({
  rows: shown,
  reached,
}: {
  readonly rows: readonly ForwardRow[];
  readonly reached: number;
}): JSX.Element {
  const hasLoops = shown.some(({ where }) => where !== "");
  return (
    <div class="scroll" role="region" tabIndex={0} aria-label="The program and its differentials">
      <table class="plain pass">
        <thead>
          <tr>
            {hasLoops && <th>in</th>}
            <th>line</th>
            <th>value</th>
            <th>its differential</th>
            <th>value</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row, i) => (
            <tr
              class={i === reached ? "is-active" : i > reached ? "is-later" : ""}
              aria-current={i === reached ? "step" : undefined}
            >
              {hasLoops && <td>{row.where}</td>}
              <td>
                <M>{row.formula === "" ? row.name : `${row.name} = ${row.formula}`}</M>
              </td>
              <td>{i <= reached ? shortNumber(row.value) : "·"}</td>
              <td>
                <M>
                  {row.tangentFormula === "" ? row.tangentName : `${row.tangentName} = ${row.tangentFormula}`}
                </M>
              </td>
              <td>{i <= reached ? <Value of="line-tangent" value={row.tangent} /> : "·"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
