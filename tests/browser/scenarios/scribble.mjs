// Scribbles and the eraser, by key and mouse: strokes inside and outside, a mark taken back, steps back and forth,
// and what is stored once it was accepted.

import { accept, check, clickStage, dragStage, openImage, openPage, picture, run, shoot, waitForPicture, waitForRound } from "../page.mjs";

const holds = async (page, tool) => check((await page.getByRole("button", { name: new RegExp(`^${tool}`) }).getAttribute("aria-pressed")) === "true", `The key did not choose ${tool}.`);
const line = (page, text) => page.locator(".log-item", { hasText: text });

await run(async ({ newPage }) => {
  const page = await openPage(newPage);
  await openImage(page, "b.png");
  await page.getByText("Which object is meant?").first().waitFor();
  await page.keyboard.press("s");
  await holds(page, "Scribble");
  await dragStage(page, { x: 0.48, y: 0.42 }, { x: 0.56, y: 0.55 });
  await waitForRound(page, 1);
  await line(page, "Scribble inside").waitFor();
  const inside = await picture(page);

  await page.keyboard.press("e");
  await holds(page, "Erase");
  await dragStage(page, { x: 0.3, y: 0.2 }, { x: 0.3, y: 0.8 });
  await waitForRound(page, 2);
  await line(page, "Scribble outside").waitFor();
  const both = await picture(page);
  check(both !== inside, "A stroke outside changed nothing on the image.");
  await shoot(page, "scribble");

  // Where a mark lies under it, a click of the eraser takes that mark back.
  await clickStage(page, { x: 0.3, y: 0.5 });
  await waitForRound(page, 3);
  await line(page, "1 mark taken back").waitFor();
  check((await picture(page)) !== both, "The mark that was taken back is still there.");

  await page.keyboard.press("Control+z");
  await waitForRound(page, 2);
  await waitForPicture(page, both);
  await page.keyboard.press("Control+z");
  await waitForRound(page, 1);
  await waitForPicture(page, inside);
  await page.keyboard.press("Control+Shift+z");
  await waitForRound(page, 2);
  await waitForPicture(page, both);
  await accept(page);
  await page.getByText("1 of 4 done").waitFor();
  const accepted = await picture(page);
  await shoot(page, "scribble-accepted");

  const reopened = page.waitForResponse((response) => response.url().endsWith("/api/v1/sessions"));
  await page.reload();
  const { is_accepted, log } = await (await reopened).json();
  check(is_accepted, "What was accepted is open again.");
  const kept = log.filter((entry) => entry.holds).map(({ answer }) => answer.prompts?.map(({ kind, positive }) => `${kind} ${positive}`).join() ?? answer.kind);
  check(kept.join() === "scribble true,scribble false,accept", `Stored is ${kept}.`);
  await waitForRound(page, 3);
  await waitForPicture(page, accepted);
});
