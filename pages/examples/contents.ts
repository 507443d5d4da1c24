import type { Section } from "../live/page.tsx";

/**
 * The examples: programs from practice as interactive pages. The folder of each is named after its slug and has a
 * `page.tsx`.
 */
export const section: Section = {
  title: "Examples",
  claim: "Typical problems, solved live in the page, each with the few lines of downhill that solve it.",
  pages: [
    {
      slug: "curve-fit",
      title: "A curve with its errors",
      summary: "Drag the points of an experiment: parameters, their standard errors and the band follow.",
    },
    {
      slug: "inverse-kinematics",
      title: "An arm that follows",
      summary: "Drag the target of a robot's hand: the joint angles are computed as you drag.",
    },
    {
      slug: "gaussian-process",
      title: "A Gaussian process",
      summary: "Drag points, and see the functions that fit them and the most likely kernel.",
    },
    {
      slug: "pendulum",
      title: "A pendulum identified",
      summary: "Measured angles determine length and damping, through the equation of motion.",
    },
    {
      slug: "stiff-and-events",
      title: "A stiff reaction and a bouncing ball",
      summary: "Disturb a chemical clock, and see when a ball bounces and how that depends on its height.",
    },
    {
      slug: "epidemic",
      title: "An epidemic from its first cases",
      summary: "Fit a model to the first cases, forecast the rest, and see how much fewer contacts help.",
    },
    {
      slug: "trajectory",
      title: "A path around obstacles",
      summary: "Drag discs in the way of a robot: the cheapest path moves aside, or jumps to the other side.",
    },
    {
      slug: "swing-up",
      title: "A pendulum with a weak motor",
      summary:
        "Drag the limits of torque and time: see the swing of least effort, and the price of each limit.",
    },
    {
      slug: "soft-body",
      title: "Rubber to pull",
      summary:
        "Drag the corner of a soft beam: it takes the shape of least energy, and the gradient is the force.",
    },
    {
      slug: "hmc",
      title: "Chains that roll through a density",
      summary: "Hamiltonian Monte Carlo on four densities: watch each proposal, and diagnose the chains.",
    },
    {
      slug: "cart-pole",
      title: "Learning to hold a pole",
      summary:
        "A network learns to balance by policy gradients, from the time until the pole falls. Play its runs.",
    },
    {
      slug: "gpt",
      title: "A small GPT on your text",
      summary:
        "Train a transformer on your own text, read what it writes, and see which characters it attends to.",
    },
    {
      slug: "image-registration",
      title: "Two pictures laid over each other",
      summary:
        "Find the window that a second picture shows: drag the start of the search, and see how blurring helps.",
    },
    {
      slug: "vae",
      title: "A plane of digits",
      summary:
        "A variational autoencoder maps handwritten digits to a plane: drag a point and see its decoded image.",
    },
  ],
};
