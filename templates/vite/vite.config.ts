import downhill from "downhill-plugin/vite";
import { defineConfig } from "vite";

export default defineConfig({ plugins: [downhill()], build: { target: "es2022" } });
