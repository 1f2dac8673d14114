// How far other persons agree with the mask that holds; nothing where there is nobody else.

import type { Readers as ReadersOf } from "../api/types";
import { words } from "../words";

interface Props {
  readers: ReadersOf | null;
  person: string;
  isVolume: boolean;
}

/** With whose mask the others are compared, in words. */
export function comparedWith(readers: ReadersOf, person: string): string {
  if (readers.accepted_by === "rule") return words.readersByRule;
  return words.readersWith(readers.person, readers.person === person);
}

/** Whose mask holds, where it is another person's; null else. */
export function holderOf(readers: ReadersOf | null, person: string): string | null {
  return readers?.accepted_by === "person" && readers.person !== person ? readers.person : null;
}

export function Readers({ readers, person, isVolume }: Props) {
  const holder = holderOf(readers, person);
  if (!readers || (readers.readers.length === 0 && holder === null)) return null;
  const { median_difference } = readers;
  return (
    <section className="readers" aria-label={words.readers}>
      <header className="panel-head">
        <h2>{words.readers}</h2>
      </header>
      {readers.readers.length > 0 && <p className="hint">{comparedWith(readers, person)}</p>}
      <ul>
        {holder !== null && (
          // The others are compared with this one, which agrees with itself.
          <li>
            <span className="reader-name" title={holder}>
              {holder}
            </span>
            <span className="reader-size">{words.readerHolds}</span>
          </li>
        )}
        {readers.readers.map((reader) => (
          <li key={reader.person}>
            <span className="reader-name" title={reader.person}>
              {reader.person === person ? words.you : reader.person}
            </span>
            <span className="reader-size">{words.readerSize(reader.difference, isVolume)}</span>
            <strong>{words.percent(reader.dice)}</strong>
          </li>
        ))}
      </ul>
      {readers.readers.length > 2 && median_difference !== null && (
        <p className="hint">{words.readersMedian(median_difference)}</p>
      )}
    </section>
  );
}
