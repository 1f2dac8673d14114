// What a rule accepted is looked through: confirmed, or opened again; what is learned from is listed.

import { base, check, checkAccess, clickStage, openPage, picture, run, shoot, waitForRound } from "../page.mjs";

const tasks = async () => (await (await fetch(`${base}/api/v1/projects/1/tasks?target=disc`)).json()).tasks;

await run(async ({ newPage }) => {
  const page = await openPage(newPage);
  await page.getByRole("button", { name: "To review 2" }).click();
  await page.locator(".queue-item").nth(2).waitFor({ state: "detached" });
  await page.getByText("Nobody looked at it yet").waitFor();
  await picture(page);
  const first = await page.locator(".image-name").getAttribute("title");
  await shoot(page, "review");
  await checkAccess(page, "review");

  await clickStage(page, { x: 0.5, y: 0.5 });
  await page.getByText("This mask is only shown").waitFor();
  check((await page.locator(".card").count()) === 0, "There is something to choose on a mask that is only shown.");

  // What is hidden is confirmed by nobody, be it by a click.
  const confirm = page.getByRole("button", { name: "Confirm" });
  await page.keyboard.press("h");
  await confirm.click();
  await page.getByText("The mask is hidden").waitFor();
  check((await page.locator(".image-name").getAttribute("title")) === first, "A hidden mask was confirmed.");
  await page.keyboard.press("h");
  await picture(page);
  await confirm.click();
  await page.locator(`.image-name:not([title="${first}"])`).waitFor();
  await page.getByRole("button", { name: "To review 1" }).waitFor();
  const confirmed = (await tasks()).find(({ image }) => image.path === first);
  check(confirmed.accepted_by === "person", "Confirming left the mask to the rule.");

  await page.keyboard.press("Control+z");
  await waitForRound(page, 0);
  check((await tasks()).every(({ accepted_by }) => accepted_by !== "rule"), "Reopening left the mask to the rule.");
  check((await page.getByText("To review").count()) === 0, "The list of what to review stays when it is empty.");

  await page.locator(".queue-item", { has: page.locator(`[title="${first}"]`) }).click();
  await page.locator(".accepted", { hasText: "accepted or confirmed earlier" }).waitFor();
  const marked = await page.locator(".queue-item[aria-current] [title]").first().getAttribute("title");
  check(marked === first, `The list marks ${marked}, but ${first} is shown.`);
  await page.keyboard.press("l");
  await page.locator(".context-list li").waitFor();
  await shoot(page, "context");
  await checkAccess(page, "context");
  await page.keyboard.press("Escape");

  // Long work tells how far it is, and what came of it.
  await page.locator(".jobs summary").click();
  await shoot(page, "whole-folder");
  await page.getByRole("button", { name: "Predict open images" }).click();
  await page.locator(".job progress").waitFor();
  await shoot(page, "job");
  await page.getByText("Prediction done").waitFor();
  await page.locator(".quality").first().waitFor();
  await shoot(page, "predicted");

  // What was exported can be fetched after a reload, and only where it belongs.
  await page.locator(".jobs summary").click();
  await page.getByRole("button", { name: "Export masks" }).click();
  await page.getByText("Download the masks").waitFor();
  await page.reload();
  await page.getByText("Export done").waitFor();
  const fetched = page.waitForEvent("download");
  await page.getByText("Download the masks").click();
  check((await fetched).suggestedFilename().endsWith(".zip"), "The masks that were exported cannot be fetched.");

  await page.keyboard.press("l");
  await page.getByRole("button", { name: /^Remove/ }).click();
  await page.getByRole("button", { name: "Remove it" }).click();
  await page.getByText("Nothing yet").waitFor();
});
