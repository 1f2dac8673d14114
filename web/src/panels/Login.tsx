import { useState } from "react";
import { api } from "../api/client";
import { sentence } from "../state/insist";
import { words } from "../words";

/** Asks for the server's token, where it wants one. */
export function Login({ onDone }: { onDone(): void }) {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const send = (event: React.FormEvent) => {
    event.preventDefault();
    api.login(token.trim()).then(onDone, (error: unknown) => setProblem(sentence(error)));
  };
  return (
    <main className="login">
      <form onSubmit={send}>
        <h1>{words.product}</h1>
        <label>
          {words.token}
          <input type="password" autoComplete="current-password" value={token} onChange={(event) => setToken(event.target.value)} autoFocus />
        </label>
        {problem && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" className="primary" disabled={!token.trim()}>
          {words.signIn}
        </button>
        <p className="hint">{words.tokenHint}</p>
      </form>
    </main>
  );
}
