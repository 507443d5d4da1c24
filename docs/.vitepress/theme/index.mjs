import { defineAsyncComponent, h } from "vue";
import DefaultTheme from "vitepress/theme-without-fonts";
import Search from "./Search.vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { "nav-bar-content-before": () => h(Search) }),
  enhanceApp: ({ app }) => {
    // Async, so that only the page of features loads their data.
    app.component(
      "FeatureTables",
      defineAsyncComponent(() => import("./FeatureTables.vue")),
    );
  },
};
