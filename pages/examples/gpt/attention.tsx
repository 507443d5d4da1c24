// Attention weights of the heads.
import type { JSX } from "preact";
import { Slider } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { cellPaths, levelOf } from "../../live/cells.ts";
import { shades } from "../../live/shades.ts";
import { visible } from "./figures.tsx";
import { head, layer, looked, place, type Shown, shown, state } from "./state.ts";

/** Lower limits of the shades of weights, each about twice the previous one. */
const levels = [0.02, 0.05, 0.1, 0.2, 0.4, 0.7];

const colours = shades(levels.length + 1);

/** Attention weights of a head as a table: one row per character, with darker shades for larger weights. */
function Weights({
  rows,
  label,
  at,
}: {
  readonly rows: readonly (readonly number[])[];
  readonly label?: string;
  /** Index of the marked row. */
  readonly at?: number;
}): JSX.Element {
  const n = rows.length;
  return (
    <svg
      class="gpt-weights"
      viewBox={`0 0 ${n} ${n}`}
      {...(label === undefined ? { "aria-hidden": "true" } : { role: "img", "aria-label": label })}
    >
      <path class="gpt-diagonal" d={`M0 0V${n}H${n}Z`} />
      {cellPaths(rows, levels).map(
        (d, i) => d !== "" && <path class={`gpt-level gpt-level-${i + 1}`} d={d} />,
      )}
      {at !== undefined && <path class="gpt-row" d={`M0 ${at}H${at + 1}V${at + 1}H0Z`} />}
    </svg>
  );
}

function rowsOf({ writing }: Shown, ofLayer: number, ofHead: number): (readonly number[])[] {
  return Array.from({ length: writing.context }, (_, i) => writing.weightsFrom(i, ofLayer, ofHead));
}

/** All heads as buttons. */
function Heads({ now }: { readonly now: Shown }): JSX.Element {
  const { layer: ofLayer, head: ofHead } = looked.value;
  return (
    <div class="gpt-heads" style={`--heads:${now.sizes.heads}`}>
      {Array.from({ length: now.sizes.layers }, (_, i) =>
        Array.from({ length: now.sizes.heads }, (__, j) => (
          <button
            type="button"
            aria-label={`Layer ${i + 1}, head ${j + 1}`}
            aria-pressed={i === ofLayer && j === ofHead}
            onClick={() => {
              layer.value = i + 1;
              head.value = j + 1;
            }}
          >
            <Weights rows={rowsOf(now, i, j)} />
          </button>
        )),
      )}
    </div>
  );
}

/** The first sample up to the end of the context. Characters with larger attention weights have darker shades. */
function Attended({ now }: { readonly now: Shown }): JSX.Element {
  const { layer: ofLayer, head: ofHead, place: here } = looked.value;
  const weights = now.writing.weightsFrom(here, ofLayer, ofHead);
  const characters = now.writing.samples[0]!.slice(0, now.writing.context);
  return (
    <p class="gpt-sample gpt-attended">
      {characters.map((character, i) => {
        const weight = weights[i];
        const looks = weight === undefined ? "is-ahead" : i === here ? "is-here" : undefined;
        return (
          <span
            class={looks}
            style={weight === undefined ? undefined : `background:${colours[levelOf(weight, levels)]!}`}
            onClick={() => (place.value = i + 1)}
          >
            {visible(now.kinds[character]!)}
          </span>
        );
      })}
    </p>
  );
}

function named(character: string): string {
  return character === " " ? "space" : character === "\n" ? "end of line" : character;
}

const listed = 5; // kinds

/** The most likely next characters. */
function Next({ now }: { readonly now: Shown }): JSX.Element {
  const chances = now.writing.chancesAfter(looked.value.place);
  const likeliest = chances
    .map((chance, i) => ({ kind: now.kinds[i]!, chance }))
    .toSorted((a, b) => b.chance - a.chance)
    .slice(0, listed);
  return (
    <table class="plain bars">
      <thead>
        <tr>
          <th scope="col">next</th>
          <th scope="col">probability</th>
          <th scope="col">in percent</th>
        </tr>
      </thead>
      <tbody>
        {likeliest.map(({ kind, chance }) => (
          <tr>
            <th scope="row">{named(kind)}</th>
            <td>
              <span class="bar" style={`width:${(100 * chance).toFixed(1)}%`} />
            </td>
            <td>{(100 * chance).toFixed(1)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Describes the attention of a head in words. */
function Finding({ now }: { readonly now: Shown }): JSX.Element {
  const { layer: ofLayer, head: ofHead, place: here } = looked.value;
  const { writing, kinds } = now;
  const weights = writing.weightsFrom(here, ofLayer, ofHead);
  const most = weights.indexOf(Math.max(...weights));
  const nameAt = (i: number): string => `“${named(kinds[writing.samples[0]![i]!]!)}”`;
  // Mean distance that the head looks back, over all characters.
  const back = Array.from({ length: writing.context }, (_, i) =>
    writing.weightsFrom(i, ofLayer, ofHead).reduce((sum, weight, j) => sum + weight * (i - j), 0),
  );
  const mean = back.reduce((sum, distance) => sum + distance, 0) / back.length;
  const behind = here - most;
  const where = behind === 0 ? "itself" : behind === 1 ? "the one before" : `${behind} characters back`;
  return (
    <p class="finding" role="status">
      From character {here + 1}, {nameAt(here)}, this head attends most to {nameAt(most)}, {where}:{" "}
      {Math.round(100 * weights[most]!)} % of its weight. The mean distance is {mean.toFixed(1)} characters.
    </p>
  );
}

export function AttentionFigure(): JSX.Element {
  const now = shown.value;
  return (
    <Figure
      id="attention"
      title="What the heads attend to"
      caption="The first text above, up to the length of the context. Click a character or move the slider. A darker shade marks a character with a larger weight in the chosen head. In the squares, row i has the weights of character i, one column per character."
      state={{ page: state, keys: ["layer", "head", "place"] }}
      isWide
    >
      {now === undefined ? (
        <p>There is no text yet. Write a prompt that the network can continue.</p>
      ) : (
        <>
          <Slider
            value={{
              get value() {
                return looked.value.place + 1;
              },
              set value(to) {
                place.value = to;
              },
            }}
            label="character"
            min={1}
            max={now.writing.context}
            step={1}
          />
          <Attended now={now} />
          <Finding now={now} />
          <div class="side-by-side">
            <Weights
              rows={rowsOf(now, looked.value.layer, looked.value.head)}
              at={looked.value.place}
              label={`Weights of layer ${looked.value.layer + 1}, head ${looked.value.head + 1}: a row for each character`}
            />
            <div>
              <p class="gpt-legend">
                One row per layer, one square per head. Shades begin at{" "}
                {levels.map((level, i) => (
                  <span style={`background:${colours[i + 1]!}`}>{100 * level} %</span>
                ))}
              </p>
              <Heads now={now} />
              <Next now={now} />
            </div>
          </div>
        </>
      )}
    </Figure>
  );
}
