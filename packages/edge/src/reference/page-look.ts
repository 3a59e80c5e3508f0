// How the page of a reference looks: Redoc's options and colours, in light and in dark.

const FONT = "system-ui, sans-serif";
const MONOSPACE = "ui-monospace, monospace";

const typography = {
  fontSize: "15px",
  lineHeight: "1.55",
  fontFamily: FONT,
  headings: { fontFamily: FONT, fontWeight: "600" },
  code: { fontFamily: MONOSPACE, fontSize: "13px" },
};

/** What `Redoc.init` takes, and a theme for each preference. */
export const redocOptions = {
  // What the document says is cleaned before it is shown.
  untrustedSpec: true,
  // A search is a worker of a text, which the page's policy does not take; browsers find text by themselves.
  disableSearch: true,
  hideLoading: true,
  nativeScrollbars: true,
  requiredPropsFirst: true,
  light: { typography },
  dark: {
    typography: {
      ...typography,
      code: { ...typography.code, color: "#ff9d8a", backgroundColor: "rgba(255, 255, 255, 0.08)" },
      links: { color: "#7cb7ff", visited: "#7cb7ff", hover: "#a9d0ff" },
    },
    colors: {
      primary: { main: "#7cb7ff" },
      success: { main: "#4cc38a" },
      error: { main: "#ff7a70" },
      text: { primary: "#e6e8eb", secondary: "#a3abb5" },
      border: { dark: "#3a414b", light: "#2c323a" },
      gray: { 50: "#1b1f24", 100: "#22272e" },
    },
    schema: {
      nestedBackground: "#1b1f24",
      linesColor: "#3a414b",
      typeNameColor: "#a3abb5",
      typeTitleColor: "#a3abb5",
    },
    sidebar: { backgroundColor: "#16191d", textColor: "#e6e8eb" },
    rightPanel: { backgroundColor: "#0c0e11" },
    codeBlock: { backgroundColor: "#16191d" },
  },
};

/** The page's own style sheet: what a theme of Redoc has no colour for. */
export const pageStyle = `body { margin: 0; background: #fff; }
@media (prefers-color-scheme: dark) {
  body { background: #111417; }
  #reference h5, #reference h5 * { color: #a3abb5; border-color: #3a414b; }
  #reference .react-tabs__tab--selected { background: #2c323a; color: #e6e8eb; }
}
`;
