/** Examples with moving pictures, for the start page of the site. `link` is a page of the site. */
export const gallery = [
  {
    name: "race",
    title: "Optimisers race",
    about: "Momentum, Adam and plain descent near a saddle",
    link: "playground/",
  },
  {
    name: "gpt",
    title: "A small GPT",
    about: "Learns a text that you paste, in the page",
    link: "examples/gpt/",
  },
  {
    name: "soft-body",
    title: "Rubber to pull",
    about: "Takes the shape of least energy",
    link: "examples/soft-body/",
  },
  {
    name: "arm",
    title: "An arm that follows",
    about: "Inverse kinematics by least squares",
    link: "examples/inverse-kinematics/",
  },
  {
    name: "vae",
    title: "A plane of digits",
    about: "A variational autoencoder",
    link: "examples/vae/",
  },
  {
    name: "hmc",
    title: "Hamiltonian Monte Carlo",
    about: "Paths through a curved density",
    link: "examples/hmc/",
  },
];
