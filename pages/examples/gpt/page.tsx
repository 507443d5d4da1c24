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
        A language model does one thing: given the beginning of a text, it says how likely each character is
        to come next. Draw one, append it, ask again, and it writes. This page trains such a model on a text
        of your choice. It is built as its large relatives are, from attention, and is millions of times
        smaller.
      </p>
      <p>
        It begins with a rhyme. Within seconds the words come out right; go on, and the lines do, then their
        order. Look on below while it learns.
      </p>
      <TrainingFigure />
      <WritingFigure />
      <p>
        The loss is the mean of <M>-log(p)</M>, where <M>p</M> is the probability that the network gave to the
        character that did come. The dashed lines are guesses that need no network. Falling below the lowest
        of them means that it uses more than the character before.
      </p>
      <p>
        Try the six sonnets, and watch the loss on what is held out. For some hundred steps both curves fall.
        Then the network, which has more numbers than the text has characters, begins to learn its text by
        heart: the loss on the characters that it learns from keeps falling, and on those that it never saw it
        rises.
      </p>
      <p>
        Counting has a rule, and within seconds the network counts on from 342. What is held out begins at
        903. Begin there, with the prompt “927 928 ”: it counts the ones of numbers that it never saw, since
        ones are counted alike everywhere, and where a ten is full it goes astray.
      </p>
      <p>
        Scores become probabilities by <M>softmax(scores / temperature)</M>. At 0 the likeliest character is
        always taken, and texts soon go round in a circle. At 1 they are as surprising as the network believes
        the text to be. Above, they fall apart.
      </p>
      <AttentionFigure />
      <p>
        A character finds out about those before it through heads. Each head gives every character a question,
        and every character a label; where they agree, its weight is large. The weights from one character sum
        to 1, and the head hands on the mean of what stands there, weighted by them.
      </p>
      <p>
        Before training the weights are accidental. After some hundred steps on the rhyme, look for a head
        with a strong line beside the diagonal: it looks at the one before, or a few back. Others go back to a
        place where the same letters stood, and what came next there is what should come now. When it counts,
        look for lines four characters beside the diagonal: the same digit of the number before.
      </p>
      <p>
        Choose one head, one layer, a width of 16: how much of the loss is lost? A context of 32 is less than
        a line of the sonnets. Raise the learning rate until it learns nothing.
      </p>
      <ProgramPart program={program} printed={printed}>
        <p>
          The smallest network of this kind: one layer of one head, which learns a line by heart and then
          writes it from its first character.
        </p>
      </ProgramPart>
      <p>
        Each step goes through the transformer, backwards through it, and through Adam, in one compiled
        function; it runs in a worker beside this page. Writing keeps what each layer made of the characters
        so far, so that a character more costs one pass of one character, and not of all.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, program: () => Promise.resolve(`${program}\n`) };
