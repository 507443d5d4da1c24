import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { pageState } from "../../live/address.ts";
import { Chart, type ChartSpec } from "../../live/chart.tsx";
import { Drag, shortNumber, Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { ProgramPart } from "../program-part.tsx";
import {
  avoidedByPercent,
  casesOf,
  counted,
  days,
  type Epidemic,
  forecast,
  known,
  parameters,
  peakOf,
  people,
} from "./model.ts";
import { printed, program } from "./program.ts";

const state = pageState();
const reproduction = state.number("r", 2.5, { min: 1.2, max: 4 });
const infectious = state.number("infectious", 5, { min: 3, max: 12 });
const seed = state.number("seed", 1, { min: 1, max: 99, step: 1 });
const until = state.number("until", 14, { min: 7, max: days, step: 1 });
const contacts = state.number("contacts", 60, { min: 0, max: 100, step: 1 });
const since = state.number("since", 20, { min: 1, max: days, step: 1 });

const truth = computed((): Epidemic => ({
  reproduction: reproduction.value,
  infectious: infectious.value,
  first: 20,
}));
const counts = computed(() => counted(truth.value, Math.round(seed.value)));
const told = computed(() => forecast(counts.value, Math.round(until.value)));
const dayNumbers = Array.from({ length: days }, (_, i) => i + 1);
const words: Readonly<Record<keyof Epidemic, string>> = {
  reproduction: "R₀, infections per case",
  infectious: "infectious days",
  first: "infected on day 0",
};
const whole = (value: number): string => Math.round(value).toLocaleString("en-GB");

/** Upper end of the cases axis. A band that exceeds it is just wide. */
function mostCases(): number {
  return 1.6 * Math.max(...counts.value, ...told.value.cases);
}

function ForecastFigure(): JSX.Element {
  const { found, factors, cases, low, high } = told.value;
  const day = Math.round(until.value);
  const spec = useMemo((): ChartSpec => {
    const most = mostCases();
    const dots = (name: string, from: number, to: number, colour: number | "ink") =>
      ({
        name,
        x: dayNumbers.slice(from, to),
        y: counts.value.slice(from, to),
        draw: "dots",
        colour,
      }) as const;
    return {
      title: "Cases per day: counts and fit",
      x: { label: "day", domain: [0, days], unit: "integer" },
      y: { label: "cases", isFromZero: true },
      series: [
        {
          name: "95 % confidence",
          x: dayNumbers,
          y: cases,
          low,
          high: high.map((value) => Math.min(value, most)),
          draw: "band",
          colour: 0,
        },
        { name: "expected", x: dayNumbers, y: cases, draw: "line", colour: 0 },
        dots("known", 0, day, "ink"),
        dots("still to come", day, days, 1),
      ],
    };
  }, [told.value, counts.value, day]);
  return (
    <Figure
      id="forecast"
      title="Cases so far, and a forecast"
      caption="New cases per day. The fit uses only the round dots; the squares are later days. The band contains the expected number with 95 % confidence. Counts scatter around the expected number by another 10 %."
      state={{ page: state, keys: ["r", "infectious", "seed", "until"] }}
    >
      <p>
        An epidemic among {whole(people)} people, in which one case infects{" "}
        <Drag value={reproduction} label="true R0" min={1.2} max={4} step={0.1} /> others in{" "}
        <Drag value={infectious} label="true days infectious" min={3} max={12} step={0.5} /> days. Random
        errors: sample <Drag value={seed} label="set of errors" min={1} max={99} step={1} />.
      </p>
      <div class="controls">
        <Slider value={until} label="today is day" min={7} max={days} step={1} />
      </div>
      <Chart spec={spec} height={[200, 0.25]} />
      <div class="scroll" role="group" tabIndex={0} aria-label="Numbers of the epidemic">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">number</th>
              <th scope="col">found</th>
              <th scope="col">between</th>
              <th scope="col">true</th>
            </tr>
          </thead>
          <tbody>
            {parameters.map((name) => (
              <tr>
                <th scope="row">{words[name]}</th>
                <td>{found[name].toPrecision(3)}</td>
                <td>
                  {(found[name] / factors[name]).toPrecision(3)} and{" "}
                  {(found[name] * factors[name]).toPrecision(3)}
                </td>
                <td>{shortNumber(truth.value[name])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="finding">
        Initial growth: {(100 * ((found.reproduction - 1) / found.infectious)).toFixed(1)} % per day (true{" "}
        {(100 * ((reproduction.value - 1) / infectious.value)).toFixed(1)} %). The peak is expected on day{" "}
        {peakOf(cases)}.
      </p>
    </Figure>
  );
}

function ContactsFigure(): JSX.Element {
  const { found } = told.value;
  const part = contacts.value / 100;
  const from = Math.round(since.value);
  const changed = useMemo(() => casesOf(found, part, from), [found, part, from]);
  const [all, left] = [told.value.cases, changed].map((list) =>
    list.reduce((sum, value) => sum + value, 0),
  ) as [number, number];
  const spec = useMemo(
    (): ChartSpec => ({
      title: "Expected cases per day, with all contacts and with fewer",
      x: { label: "day", domain: [0, days], unit: "integer" },
      y: { label: "cases", isFromZero: true },
      series: [
        { name: "all contacts", x: dayNumbers, y: told.value.cases, draw: "dashes", colour: 0 },
        { name: "fewer contacts", x: dayNumbers, y: changed, draw: "line", colour: 2 },
      ],
      marks: [{ x: from, label: "fewer contacts" }],
    }),
    [told.value, changed, from],
  );
  return (
    <Figure
      id="contacts"
      title="What fewer contacts would change"
      caption="New cases per day, for the fitted epidemic of the first figure."
      state={{ page: state, keys: ["contacts", "since"] }}
    >
      <div class="controls">
        <Slider
          value={contacts}
          label="remaining contacts"
          min={0}
          max={100}
          step={1}
          show={(value) => `${value} %`}
        />
        <Slider value={since} label="from day" min={1} max={days} step={1} />
      </div>
      <Chart spec={spec} />
      <p class="finding" role="status">
        {whole(left)} cases instead of {whole(all)}. One percent fewer contacts avoids another{" "}
        {whole(avoidedByPercent(found, part, from))}: the derivative of the total.
      </p>
    </Figure>
  );
}

function Body(): JSX.Element {
  return (
    <>
      <p>
        Early in an epidemic there are two weeks of counts, and many questions. How many people does one case
        infect? When is the peak? How much do fewer contacts help? A model relates the counts to the answers.
      </p>
      <p>
        The SIR model has three groups of people: susceptible, infected and recovered. Let <M>s</M> and{" "}
        <M>i</M> be the fractions of the first two. Then <M>s′ = −β s i</M> and <M>i′ = β s i − γ i</M>. A
        person is infectious for <M>1/γ</M> days, and infects <M>R₀ = β/γ</M> others at the beginning.
      </p>
      <ForecastFigure />
      <p>
        Move “today” from day 7 to the right. The growth rate is soon known well, but <M>R₀</M> is not: an
        epidemic with twice as many infections in twice the time grows equally fast at first. The data
        separate the two only when the curve bends, because fewer people are left to infect. Until then the
        fit relies on prior knowledge: people are infectious for about {known.infectious} days, up to a factor
        of {known.factor}.
      </p>
      <ContactsFigure />
      <p>
        Try measures that begin a week earlier. Then try 0 % at the peak: by then it is too late. The last
        number is the benefit of one more percent. It is largest near the threshold between an epidemic that
        dies out and one that does not.
      </p>
      <p>
        The fit needs the derivatives of the counts of all days in the unknown parameters. They are computed
        through the solver of the differential equation. The confidence band and the benefit of one more
        percent use the same derivatives.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          If the infectious period is known, two parameters remain, and <code>fitCurve</code> finds them.
        </p>
      </ProgramPart>
      <p>
        Real people differ and change their behaviour, not all cases are counted, and reports arrive late. The
        band does not include any of this. It describes the random scatter of the counts, under the assumption
        that the model is right.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
