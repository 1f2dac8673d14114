// A waiting answer belongs to one database: another one on the same port never gets it.

import { ask, base, check, clickStage, look, openImage, openPage, run, waitForRound } from "../page.mjs";

const kinds = async (page) => {
  const numbers = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => /sessions\/(\d+)/.exec(name)?.[1]));
  const reply = await fetch(`${base}/api/v1/sessions/${numbers.filter(Boolean).at(-1)}`);
  return (await reply.json()).log.map(({ answer }) => answer.kind).join();
};
const left = (page) => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("assent.pending.")).length);
const restart = async (...first) => {
  for (const wish of [...first, "start"]) await ask(wish);
};

await run(async ({ newPage, complaints }) => {
  let page = await openPage(newPage);
  await openImage(page, "a.png");
  await clickStage(page, { x: 0.5, y: 0.5 });
  await waitForRound(page, 1);

  await look(page);
  await ask("kill");
  await page.keyboard.press("Enter");
  await page.getByText("kept in this browser").waitFor();
  await restart("swap");
  await page.getByText("another database").waitFor();
  check((await left(page)) === 1, "The page that was open dropped its answer.");
  await page.close();

  page = await openPage(newPage);
  await openImage(page, "a.png");
  await waitForRound(page, 0);
  await clickStage(page, { x: 0.5, y: 0.5 });
  await waitForRound(page, 1);
  check((await kinds(page)) === "correct", "The other database got an answer that was not meant for it.");
  check((await left(page)) === 1, "The answer does not wait any more.");
  await page.close();

  await restart("kill", "swap");
  page = await openPage(newPage);
  await openImage(page, "a.png");
  await waitForRound(page, 2);
  check((await kinds(page)) === "correct,accept", "The answer was lost or sent twice.");
  check((await left(page)) === 0, "The answer still waits.");
  // That the server could not be reached, or refused, is meant here.
  const others = complaints.filter((line) => !/ERR_CONNECTION|ERR_EMPTY|409|other_store/.test(line));
  complaints.splice(0, complaints.length, ...others);
});
