import type { JSX } from "preact";
import { M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { ProgramPart } from "../program-part.tsx";
import { AttentionFigure } from "./attention.tsx";
import { TrainingFigure, WritingFigure } from "./figures.tsx";
import { printed, program } from "./program.ts";
import { state } from "./state.ts";

function Body(): JSX.Element {
  return (
    <>
      <p>
        A language model does one thing. Given the beginning of a text, it computes a probability for each
        possible next character. Draw a character with these probabilities, append it, and repeat: the model
        writes. This page trains such a model on a text of your choice. It has the architecture of large
        language models, a transformer, and is millions of times smaller.
      </p>
      <p>
        The first text is a rhyme. Training starts when you see the figure. Within seconds the network spells
        words correctly. Train longer, and it learns whole lines, and then their order. Watch “What it writes”
        below during training.
      </p>
      <TrainingFigure />
      <WritingFigure />
      <p>
        The loss is the mean of <M>-log(p)</M>, where <M>p</M> is the predicted probability of the actual next
        character. The dashed lines are two predictions without a network. A loss below the lower line shows
        that the network uses more than the previous character.
      </p>
      <p>
        Try the six sonnets, and watch the loss on the held-out text. Both curves fall for a few hundred
        steps. The network has more parameters than the text has characters, so it then begins to memorise the
        text. This is overfitting: the training loss keeps falling, and the loss on the held-out text rises.
      </p>
      <p>
        Counting follows a rule. The network learns to continue the count from 342 within seconds. The
        held-out numbers begin at 903. Try the prompt “927 928 ”. The network counts the last digit correctly
        for numbers that it never saw, because the last digit follows one rule everywhere. It makes mistakes
        when the tens change.
      </p>
      <p>
        The network computes a score per character, and <M>softmax(scores / temperature)</M> turns scores into
        probabilities. At temperature 0 the most likely character is always chosen, and the text soon repeats
        itself. At 1 the characters are drawn with the predicted probabilities. At higher temperatures the
        text falls apart.
      </p>
      <AttentionFigure />
      <p>
        Attention heads pass information from earlier characters to later ones. Each head computes a query and
        a key for every character. If the query of a character matches the key of an earlier one, the weight
        of that pair is large. The weights of one character sum to 1. The head returns the weighted mean of a
        third vector, the value.
      </p>
      <p>
        Before training the weights are random. After a few hundred steps on the rhyme, look for a head with a
        dark line next to the diagonal. It attends to the previous character, or to one a few positions back.
        Other heads attend to the position after an earlier occurrence of the same letters, because the next
        character is often the same. With the counting text, look for a line four characters from the
        diagonal: the same digit of the previous number.
      </p>
      <p>
        Choose one head, one layer and a width of 16. How much does the loss increase? A context of 32
        characters is shorter than a line of the sonnets. Raise the learning rate until the network learns
        nothing.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          The smallest network of this kind has one layer with one head. It memorises one line and writes it
          from its first character.
        </p>
      </ProgramPart>
      <p>
        One compiled function computes a training step: the forward pass, the backward pass and the update of
        Adam. It runs in a worker, so that the page stays responsive. To write, the network keeps the keys and
        values of earlier characters. A new character then costs a pass over one character instead of all.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
