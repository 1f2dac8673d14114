// A volume: slices, a choice, acceptance, and the view by NiiVue that is loaded only here.

import { check, clickStage, openImage, openPage, picture, run, shoot, waitForRound } from "../page.mjs";

await run(async ({ newPage }) => {
  const page = await openPage(newPage);
  const scripts = [];
  page.on("response", (response) => response.url().endsWith(".js") && scripts.push(response.url()));
  await openImage(page, "c.nii.gz");
  await page.locator(".slice-bar").waitFor();
  const middle = await picture(page);

  await page.keyboard.press("ArrowRight");
  await page.getByText("10 / 16").first().waitFor();
  check((await picture(page)) !== middle, "Another slice looks the same.");
  await page.keyboard.press("ArrowLeft");

  await clickStage(page, { x: 0.5, y: 0.5 });
  await waitForRound(page, 1);
  await page.locator(".card").first().waitFor();
  await page.getByText("ml").first().waitFor();
  await page.keyboard.press("1");
  await waitForRound(page, 2);
  await shoot(page, "volume");

  check(!scripts.some((name) => name.includes("Planes")), "NiiVue was loaded before anybody asked.");
  await page.getByRole("button", { name: "Three planes and volume" }).click();
  await page.locator(".planes canvas").waitFor();
  await page.locator(".planes-load").waitFor({ state: "detached" });
  await page.waitForTimeout(3000);
  check((await page.locator(".planes .problem").count()) === 0, "The volume viewer reports a problem.");
  await shoot(page, "volume-planes");

  await page.keyboard.press("Enter");
  await page.getByText("It is on disk").waitFor();
});
