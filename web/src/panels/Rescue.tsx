import { Component, type ReactNode } from "react";
import { words } from "../words";

/** A page that broke says so, instead of going blank. */
export class Rescue extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    if (!this.state.isBroken) return this.props.children;
    return (
      <main className="login">
        <div>
          <p>{words.unexpected}</p>
          <p>
            <button type="button" className="primary" onClick={() => location.reload()}>
              {words.reload}
            </button>
          </p>
        </div>
      </main>
    );
  }
}
