// Registers the service worker of the site after the page has loaded, unless the reader asks for little traffic.
const begin = () => {
  if (matchMedia("(prefers-reduced-data: reduce)").matches) return;
  navigator.serviceWorker.register(new URL("sw.js", import.meta.url)).catch(() => {}); // the site works without it
};
if ("serviceWorker" in navigator && isSecureContext) {
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin);
}
