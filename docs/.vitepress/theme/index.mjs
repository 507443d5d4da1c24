import { defineAsyncComponent, h } from "vue";
import DefaultTheme from "vitepress/theme-without-fonts";
import Search from "./Search.vue";
import StartFigures from "./StartFigures.vue";
import StartGallery from "./StartGallery.vue";
import StartInstall from "./StartInstall.vue";
import StartRace from "./StartRace.vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { "nav-bar-content-before": () => h(Search) }),
  enhanceApp: ({ app }) => {
    for (const [name, part] of Object.entries({ StartFigures, StartGallery, StartInstall, StartRace }))
      app.component(name, part);
    // Async, so that only the page of features loads their data.
    app.component(
      "FeatureTables",
      defineAsyncComponent(() => import("./FeatureTables.vue")),
    );
  },
};
