// A 2D image from the first point to acceptance, by keys; a reload in between changes nothing.

import { accept, check, checkAccess, clickStage, openImage, openPage, picture, run, shoot, waitForPicture, waitForRound, waitUntilPainted } from "../page.mjs";

const tags = async (page) => (await page.locator(".card-tag").allInnerTexts()).join();

/** Press a key and wait for what the server makes of it. */
async function press(page, key) {
  const before = await page.locator(".stage-canvas").getAttribute("data-stamp");
  await page.keyboard.press(key);
  await page.waitForFunction((old) => document.querySelector(".stage-canvas").dataset.stamp !== old, before);
}

/** Keep the next request to an address from going out until the returned function is called. */
async function hold(page, address) {
  let release = () => {};
  const held = new Promise((resolve) => (release = resolve));
  await page.route(address, async (route) => (await held, route.continue()), { times: 1 });
  return release;
}

await run(async ({ newPage }) => {
  const page = await openPage(newPage);
  await openImage(page, "a.png");
  await page.getByText("Which object is meant?").first().waitFor();
  const bare = await picture(page);
  await shoot(page, "flat-before");

  await clickStage(page, { x: 0.5, y: 0.5 });
  await waitForRound(page, 1);
  await page.locator(".card").first().waitFor();
  const first = await picture(page);
  check(first !== bare, "A point changed nothing on the image.");
  await shoot(page, "flat-first");
  await checkAccess(page, "first proposal");

  await page.keyboard.press("1");
  await waitForRound(page, 2);
  let round = 2;
  if (await page.locator(".judge").count()) {
    await page.keyboard.press("ArrowUp");
    await waitForRound(page, ++round);
  }
  await clickStage(page, { x: 0.25, y: 0.5 }, { button: "right" });
  await waitForRound(page, ++round);
  const corrected = await picture(page);

  await page.keyboard.press("Control+z");
  await waitForRound(page, round - 1);
  check((await picture(page)) !== corrected, "Undo left the picture as it was.");
  await page.keyboard.press("Control+Shift+z");
  await waitForRound(page, round);
  await waitForPicture(page, corrected);
  await page.locator(".log-item", { hasText: "Point inside" }).click();
  await waitForRound(page, 1);
  await waitForPicture(page, first);

  const offered = await tags(page);
  await press(page, "m");
  const others = await tags(page);
  await shoot(page, "flat-more");
  check(others !== offered, "M offers the same options again.");
  await page.reload();
  await waitForRound(page, 1);
  await waitForPicture(page, first);
  check((await tags(page)) === others, "A reload went back to other options.");
  check(page.url().includes("#/"), "The address does not say which image is open.");

  if (!others) await press(page, "m");
  await page.keyboard.press("0");
  await waitForRound(page, 2);
  await page.locator(".log-item", { hasText: "None of these" }).waitFor();

  await page.keyboard.press("u");
  await page.locator(".swatch.is-unsure").waitFor();
  await page.waitForTimeout(500);
  await shoot(page, "flat-uncertainty");
  await page.keyboard.press("u");

  await page.keyboard.press("b");
  check((await page.getByRole("button", { name: /^Box/ }).getAttribute("aria-pressed")) === "true", "B did not choose the box.");
  await page.keyboard.press("Escape");

  await accept(page);
  await page.getByText("1 of 4 done").waitFor();
  await shoot(page, "flat-accepted");
  await checkAccess(page, "accepted");
  await page.keyboard.press("Enter");
  await page.locator('.image-name:not([title="a.png"])').waitFor();

  // Two finished images make a curve. An image that was answered is accepted as soon as its mask is painted.
  await waitForRound(page, 0);
  await waitUntilPainted(page);
  await clickStage(page, { x: 0.5, y: 0.5 });
  await waitForRound(page, 1);
  await page.locator(".card:enabled").first().waitFor();

  // Nobody saw what will follow from a pick: Enter does not accept it before it is there.
  const letGo = await hold(page, "**/feedback");
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await page.getByText("Your choice is on its way").waitFor();
  letGo();
  await waitForRound(page, 2);
  await waitUntilPainted(page);
  check((await page.getByText("It is on disk").count()) === 0, "A mask was accepted that nobody saw.");

  // What is marked while an undo is on its way follows it, and an undo while an answer is follows that.
  const undone = await hold(page, "**/undo");
  await page.keyboard.press("Control+z");
  await clickStage(page, { x: 0.25, y: 0.5 }, { button: "right" });
  await page.locator(".log-item.is-waiting").waitFor();
  undone();
  await page.locator(".log-item.is-waiting").waitFor({ state: "detached" });
  await waitForRound(page, 2);
  await page.locator(".log-item", { hasText: "Point outside" }).waitFor();
  const answered = await hold(page, "**/feedback");
  await clickStage(page, { x: 0.75, y: 0.5 }, { button: "right" });
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  answered();
  await waitForRound(page, 1);
  check((await page.locator(".banner").count()) === 0, "Something is said of what was done as asked.");

  await waitUntilPainted(page);
  await accept(page);
  await page.getByText("2 of 4 done").waitFor();
  await page.locator(".effort canvas").waitFor();
  await shoot(page, "effort");
});
