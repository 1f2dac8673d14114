// First run, help, both themes, a tablet; names of files are text; no access problem anywhere.

import { base, check, checkAccess, clickStage, openImage, run, shoot, waitForRound } from "../page.mjs";

const HOSTILE = "<img src=x onerror=alert(1)>.png";

await run(async ({ newPage, complaints }) => {
  const page = await newPage();
  const begun = Date.now();
  await page.goto(base);
  await page.getByRole("button", { name: "Begin" }).waitFor();
  console.log(JSON.stringify({ interactive_ms: Date.now() - begun }));
  await page.locator(".queue-item").first().waitFor();
  await shoot(page, "welcome");
  await checkAccess(page, "welcome");
  await page.keyboard.press("Enter");
  await page.reload();
  await page.locator(".queue-item").first().waitFor();
  check((await page.locator("dialog").count()) === 0, "The introduction came again.");

  check((await page.locator(`.queue-item [title="${HOSTILE}"]`).count()) === 1, "A file name is not shown as text.");
  check((await page.locator('img[src="x"]').count()) === 0, "A file name became an element.");
  await openImage(page, HOSTILE);
  await clickStage(page, { x: 0.5, y: 0.5 });
  await waitForRound(page, 1);

  await page.keyboard.press("?");
  await page.locator("dialog").waitFor();
  await shoot(page, "help");
  await checkAccess(page, "help");
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });

  await page.getByRole("button", { name: "Light theme" }).click();
  await page.locator(".card").first().hover();
  await page.locator(".legend").waitFor();
  await shoot(page, "light");
  await checkAccess(page, "light");
  await page.setViewportSize({ width: 1920, height: 1080 });
  await page.waitForTimeout(500);
  await shoot(page, "wide");
  for (const [name, width, height] of [["tablet", 1024, 768], ["tablet-upright", 820, 1180]]) {
    await page.setViewportSize({ width, height });
    // A tablet that is turned, or a window that is made narrow, keeps the image in view.
    await page.locator(".queue").waitFor({ state: "detached" });
    await page.reload();
    await page.locator(".card").first().waitFor();
    await page.waitForTimeout(500);
    await shoot(page, name);
    await checkAccess(page, name);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    check(wide <= width, `The page is ${wide} wide on a screen of ${width}.`);
  }

  await page.getByRole("button", { name: "Numbers, answers and profile" }).click();
  await waitForRound(page, 1);
  // Drawing without a mouse: I brings the cross, X marks, Escape gives the arrows back.
  await page.locator("body").press("i");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("x");
  await waitForRound(page, 2);
  await page.keyboard.press("Escape");
  check(await page.evaluate(() => document.activeElement === document.body), "Escape leaves the keys to the cross.");

  // What comes faster than anybody looks answers nothing: a double click, and a key that is held.
  await page.setViewportSize({ width: 1280, height: 800 });
  let given = 0;
  page.on("request", (request) => request.url().endsWith("/feedback") && given++);
  await page.locator(".card:enabled").first().click();
  await waitForRound(page, 3);
  await page.locator(".card:enabled").first().hover();
  await page.mouse.down({ clickCount: 2 });
  await page.mouse.up({ clickCount: 2 });
  await page.keyboard.down("1");
  await waitForRound(page, 4);
  for (let again = 0; again < 4; again++) await page.keyboard.down("1");
  await page.waitForTimeout(500);
  check(given === 2, `A double click and a key that was held gave ${given} answers.`);
  await page.keyboard.up("1");

  const none = complaints.filter((line) => line.startsWith("dialog"));
  check(none.length === 0, "A file name ran as a script.");
});
