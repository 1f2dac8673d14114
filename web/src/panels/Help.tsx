import { KEY_MAP } from "../keys";
import { words } from "../words";
import { Dialog } from "./Dialog";

export function Help({ onClose, onTour }: { onClose(): void; onTour(): void }) {
  return (
    <Dialog title={words.keys.title} className="help" onClose={onClose}>
      <header className="panel-head">
        <h2>{words.keys.title}</h2>
        <button type="button" onClick={onClose}>
          {words.close} <kbd>Esc</kbd>
        </button>
      </header>
      <div className="key-groups">
        {KEY_MAP.map((group) => (
          <section key={group.title}>
            <h3>{group.title}</h3>
            <dl>
              {group.rows.map(([key, does]) => (
                <div key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="hint">{words.mouseHelp}</p>
      <button type="button" className="link" onClick={onTour}>
        {words.tour}
      </button>
    </Dialog>
  );
}
