// Numbers of the recommendation, and what was learned of the person.

import { useState } from "react";
import type { Profile as ProfileOf, Proposal } from "../api/types";
import { isNothing } from "../state/sight";
import { chooseProfile, usesProfile } from "../state/useOpening";
import { words } from "../words";
import { AskTwice } from "./AskTwice";

/** Name and value of each number of the recommendation; sizes only where a voxel has one. */
export function numbersOf(proposal: Proposal): [string, string][] {
  if (proposal.is_empty) return [];
  const { recommendation, image } = proposal;
  const { volume_ml, area_mm2 } = recommendation;
  // There is nothing that could overlap where nothing is proposed.
  const rows: [string, string][] = isNothing(proposal) ? [] : [[words.quality, words.percent(proposal.predicted_dice)]];
  if (image.is_volume) {
    rows.push([words.volume, volume_ml === null ? words.notCalibrated : words.millilitres(volume_ml)]);
    if (area_mm2 !== null) rows.push([words.areaOfSlice(recommendation.slice + 1), words.area_mm2(area_mm2)]);
  } else {
    rows.push([words.area, area_mm2 === null ? words.notCalibrated : words.area_mm2(area_mm2)]);
  }
  rows.push([words.voxels(image.is_volume), words.whole(recommendation.voxels)]);
  rows.push([words.uncertainty, words.bits(proposal.uncertainty.mean)]);
  return rows;
}

const MEANINGS: Record<string, string> = {
  [words.quality]: words.qualityMeaning,
  [words.uncertainty]: words.uncertaintyMeaning,
};

interface NumbersProps {
  proposal: Proposal | null;
  /** Whether the mask on screen has strokes that these numbers do not know. */
  isPainted: boolean;
  onContext(): void;
}

export function Numbers({ proposal, isPainted, onContext }: NumbersProps) {
  if (!proposal) return null;
  const rows = numbersOf(proposal);
  return (
    <section className="numbers" aria-label={words.numbers}>
      <header className="panel-head">
        <h2>{isPainted ? words.numbersPainted : words.numbers}</h2>
      </header>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt title={MEANINGS[name]}>{name}</dt>
            <dd title={value === words.notCalibrated ? words.notCalibratedLong : undefined}>{value}</dd>
          </div>
        ))}
        <div>
          <dt>{words.context}</dt>
          <dd>
            <button type="button" className="link" title={words.contextTitle} aria-keyshortcuts="L" onClick={onContext}>
              {words.contextImages(proposal.context)}
            </button>
          </dd>
        </div>
      </dl>
    </section>
  );
}

interface ProfileProps {
  profile: ProfileOf | null;
  says: string;
  person: string;
  onPerson(person: string): void;
  onForget(): void;
}

export function Profile({ profile, says, person, onPerson, onForget }: ProfileProps) {
  const [isUsed, setIsUsed] = useState(usesProfile);
  const habit = profile?.says || says;
  return (
    <section className="profile" aria-label={words.profile}>
      <header className="panel-head">
        <h2>{words.profile}</h2>
        <Person person={person} onPerson={onPerson} />
      </header>
      <p className={habit ? "habit" : "hint"}>{habit ? words.habit(habit) : words.noHabit}</p>
      <label className="check">
        <input
          type="checkbox"
          checked={isUsed}
          onChange={(event) => {
            chooseProfile(event.target.checked);
            setIsUsed(event.target.checked);
          }}
        />
        {words.useProfile}
      </label>
      {profile !== null && profile.images > 0 && (
        <p className="profile-foot">
          <span>{words.profileImages(profile.images)}</span>
          <AskTwice asks={words.forget} does={words.forgetSure} onSure={onForget} />
        </p>
      )}
    </section>
  );
}

function Person({ person, onPerson }: { person: string; onPerson(person: string): void }) {
  const [name, setName] = useState(person);
  const take = () => {
    const wanted = name.trim() || person;
    setName(wanted);
    if (wanted !== person) onPerson(wanted);
  };
  return (
    <input
      className="person"
      aria-label={words.person}
      title={words.person}
      value={name}
      maxLength={40}
      spellCheck={false}
      onChange={(event) => setName(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
    />
  );
}
