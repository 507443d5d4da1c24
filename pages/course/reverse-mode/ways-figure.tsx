// The forward pass and the backward pass, line by line.
import type { JSX } from "preact";
import { shortNumber } from "../../live/fields.tsx";
import { shareRun } from "../../live/figure-programs.ts";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import { Player } from "../../live/player.tsx";
import { ProgramField } from "../../live/program-field.tsx";
import { Value } from "../../live/value.tsx";
import { examples } from "../programs.ts";
import { own, state, step, ways } from "./state.ts";
import type { WayBack, WayForward, Ways } from "./ways.ts";

const mostRows = 40; // maximum number of lines shown of each pass

/** The program with its saved values, next to the backward pass with its uses of them. */
export function WaysFigure(): JSX.Element {
  const shown: Ways = {
    forward: ways.value.forward.slice(0, mostRows),
    back: ways.value.back.slice(0, mostRows),
  };
  const last = shown.forward.length + shown.back.length - 1;
  const at = Math.min(step.value, last);
  const { program, args } = own.run.value;
  const gradient = program.gradient(args);
  const left = ways.value.forward.length + ways.value.back.length - 1 - last;
  return (
    <Figure
      id="ways"
      {...shareRun(() => own.run.value)}
      title="Forward, storing; back, using"
      isWide
      state={{ page: state, keys: ["program", "at", "step"] }}
      caption={
        <>
          Step through the lines. First the program runs, and stores values for the backward pass. Then the
          backward pass visits the lines from the last to the first. The arrows show which line stored a
          value. <M>∂s/∂x</M> is the derivative of the result in <M>x</M>, as far as it is computed at this
          moment.
        </>
      }
    >
      <ProgramField state={own} examples={examples} rows={5} />
      {last > 0 && <Player step={step} last={last} label="both ways" unit="line" seconds={10} />}
      <div class="ways">
        <ForwardTable {...shown} at={at} />
        <BackTable {...shown} at={at - shown.forward.length} />
      </div>
      {left > 0 && <p class="finding">{left} more lines of this run are not shown.</p>}
      <p class="finding" role="status">
        The result is <Value of="result" value={program.value(args)} />.{" "}
        {program
          .numbers(args)
          .slice(0, mostNumbers)
          .map(({ name }, i) => (
            <span key={name}>
              Its derivative in <M>{name}</M> is{" "}
              <strong>
                <Value of="gradient" value={gradient[i]!} />
              </strong>
              .{" "}
            </span>
          ))}
      </p>
    </Figure>
  );
}

const mostNumbers = 6; // maximum number of derivatives shown

function rowClass(i: number, at: number): string {
  return i === at ? "is-active" : i > at ? "is-later" : "";
}

function ForwardTable({
  forward,
  at,
}: {
  readonly forward: readonly WayForward[];
  readonly at: number;
}): JSX.Element {
  const hasLoops = forward.some(({ where }) => where !== "");
  const used = at - forward.length; // the current line of the backward pass
  return (
    <div class="scroll" role="region" tabIndex={0} aria-label="The way forward">
      <table class="plain pass">
        <thead>
          <tr>
            <th>line</th>
            {hasLoops && <th>in</th>}
            <th>forward</th>
            <th>value</th>
            <th>kept</th>
          </tr>
        </thead>
        <tbody>
          {forward.map(({ text, value, where, stored }, i) => (
            <tr class={rowClass(i, at)} aria-current={i === at ? "step" : undefined}>
              <td>{i + 1}</td>
              {hasLoops && <td>{where}</td>}
              <td>
                <M>{text}</M>
              </td>
              <td>{i <= at ? shortNumber(value) : "·"}</td>
              <td>
                {i <= at &&
                  stored.map(({ name, usedBy }) => (
                    <span class={usedBy.includes(used) ? "kept is-used" : "kept"}>
                      <M>{name}</M>
                    </span>
                  ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function BackTable({
  forward,
  back,
  at,
}: Ways & {
  readonly at: number;
}): JSX.Element {
  const keptFor = (line: number): readonly { readonly name: string; readonly line: number }[] =>
    forward.flatMap(({ stored }, i) =>
      stored.filter(({ usedBy }) => usedBy.includes(line)).map(({ name }) => ({ name, line: i + 1 })),
    );
  return (
    <div class="scroll" role="region" tabIndex={0} aria-label="The backward pass">
      <table class="plain pass">
        <thead>
          <tr>
            <th>back</th>
            <th>value</th>
            <th>uses</th>
          </tr>
        </thead>
        <tbody>
          {back.map((line, i) => (
            <tr class={`${rowClass(i, at)} ${kindClass(line)}`} aria-current={i === at ? "step" : undefined}>
              <td>
                <M>{line.text}</M>
              </td>
              <td>{i <= at ? shortNumber(line.value) : "·"}</td>
              <td>
                {keptFor(i).map(({ name, line: number }) => (
                  <span class="kept">
                    <M>{name}</M> ← line {number}
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function kindClass({ kind }: WayBack): string {
  return kind === "sum" ? "is-sum" : "";
}
