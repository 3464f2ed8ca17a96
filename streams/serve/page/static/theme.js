// Light or dark: as the system has it, or as was chosen here. A script of its own, before anything is painted.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const NAMES = { system: "Theme: system", light: "Theme: light", dark: "Theme: dark" };

  function remembered() {
    try {
      return localStorage.getItem("lifestage-theme");
    } catch {
      return null; // a browser that keeps nothing for us
    }
  }

  function remember(choice) {
    try {
      localStorage.setItem("lifestage-theme", choice);
    } catch {
      // It holds until the page is left.
    }
  }

  let choice = remembered() in NAMES ? remembered() : "system";

  function apply() {
    root.dataset.theme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
    const button = document.getElementById("theme");
    if (button) button.textContent = NAMES[choice];
    dispatchEvent(new Event("themechange"));
  }

  dark.addEventListener("change", apply);
  addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", () => {
      const names = Object.keys(NAMES);
      choice = names[(names.indexOf(choice) + 1) % names.length];
      remember(choice);
      apply();
    });
    apply();
  });
  apply();
})();
