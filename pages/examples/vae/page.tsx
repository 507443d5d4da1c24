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
        An image of 64 pixels is 64 numbers, but not all of them are free: few of the images that could be are
        digits. A variational autoencoder finds a plane of digits. One network, the encoder, gives each image
        a place on the plane, its code; another, the decoder, draws an image for each place.
      </p>
      <p>
        They begin to learn when you come to the figure: watch the classes part. Nobody tells the networks
        which digit is which.
      </p>
      <PlaneFigure />
      <p>
        The encoder is not sure. It gives a mean <M>μ</M> and a deviation <M>σ</M> for both numbers of the
        code, and the code is drawn: <M>z = μ + σ*ε</M>, with <M>ε</M> from a normal distribution. A draw has
        no derivative; but written like this it has, since what is random does not depend on the networks.
        This is reparameterisation.
      </p>
      <p>
        The decoder gives each pixel a probability of ink. In these data a pixel counts how many of 16 smaller
        pixels have ink, so the probability of an image is a product of 64 binomial ones. What is made large
        is the evidence lower bound: the expected logarithm of that probability, the reconstruction, minus the
        Kullback–Leibler divergence of the codes from the standard normal distribution. The logarithm of the
        probability that the model gives to an image is nowhere below it.
      </p>
      <BoundFigure />
      <p>
        The two parts pull in opposite directions. For reconstruction alone each image would have a far place
        of its own, with empty land between. The divergence draws all codes to the middle and makes them
        overlap, so that neighbours must look alike: drag the circle from class to class, and one digit turns
        into another.
      </p>
      <p>
        β weighs the divergence. Start again with β = 0.1, and the codes spread. With β = 30 they crowd around
        the middle and the pictures blur. With β = 100 the codes say nothing, and every place is decoded to
        one picture, the mean of all digits. Then lower β and go on: the plane opens.
      </p>
      <WayFigure />
      <ProgramPart program={program} printed={printed}>
        <p>
          The same for data of three numbers that have one to hide: points on a line in space, with noise. It
          prints the bound before and after training, and what two codes are decoded to.
        </p>
      </ProgramPart>
      <p>
        A code of two numbers can be drawn, and is too small: a code of ten would be decoded to sharper
        digits. Everything else would be the same.
      </p>
    </>
  );
}

export const page: LivePage = { state, Body, prepare, program: () => Promise.resolve(`${program}\n`) };
