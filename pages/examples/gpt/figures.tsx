// Figures of the page.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Chart } from "../../live/chart.tsx";
import { Choice, Examples, Slider, TextField } from "../../live/fields.tsx";
import { Figure } from "../../live/figure.tsx";
import { StartStop } from "../../live/start-stop.tsx";
import { parameterCount, stepOperations } from "./model.ts";
import { longestInAddress } from "./own-texts.ts";
import {
  chooseExample,
  context,
  field,
  heads,
  layers,
  lossChart,
  problem,
  prompt,
  promptProblem,
  rate,
  samples,
  seed,
  setup,
  shown,
  sizeOptions,
  startAgain,
  state,
  temperature,
  text,
  trained,
  training,
  trainOn,
  width,
} from "./state.ts";
import { charactersOf, knownWords } from "./text.ts";
import { textNames, texts } from "./texts.ts";
import { charactersAStep } from "./training.ts";

const most = 5000; // steps of a training run that is not stopped
const firstOperations = 2.5e10; // operations of the automatic training run: about ten seconds

function grouped(count: number): string {
  return count.toLocaleString("en");
}

const plainOptions = <T extends string>(options: readonly T[]): (readonly [T, string])[] =>
  options.map((option) => [option, option] as const);

function TextChoice(): JSX.Element {
  const isLong =
    text.value.length > longestInAddress && !textNames.some((name) => texts[name].text() === text.value);
  return (
    <div class="gpt-text">
      <TextField value={field} label="Text to learn" problem={problem} rows={8}>
        <Examples
          current={text.value}
          examples={textNames.map((name) => ({
            name: texts[name].words,
            text: texts[name].text(),
            choose: () => chooseExample(name),
          }))}
        />
      </TextField>
      {isLong && (
        <p class="problem" role="status">
          Addresses hold texts of up to {grouped(longestInAddress)} characters. This text is longer and stays
          in this tab. A link to this page does not contain it, and reloading the page removes it.
        </p>
      )}
    </div>
  );
}

function Sizes(): JSX.Element {
  return (
    <div class="controls">
      <Choice value={width} label="Width" options={plainOptions(sizeOptions.width)} />
      <Choice value={layers} label="Layers" options={plainOptions(sizeOptions.layers)} />
      <Choice value={heads} label="Heads" options={plainOptions(sizeOptions.heads)} />
      <Choice value={context} label="Context" options={plainOptions(sizeOptions.context)} />
    </div>
  );
}

function Manner(): JSX.Element {
  return (
    <div class="controls">
      <Slider value={rate} label="learning rate" min={1e-4} max={0.1} isLog />
      <Slider value={seed} label="seed" min={1} max={99} step={1} />
    </div>
  );
}

function Facts(): JSX.Element | null {
  const now = setup.value;
  if (now === undefined) return null;
  const { text: numbers, sizes } = now;
  return (
    <p class="finding">
      {grouped(numbers.numbers.length)} characters of {sizes.kinds} kinds. The last{" "}
      {grouped(numbers.numbers.length - numbers.learned)} are held out. The network has{" "}
      {grouped(parameterCount(sizes))} parameters. A step reads {charactersAStep} characters and takes{" "}
      {grouped(Math.round(stepOperations(sizes, charactersAStep) / 1e6))} million operations.
    </p>
  );
}

/** Trains for a few seconds: enough for the initial network to learn the words of the rhyme. */
function trainAtFirst(): void {
  if (setup.value === undefined || trained.value.last !== undefined) return;
  trainOn(Math.ceil(firstOperations / stepOperations(setup.value.sizes, charactersAStep)));
}

/** The text, the network, and its training. */
export function TrainingFigure(): JSX.Element {
  const { key, losses } = trained.value;
  const last = losses.at(-1);
  useEffect(() => training.stop(), [setup.value?.key]); // the running training has other settings
  const isIdle = !training.isRunning.value;
  return (
    <Figure
      id="training"
      title="A network that learns a text"
      caption="Training starts automatically. Continue or stop it at any time. A new learning rate takes effect when you continue. Another text, size or seed creates a new network."
      state={{
        page: state,
        keys: ["text", "own", "width", "layers", "heads", "context", "rate", "seed"],
      }}
    >
      <TextChoice />
      <Sizes />
      <Manner />
      <Facts />
      <StartStop
        job={training}
        label={last === undefined ? "Train" : "Go on"}
        start={() => trainOn(most)}
        first={trainAtFirst}
        progress={
          last !== undefined
            ? `step ${grouped(last.step)}: loss ${last.loss.toFixed(2)}, held out ${last.heldOut.toFixed(2)}`
            : isIdle || key === ""
              ? ""
              : "compiling"
        }
      >
        <button type="button" disabled={!isIdle || setup.value === undefined} onClick={() => trainOn(1)}>
          One step
        </button>
        <button type="button" disabled={last === undefined && isIdle} onClick={startAgain}>
          Start again
        </button>
      </StartStop>
      {losses.length > 0 && <Chart spec={lossChart.value} />}
    </Figure>
  );
}

/** A visible form of a character: a line end becomes a symbol. */
export function visible(character: string): string {
  return character === "\n" ? "↵\n" : character;
}

function SampleText({ given, written }: { readonly given: string; readonly written: string }): JSX.Element {
  return (
    <p class="gpt-sample">
      <b>{given}</b>
      {written}
    </p>
  );
}

/** Text written by the network. */
export function WritingFigure(): JSX.Element {
  const now = shown.value;
  const words = now && knownWords(now.texts, text.value);
  return (
    <Figure
      id="writing"
      title="What it writes"
      caption={`${samples} texts from one prompt, which is bold. They are written again when the network, the prompt or the temperature changes.`}
      state={{ page: state, keys: ["prompt", "temperature"] }}
    >
      <TextField value={prompt} label="Prompt" problem={promptProblem} />
      <div class="controls">
        <Slider value={temperature} label="temperature" min={0} max={2} step={0.05} />
      </div>
      {now !== undefined && words !== undefined && (
        <>
          <div class="gpt-samples">
            {now.texts.map((sample) => {
              const characters = charactersOf(sample);
              return (
                <SampleText
                  given={characters.slice(0, now.given).join("")}
                  written={characters.slice(now.given).join("")}
                />
              );
            })}
          </div>
          <p class="finding" role="status">
            {now.steps === 0 ? "Before any training" : `After ${grouped(now.steps)} steps`}: {words.known} of{" "}
            {words.count} words occur in the text.
          </p>
        </>
      )}
    </Figure>
  );
}
