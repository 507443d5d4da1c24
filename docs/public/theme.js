// Live pages and the page for missing addresses follow the theme that the reader chose on other pages of the site.
try {
  const theme = localStorage.getItem("vitepress-theme-appearance");
  if (theme === "dark" || theme === "light") document.documentElement.style.colorScheme = theme;
} catch {
  // storage is blocked: the pages follow the system
}
