// The server is killed in the middle: nothing acknowledged is lost, what waits is sent once.

import { ask, base, check, clickStage, openImage, openPage, run, shoot, waitForRound } from "../page.mjs";

const history = async (page) => {
  const session = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => /sessions\/(\d+)/.exec(name)?.[1]).find(Boolean));
  const reply = await fetch(`${base}/api/v1/sessions/${session}`);
  return (await reply.json()).log.map(({ answer }) => answer.kind);
};

await run(async ({ newPage, complaints }) => {
  let page = await openPage(newPage);
  await openImage(page, "a.png");
  await clickStage(page, { x: 0.5, y: 0.5 });
  await waitForRound(page, 1);
  await page.locator(".card:enabled").first().waitFor();

  await ask("kill");
  await page.keyboard.press("1");
  await page.getByText("kept in this browser").waitFor();
  await shoot(page, "server-away");
  await ask("start");
  await waitForRound(page, 2);
  check((await history(page)).join() === "correct,pick", "The answers are not those that were given.");

  await page.locator(".card:enabled").first().waitFor();
  await ask("kill");
  await clickStage(page, { x: 0.25, y: 0.5 }, { button: "right" });
  await page.getByText("kept in this browser").waitFor();
  await page.close();
  await ask("start");
  page = await openPage(newPage);
  await openImage(page, "a.png");
  await waitForRound(page, 3);
  check((await history(page)).join() === "correct,pick,correct", "A waiting answer was lost or sent twice.");
  // That the server could not be reached is meant here, and the browser says it on its own.
  const others = complaints.filter((line) => !/ERR_CONNECTION|ERR_EMPTY/.test(line));
  complaints.splice(0, complaints.length, ...others);
});
