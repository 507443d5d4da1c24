// What is seen of the program, beside its text.
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { Point } from "../../src/pictures/landscapes/landscape.ts";
import { Chart } from "../live/chart.tsx";
import { shortNumber } from "../live/fields.tsx";
import { LandscapeMap } from "../live/landscape.tsx";
import type { FieldName, NumberInput, Shown } from "./question.ts";
import {
  along,
  data,
  language,
  latest,
  optimizers,
  ranges,
  seen,
  setNumbers,
  steps,
  target,
} from "./state.ts";

type Of<View extends Shown["view"]> = Extract<Shown, { readonly view: View }>;

/** What is wrong with what a field of the view was given. */
function Problem({ field, id }: { readonly field: FieldName; readonly id?: string }): JSX.Element {
  const { viewProblem } = latest.value;
  return (
    <p id={id} class="problem" role="alert">
      {viewProblem?.field === field ? viewProblem.message : ""}
    </p>
  );
}

/** The numbers that a plot goes along, and from where to where. */
function Axes({ chosen }: { readonly chosen: readonly string[] }): JSX.Element {
  const { numbers } = seen.value;
  const isTwo = chosen.length > 1;
  const choose = (place: number, name: string): void => {
    const next = chosen.map((old, i) => (i === place ? name : old === name ? chosen[place]! : old));
    along.value = next;
  };
  return (
    <div class="controls">
      {numbers.length > 1 && (
        <label>
          Over{" "}
          <select
            value={isTwo ? "2" : "1"}
            onChange={({ currentTarget: { value } }) => {
              const others = numbers.map(({ name }) => name).filter((name) => name !== chosen[0]);
              along.value = value === "1" ? [chosen[0]!] : [chosen[0]!, others[0]!];
            }}
          >
            <option value="1">one number</option>
            <option value="2">two numbers</option>
          </select>
        </label>
      )}
      {chosen.map((name, place) => (
        <span class="axis" key={place}>
          {numbers.length > 1 ? (
            <select
              aria-label={place === 0 ? "along x" : "along y"}
              value={name}
              onChange={({ currentTarget: { value } }) => choose(place, value)}
            >
              {numbers.map((number) => (
                <option value={number.name}>{number.name}</option>
              ))}
            </select>
          ) : (
            <span>{name}</span>
          )}
          <Ends number={numbers.find((number) => number.name === name)} />
        </span>
      ))}
    </div>
  );
}

/** The ends of a range, to type. */
function Ends({ number }: { readonly number: NumberInput | undefined }): JSX.Element | null {
  if (number === undefined) return null;
  const { name, range } = number;
  const put = (end: 0 | 1, value: number): void => {
    const next = [...range] as [number, number];
    next[end] = value;
    if (Number.isFinite(value) && next[0] < next[1]) ranges.value = { ...ranges.value, [name]: next };
  };
  return (
    <>
      {([0, 1] as const).map((end) => (
        <label>
          {end === 0 ? " from " : " to "}
          <input
            type="number"
            class="end"
            step="any"
            aria-label={`${name} ${end === 0 ? "from" : "to"}`}
            value={range[end]}
            onChange={({ currentTarget }) => put(end, currentTarget.valueAsNumber)}
          />
        </label>
      ))}
    </>
  );
}

export function Plot({ shown }: { readonly shown: Of<"plot"> }): JSX.Element {
  return (
    <>
      <Axes chosen={shown.along} />
      {shown.kind === "curve" ? (
        <Chart spec={shown.chart} />
      ) : (
        <>
          <LandscapeMap
            label={`Contours over ${shown.along.join(" and ")}`}
            contours={shown.map}
            trails={[]}
            start={startAt(shown.along)}
          />
          <p class="note">A click, a drag or the arrow keys move the point: the inputs follow.</p>
        </>
      )}
    </>
  );
}

/** The point where the inputs are, which a map moves. */
function startAt(names: readonly [string, string]): { value: Point } {
  return {
    get value() {
      const { numbers } = seen.value;
      return names.map((name) => numbers.find((number) => number.name === name)?.value ?? 0);
    },
    set value(next) {
      setNumbers(new Map(names.map((name, i) => [name, next[i]!])));
    },
  };
}

export function Descent({ shown }: { readonly shown: Of<"descent"> | undefined }): JSX.Element {
  const id = useId();
  const problem = latest.value.viewProblem?.field;
  return (
    <>
      {shown !== undefined && <Axes chosen={shown.along} />}
      <div class="text-field">
        <label for={id}>Optimisers</label>
        <textarea
          id={id}
          rows={2}
          spellcheck={false}
          autocapitalize="off"
          value={optimizers.value}
          aria-invalid={problem === "optimizers"}
          aria-describedby={`${id}-problem`}
          onInput={({ currentTarget }) => (optimizers.value = currentTarget.value)}
        />
        <Problem field="optimizers" id={`${id}-problem`} />
      </div>
      <div class="text-field is-short">
        <label for={`${id}-steps`}>Steps</label>{" "}
        <input
          id={`${id}-steps`}
          inputMode="numeric"
          size={6}
          value={steps.value}
          aria-invalid={problem === "steps"}
          aria-describedby={`${id}-steps-problem`}
          onInput={({ currentTarget }) => (steps.value = currentTarget.value)}
        />
        <Problem field="steps" id={`${id}-steps-problem`} />
      </div>
      {shown !== undefined && <Runs shown={shown} />}
    </>
  );
}

function Runs({ shown }: { readonly shown: Of<"descent"> }): JSX.Element {
  return (
    <>
      {shown.kind === "map" ? <RunsOnMap shown={shown} /> : <Chart spec={shown.chart} />}
      <div class="scroll" tabIndex={0} role="group" aria-label="How the runs ended">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">optimiser</th>
              <th scope="col">value at the end</th>
              <th scope="col">steps</th>
              <th scope="col">how it ended</th>
            </tr>
          </thead>
          <tbody>
            {shown.runs.map(({ name, value, steps: count, end }) => (
              <tr>
                <th scope="row">{name}</th>
                <td>{shortNumber(value)}</td>
                <td>{count}</td>
                <td>{end}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Chart spec={shown.progress} />
    </>
  );
}

function RunsOnMap({
  shown,
}: {
  readonly shown: Extract<Of<"descent">, { readonly kind: "map" }>;
}): JSX.Element {
  return (
    <>
      <LandscapeMap
        label={`Runs over ${shown.along.join(" and ")}`}
        contours={shown.map}
        trails={shown.trails}
        start={startAt(shown.along)}
        hasTable={false}
      />
      <p class="note">A click, a drag or the arrow keys move the start: it is where the inputs are.</p>
    </>
  );
}

export function CodeView({ shown }: { readonly shown: Of<"code"> | undefined }): JSX.Element {
  return (
    <>
      <fieldset class="choice">
        <legend>Language</legend>
        {(
          [
            ["javascript", "JavaScript"],
            ["webassembly", "WebAssembly, as text"],
          ] as const
        ).map(([option, words]) => (
          <button
            type="button"
            aria-pressed={language.value === option}
            onClick={() => (language.value = option)}
          >
            {words}
          </button>
        ))}
      </fieldset>
      {shown !== undefined && (
        <pre class="code scroll" role="region" tabIndex={0} aria-label="Value and gradient as code">
          <code>{shown.text}</code>
        </pre>
      )}
    </>
  );
}

export function Fit({ shown }: { readonly shown: Of<"fit"> | undefined }): JSX.Element {
  const id = useId();
  return (
    <>
      <div class="text-field">
        <label for={id}>Data: a table with names in the first line, from a file or a spreadsheet</label>
        <textarea
          id={id}
          rows={6}
          spellcheck={false}
          autocapitalize="off"
          value={data.value}
          aria-invalid={latest.value.viewProblem?.field === "data"}
          aria-describedby={`${id}-problem`}
          onInput={({ currentTarget }) => (data.value = currentTarget.value)}
        />
        <Problem field="data" id={`${id}-problem`} />
      </div>
      {shown !== undefined && <Fitted shown={shown} />}
    </>
  );
}

function Fitted({ shown }: { readonly shown: Of<"fit"> }): JSX.Element {
  const { estimates, columns } = shown;
  const { numbers } = seen.value;
  return (
    <>
      <label>
        The program gives{" "}
        <select value={shown.target} onChange={({ currentTarget: { value } }) => (target.value = value)}>
          {columns.map((name) => (
            <option value={name}>{name}</option>
          ))}
        </select>
      </label>
      <div class="scroll" tabIndex={0} role="group" aria-label="Parameters">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">parameter</th>
              <th scope="col">value</th>
              <th scope="col">standard error</th>
              <th scope="col">95 % interval</th>
              <th scope="col">
                <span class="unseen">remark</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {estimates.map(({ name, value, error, interval, note }) => (
              <tr>
                <th scope="row">{name}</th>
                <td>{value}</td>
                <td>{error}</td>
                <td>{interval}</td>
                <td>{note}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {estimates.some(({ name }) => numbers.some((number) => number.name === name)) && (
        <button
          type="button"
          onClick={() => setNumbers(new Map(estimates.map(({ name, exact }) => [name, exact])))}
        >
          Put the estimates into the inputs
        </button>
      )}
      <Chart spec={shown.curve} />
      <Chart spec={shown.residuals} />
      {shown.notes.map((note) => (
        <p class="note">{note}</p>
      ))}
    </>
  );
}
