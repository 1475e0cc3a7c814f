/** Starts the page: words, theme, then React. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { startWords } from "./i18n";
import { startTheme } from "./lib/theme";
import "./ui/theme.css";

startTheme();
await startWords();
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has lost its root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
