// Clicks that follow one another faster than anybody looks.

import type { MouseEvent } from "react";

/** What a click does, except the second one of a double click: what that was meant for is gone by then. */
export const once =
  (act: () => void) =>
  ({ detail }: Pick<MouseEvent, "detail">): void => {
    if (detail < 2) act();
  };
