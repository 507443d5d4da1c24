import type { JSX } from "preact";
import { M } from "../../live/formula.tsx";
import type { LivePage } from "../../live/page.tsx";
import { ProgramPart } from "../program-part.tsx";
import { BoundFigure, PlaneFigure, WayFigure } from "./figures.tsx";
import { printed, program } from "./program.ts";
import { prepare, state } from "./state.ts";

function Body(): JSX.Element {
  return (
    <>
      <p>
        An image of 8 by 8 pixels consists of 64 numbers, but only a few of all such images look like digits.
        A variational autoencoder describes these with two numbers. One network, the encoder, maps each image
        to a point of a plane, its code. A second network, the decoder, draws an image for each point of the
        plane.
      </p>
      <p>
        Training starts when you see the figure. Watch how the classes separate. The networks never see the
        labels of the digits.
      </p>
      <PlaneFigure />
      <p>
        The encoder computes a distribution instead of a point: a mean <M>μ</M> and a standard deviation{" "}
        <M>σ</M> for both numbers of the code. The code is drawn from it as <M>z = μ + σ*ε</M>, where <M>ε</M>{" "}
        has the standard normal distribution. In this form <M>z</M> has derivatives in <M>μ</M> and <M>σ</M>,
        because the random number <M>ε</M> does not depend on the networks. This is the reparameterisation
        trick.
      </p>
      <p>
        The decoder computes the probability of ink for each pixel. In this data set a pixel counts how many
        of 16 smaller pixels have ink, so the probability of an image is a product of 64 binomial
        probabilities. Training maximises the evidence lower bound. This is the expected logarithm of that
        probability (the reconstruction), minus the Kullback–Leibler divergence of the codes from the standard
        normal distribution. The bound never exceeds the log-probability of the image under the model.
      </p>
      <BoundFigure />
      <p>
        The two parts conflict. The reconstruction alone would give each image a code far from all others. The
        divergence pulls all codes to the centre and makes them overlap, so that neighbouring codes have
        similar images. Drag the circle from class to class, and one digit turns into another.
      </p>
      <p>
        β is the weight of the divergence. Start again with β = 0.1, and the codes spread out. With β = 30
        they crowd around the centre, and the images blur. With β = 100 the codes carry no information, and
        every code is decoded to the mean of all digits. Then lower β and continue: the codes spread out
        again.
      </p>
      <WayFigure />
      <ProgramPart program={program} printed={printed}>
        <p>
          The program uses a smaller data set: noisy points on a line in space. Three numbers are described by
          one. It prints the bound before and after training, and the decoded points of two codes.
        </p>
      </ProgramPart>
      <p>
        Two numbers are easy to draw, but they are too few. A code of ten numbers yields sharper digits, and
        nothing else in the program changes.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, prepare, program: () => Promise.resolve(`${program}\n`) };
