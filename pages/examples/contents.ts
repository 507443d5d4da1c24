import type { Section } from "../live/page.tsx";

/**
 * The examples: programs from practice as interactive pages. The folder of each is named after its slug and has a
 * `page.tsx`.
 */
export const section: Section = {
  title: "Examples",
  claim:
    "Programs that people bring, each with the few lines of downhill that do the work, running in the page.",
  pages: [
    {
      slug: "curve-fit",
      title: "A curve with its errors",
      summary: "Drag the points of an experiment: parameters, their standard errors and the band follow.",
    },
    {
      slug: "inverse-kinematics",
      title: "An arm that follows",
      summary: "Drag the target of a robot's hand: the angles of its joints are found while you do.",
    },
    {
      slug: "gaussian-process",
      title: "A Gaussian process",
      summary:
        "Drag points: the function that they leave possible, and the kernel that makes them likeliest.",
    },
    {
      slug: "pendulum",
      title: "A pendulum identified",
      summary: "From measured angles to length and damping, through the solution of the equation of motion.",
    },
    {
      slug: "epidemic",
      title: "An epidemic from its first cases",
      summary: "Which epidemics fit the cases so far, how they would go on, and what fewer contacts change.",
    },
    {
      slug: "trajectory",
      title: "A path around obstacles",
      summary: "Drag discs in the way of a robot: the cheapest path gives way, or jumps to the other side.",
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
      summary:
        "Hamiltonian Monte Carlo on four densities: each proposal is watched, and the chains are diagnosed.",
    },
    {
      slug: "cart-pole",
      title: "Learning to hold a pole",
      summary:
        "A network learns by policy gradients, from nothing but how long the pole stood; play what it learned.",
    },
    {
      slug: "gpt",
      title: "A small GPT on your text",
      summary:
        "Paste a text and watch a transformer learn it: what it writes, and which characters it attends to.",
    },
    {
      slug: "image-registration",
      title: "Two pictures laid over each other",
      summary:
        "Drag the start of a search for the window that a second picture shows, and see what blurring does.",
    },
    {
      slug: "vae",
      title: "A plane of digits",
      summary:
        "A variational autoencoder puts handwritten digits on a plane: drag a point and see what it is decoded to.",
    },
  ],
};
