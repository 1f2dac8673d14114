import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { Rescue } from "./panels/Rescue";
import "./styles.css";
import "./panels.css";
import { applyTheme, currentTheme } from "./theme";

applyTheme(currentTheme());
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Rescue>
        <App />
      </Rescue>
    </StrictMode>,
  );
}
