// Light, dark, or as the system has it. Canvases read the same colours as the styles.
const ATMS = globalThis.ATMS;
const KEY = "atms-theme";
const CHOICES = [["system", "As the system"], ["light", "Light"], ["dark", "Dark"]];
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = [];
let probe = null;

function stored() {
  try {
    return localStorage.getItem(KEY) || "system";
  } catch {
    return "system"; // a page opened from a file may be refused its storage
  }
}

function store(choice) {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // The choice then lasts as long as the page is open.
  }
}

function apply(choice) {
  if (choice === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", choice);
  for (const button of document.querySelectorAll("#theme button")) {
    button.setAttribute("aria-pressed", String(button.dataset.choice === choice));
  }
  for (const listener of listeners) listener(ATMS.theme());
}

let chosen = stored();

/** Return the theme that is shown: `light` or `dark`. */
ATMS.theme = () => (chosen === "system" ? (dark.matches ? "dark" : "light") : chosen);

/** Show *choice*: `system`, `light` or `dark`; kept for the next visit where that is allowed. */
ATMS.setTheme = (choice) => {
  chosen = choice;
  store(choice);
  apply(choice);
};

/** Call *listener* with the theme's name whenever it changes. */
ATMS.onTheme = (listener) => listeners.push(listener);

/**
 * Return a colour of the styles by its name.
 * @param {string} name as in theme.css, without the dashes
 * @param {string} [theme] the one that is shown, unless told
 */
ATMS.colour = (name, theme = ATMS.theme()) => {
  if (probe === null) {
    probe = ATMS.make("div", { hidden: true });
    document.body.append(probe);
  }
  if (probe.dataset.theme !== theme) probe.dataset.theme = theme;
  return getComputedStyle(probe).getPropertyValue(`--${name}`).trim() || "#888888";
};

/** Put the theme's buttons into the page. */
ATMS.startTheme = () => {
  const place = ATMS.byId("theme");
  for (const [choice, label] of CHOICES) {
    const button = ATMS.button(choice[0].toUpperCase() + choice.slice(1), `Colours: ${label.toLowerCase()}`, () =>
      ATMS.setTheme(choice),
    );
    button.dataset.choice = choice;
    place.append(button);
  }
  dark.addEventListener("change", () => chosen === "system" && apply("system"));
  apply(chosen);
};
