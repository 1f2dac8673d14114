// A link for what cannot be taken back: it asks once more before it does it.

import { useState } from "react";
import { words } from "../words";
import { once } from "./once";

interface Props {
  asks: string;
  does: string;
  onSure(): void;
}

export function AskTwice({ asks, does, onSure }: Props) {
  const [isAsking, setIsAsking] = useState(false);
  const act = () => {
    setIsAsking(false);
    onSure();
  };
  if (!isAsking) {
    return (
      <button type="button" className="link" onClick={() => setIsAsking(true)}>
        {asks}
      </button>
    );
  }
  return (
    <span>
      <button type="button" className="link" onClick={once(act)}>
        {does}
      </button>{" "}
      <button type="button" className="link" onClick={() => setIsAsking(false)}>
        {words.keepIt}
      </button>
    </span>
  );
}
