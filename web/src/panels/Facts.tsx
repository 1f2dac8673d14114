// Numbers of the recommendation, and what was learned of the person.

import { useState } from "react";
import type { Profile as ProfileOf, Proposal } from "../api/types";
import { chooseProfile, usesProfile } from "../state/useDesk";
import { words } from "../words";

export function Numbers({ proposal, onContext }: { proposal: Proposal | null; onContext(): void }) {
  if (!proposal) return null;
  const { recommendation } = proposal;
  const rows: [string, string][] = [];
  if (!proposal.is_empty) {
    rows.push([words.quality, words.percent(proposal.predicted_dice)]);
    if (recommendation.volume_ml !== null && proposal.image.is_volume) {
      rows.push([words.volume, words.millilitres(recommendation.volume_ml)]);
    }
    if (recommendation.area_mm2 !== null) rows.push([words.area, words.area_mm2(recommendation.area_mm2)]);
    rows.push([words.voxels(proposal.image.is_volume), words.whole(recommendation.voxels)]);
    rows.push([words.uncertainty, words.bits(proposal.uncertainty.mean)]);
  }
  return (
    <section className="numbers" aria-label={words.numbers}>
      <header className="panel-head">
        <h2>{words.numbers}</h2>
      </header>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
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
  const [isAsking, setIsAsking] = useState(false);
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
          {isAsking ? (
            <span>
              <button type="button" className="link" onClick={() => { setIsAsking(false); onForget(); }}>
                {words.forgetSure}
              </button>{" "}
              <button type="button" className="link" onClick={() => setIsAsking(false)}>
                {words.keepIt}
              </button>
            </span>
          ) : (
            <button type="button" className="link" onClick={() => setIsAsking(true)}>
              {words.forget}
            </button>
          )}
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
