// The last resort: a mask painted by hand, its strokes undone, kept over a reload, and accepted.

import { check, checkAccess, clickStage, dragStage, look, openImage, openPage, picture, run, shoot, waitForPicture, waitForRound } from "../page.mjs";

await run(async ({ newPage }) => {
  const page = await openPage(newPage);
  await openImage(page, "a.png");
  await clickStage(page, { x: 0.5, y: 0.5 });
  await waitForRound(page, 1);
  await page.keyboard.press("d");
  await page.locator(".painting").waitFor();
  // Painting is for one image: the next one asks what is meant.
  await openImage(page, "b.png");
  await page.getByText("Which object is meant?").first().waitFor();
  await openImage(page, "a.png");
  await page.keyboard.press("d");
  await page.getByText("Nothing is accepted").or(page.getByText("exactly what you paint")).waitFor();
  const before = await picture(page);

  for (const key of ["]", "]"]) await page.keyboard.press(key);
  await dragStage(page, { x: 0.45, y: 0.2 }, { x: 0.55, y: 0.3 });
  await page.getByText("1 stroke.").waitFor();
  const once = await picture(page);
  check(once !== before, "A stroke changed nothing on the image.");
  await page.keyboard.press("x");
  await dragStage(page, { x: 0.5, y: 0.45 }, { x: 0.6, y: 0.55 });
  await page.getByText("2 strokes.").waitFor();
  const twice = await picture(page);
  await shoot(page, "painting");
  await checkAccess(page, "painting");

  await page.keyboard.press("1");
  await page.getByText("Accept or discard what you painted first").waitFor();
  await page.keyboard.press("Control+z");
  await page.getByText("1 stroke.").waitFor();
  await page.keyboard.press("Control+Shift+z");
  await page.getByText("2 strokes.").waitFor();
  await page.reload();
  await page.getByText("2 strokes.").waitFor();
  await page.mouse.move(5, 5);
  await waitForPicture(page, twice);

  await look(page);
  await page.keyboard.press("Enter");
  await page.getByText("Accepted, painted by hand.").waitFor();
  await page.locator(".log-item", { hasText: "painted by hand" }).waitFor();
  await waitForRound(page, 2);
  await shoot(page, "painted");
});
