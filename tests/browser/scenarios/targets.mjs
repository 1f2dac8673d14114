// Targets: one is added, worked on and left by the menu alone, with keys; one that was misspelt is removed.

import { check, checkAccess, clickStage, openPage, run, shoot } from "../page.mjs";

/** The words of what has the focus. */
const focused = (page) => page.evaluate(() => document.activeElement.ariaLabel ?? document.activeElement.textContent);

async function waitForFocus(page, words) {
  await page.waitForFunction(
    (begin) => (document.activeElement.ariaLabel ?? document.activeElement.textContent).startsWith(begin),
    words,
  );
}

await run(async ({ newPage }) => {
  const page = await openPage(newPage);
  await page.locator(".queue-item").nth(3).waitFor();
  await page.locator(".log-item[aria-current]").waitFor();
  const button = page.getByRole("button", { name: "What is segmented" });
  const menu = page.getByRole("menu");
  const open = async () => {
    await button.press("ArrowDown");
    await menu.waitFor();
  };

  await open();
  await waitForFocus(page, "disc");
  check((await page.getByRole("menuitem").count()) === 1, "The only target can be removed.");
  await page.keyboard.press("ArrowUp");
  check((await focused(page)).startsWith("New target"), "The arrows do not go round.");
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "detached" });
  check((await focused(page)) === "What is segmented: disc", "Escape does not give the focus back.");

  await open();
  await page.keyboard.press("n");
  await page.keyboard.press("Enter");
  await page.getByText("such as nucleus or liver").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  await waitForFocus(page, "What is segmented: disc");

  await open();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.type("dics");
  await shoot(page, "targets-new");
  await checkAccess(page, "targets-new");
  await page.keyboard.press("Enter");
  await waitForFocus(page, "What is segmented: dics");
  await page.locator(".card-hint", { hasText: "Point at the dics" }).waitFor();

  await page.setViewportSize({ width: 1024, height: 768 });
  await page.locator(".queue").waitFor({ state: "detached" });
  for (const theme of ["dark", "light"]) {
    await page.waitForFunction((shown) => (document.documentElement.dataset.theme ?? "dark") === shown, theme);
    await open();
    await page.getByRole("menuitemradio", { name: "disc 0 of 4 done" }).waitFor();
    await shoot(page, `targets-${theme}`);
    await checkAccess(page, `targets-${theme}`);
    await page.keyboard.press("Escape");
    if (theme === "dark") await page.getByRole("button", { name: "Light theme" }).click();
  }

  await open();
  await page.keyboard.press("End");
  await page.keyboard.press(" ");
  await page.getByRole("dialog", { name: "Remove “dics”" }).waitFor();
  await shoot(page, "targets-remove");
  await checkAccess(page, "targets-remove");
  await page.keyboard.press("Enter");
  await waitForFocus(page, "What is segmented: disc");
  check((await page.locator("dialog").count()) === 0, "The question stays.");

  // By mouse: the keys go back to the image, and what was pressed beside the menu closes it.
  await button.click();
  await page.getByRole("menuitem", { name: "New target" }).click();
  await page.getByLabel("Name of the target").fill("ring");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.locator(".card-hint", { hasText: "Point at the ring" }).waitFor();
  await button.click();
  await page.getByRole("menuitemradio", { name: /^disc/ }).click();
  await page.locator(".card-hint", { hasText: "Point at the disc" }).waitFor();
  check(await page.evaluate(() => document.activeElement === document.body), "The button keeps the keys.");
  await button.click();
  await clickStage(page, { x: 0.5, y: 0.5 });
  await menu.waitFor({ state: "detached" });
  await page.locator(".card:enabled").first().waitFor();

  // A list that is late leads nobody back to the target, or the folder, that it is of.
  const opened = [];
  page.on("request", (request) => request.url().endsWith("/sessions") && opened.push(request.postDataJSON().target));
  let release = () => {};
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/tasks?target=disc", async (route) => {
    await held;
    await route.continue();
  });
  await page.keyboard.press("n");
  await button.click();
  await page.getByRole("menuitemradio", { name: /^ring/ }).click();
  await page.locator(".card-hint", { hasText: "Point at the ring" }).waitFor();
  const address = page.url();
  const late = page.waitForResponse(/tasks\?target=disc/);
  release();
  await (await late).finished();
  await page.waitForTimeout(1000);
  check(page.url() === address, `A late list leads from ${address} to ${page.url()}.`);
  check(opened.join() === "ring", `A late list opens ${opened.join()}.`);
  await page.unroute("**/tasks?target=disc");
});
