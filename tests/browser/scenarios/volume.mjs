// A volume from a point before its first proposal to the next image: slices, a choice, a box, a step back, acceptance,
// and the view by NiiVue that is loaded only here.

import { accept, check, checkAccess, clickStage, dragStage, openPage, picture, run, shoot, waitForRound } from "../page.mjs";

await run(async ({ newPage }) => {
  const page = await openPage(newPage);
  const scripts = [];
  page.on("response", (response) => response.url().endsWith(".js") && scripts.push(response.url()));
  const given = [];
  page.on("request", (request) => request.url().endsWith("/feedback") && given.push(request.postDataJSON()));
  // The image is there before its first proposal is: points are kept for it, other answers say that it is missing.
  let release = () => {};
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/api/v1/sessions", async (route) => {
    await held;
    await route.continue();
  });
  const open = async (name) => {
    await page.locator(".queue-item", { has: page.locator(`[title="${name}"]`) }).click();
    await page.locator(`.image-name[title="${name}"]`).waitFor();
  };
  const waits = (n) => page.waitForFunction((wanted) => document.querySelectorAll(".log-item.is-waiting").length === wanted, n);
  const inside = () => clickStage(page, { x: 0.5, y: 0.5 });
  const outside = () => clickStage(page, { x: 0.25, y: 0.5 }, { button: "right" });
  await open("c.nii.gz");
  await page.getByText("9 / 16").first().waitFor();
  await page.getByText("Computing the first proposal").waitFor();
  await inside();
  await outside();
  await waits(2);
  await page.keyboard.press("Control+z");
  await waits(1);
  await page.keyboard.press("Escape");
  await waits(0);
  await inside();
  await waits(1);
  // What was kept for an image stays there while another is opened, and over a reload.
  await open("a.png");
  await waits(0);
  await open("c.nii.gz");
  await page.getByText("9 / 16").first().waitFor();
  await page.getByText("Computing the first proposal").waitFor();
  await waits(1);
  await page.reload();
  await page.getByText("Computing the first proposal").waitFor();
  await waits(1);
  await outside();
  await waits(2);
  await page.keyboard.press("Enter");
  await page.getByText("still being computed").waitFor();
  await shoot(page, "volume-opening");
  check(given.length === 0, "A point was sent before there was a proposal.");
  release();
  await waitForRound(page, 2);
  await page.getByText("still being computed").waitFor({ state: "detached" });
  check(given.map(({ round, prompts }) => `${round} ${prompts[0].positive}`).join() === "0 true,1 false", `Kept points were sent as ${JSON.stringify(given)}.`);
  await page.keyboard.press("Control+z");
  await waitForRound(page, 1);
  await page.locator(".slice-bar").waitFor();
  const middle = await picture(page);

  await page.keyboard.press("ArrowRight");
  await page.getByText("10 / 16").first().waitFor();
  check((await picture(page)) !== middle, "Another slice looks the same.");
  await page.keyboard.press("ArrowLeft");

  await page.locator(".card").first().waitFor();
  await page.getByText("ml").first().waitFor();
  await page.keyboard.press("1");
  let round = 2;
  await waitForRound(page, round);
  await shoot(page, "volume");
  if (await page.locator(".judge").count()) {
    await page.keyboard.press("ArrowUp");
    await waitForRound(page, ++round);
  }

  // A box is drawn on one slice, taken over others, and given by Enter.
  await page.keyboard.press("b");
  await dragStage(page, { x: 0.38, y: 0.3 }, { x: 0.62, y: 0.7 });
  await page.getByLabel("Box from slice").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.getByLabel("Box from slice").fill("7");
  await shoot(page, "volume-box");
  await checkAccess(page, "volume box");
  const sent = page.waitForRequest((request) => request.url().endsWith("/feedback"));
  await page.keyboard.press("Enter");
  const [box] = (await sent).postDataJSON().prompts;
  check(box.low_zyx[0] === 6 && box.high_zyx[0] === 11, `The box goes over ${box.low_zyx} to ${box.high_zyx}.`);
  await waitForRound(page, ++round);
  await page.keyboard.press("Escape");

  await clickStage(page, { x: 0.3, y: 0.5 }, { button: "right" });
  await waitForRound(page, ++round);
  const volume = () => page.getByText(/^[\d.,]+ ml$/).first().innerText();
  const corrected = await volume();
  await page.keyboard.press("Control+z");
  await waitForRound(page, round - 1);
  await page.keyboard.press("Control+Shift+z");
  await waitForRound(page, round);
  check((await volume()) === corrected, "Redo leads to another volume than the answer did.");

  check(!scripts.some((name) => name.includes("Planes")), "NiiVue was loaded before anybody asked.");
  await page.getByRole("button", { name: "Three planes and volume" }).click();
  await page.locator(".planes canvas").waitFor();
  // First the volume, then the mask.
  await page.locator(".planes-load").first().waitFor({ state: "detached" });
  await page.waitForTimeout(3000);
  await page.locator(".planes-load").waitFor({ state: "detached" });
  check((await page.locator(".planes .problem").count()) === 0, "The volume viewer reports a problem.");
  await shoot(page, "volume-planes");
  // Above left is the coronal plane: a click in its lower half leads to a lower slice.
  const slice = () => page.locator(".slice-bar output").innerText();
  const shown = await slice();
  const planes = await page.locator(".planes canvas").boundingBox();
  await page.mouse.click(planes.x + 0.25 * planes.width, planes.y + 0.33 * planes.height);
  await page.waitForFunction((old) => document.querySelector(".slice-bar output").textContent !== old, shown);
  check(Number.parseInt(await slice(), 10) < Number.parseInt(shown, 10), "A click below leads to a slice above.");
  await shoot(page, "volume-crosshair");

  await accept(page);
  await page.keyboard.press("Enter");
  await page.locator('.image-name:not([title="c.nii.gz"])').waitFor();
});
