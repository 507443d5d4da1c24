// Uses the example as a reader does.
import { describePageInCi } from "../../../test/support/browser.ts";
import { alive, serveSection } from "../../../test/support/live-pages.ts";

const served = serveSection("examples");

describePageInCi("learning to hold a pole", {
  "the network trained in the worker balances the pole that fell before": async ({ open }) => {
    const page = await alive(await open(served.at("cart-pole")));
    await page.getByText("The network that has learned nothing loses the pole").waitFor();
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.getByText("update 60 of 60").waitFor();
    await page.getByText("The network after 59 updates holds the pole for all of the 6.0 seconds.").waitFor();
    await page.getByRole("slider", { name: "updates of the network that drives the cart" }).press("Home");
    await page.getByText("The network after 0 updates loses the pole").waitFor();
  },
});
