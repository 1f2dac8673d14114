// A tablet: everything that is pressed is large enough for a finger, and work goes on by touch.

import { check, checkAccess, openPage, run, shoot, waitForRound, waitUntilPainted } from "../page.mjs";

const SMALLEST = 44;
const PRESSED = "button, summary, select, input:not([type=file]), label.check, [role^=menuitem]";

/** What a finger would miss: its words, and how large it is. */
async function tooSmall(page) {
  return page.evaluate(
    ([pressed, smallest]) =>
      [...document.querySelectorAll(pressed)]
        .filter((element) => element.checkVisibility() && !element.closest("label.check input"))
        .filter((element) => element.type !== "checkbox")
        .map((element) => ({ element, box: element.getBoundingClientRect() }))
        .filter(({ box }) => box.height < smallest - 0.5 || box.width < smallest - 0.5)
        .map(({ element, box }) => `${element.ariaLabel ?? element.textContent} ${Math.round(box.width)} x ${Math.round(box.height)}`),
    [PRESSED, SMALLEST],
  );
}

async function checkSizes(page, where) {
  let small = await tooSmall(page);
  // What was just put there has no size for a moment.
  for (let n = 0; small.length > 0 && n < 20; n++) {
    await page.waitForTimeout(250);
    small = await tooSmall(page);
  }
  check(small.length === 0, `${where}: too small for a finger: ${small.join("; ")}`);
}

const tap = async (page, at) => {
  const box = await page.locator(".stage-canvas").boundingBox();
  await page.touchscreen.tap(box.x + at.x * box.width, box.y + at.y * box.height);
};

await run(
  async ({ newPage }) => {
    const page = await openPage(newPage);
    await page.getByRole("button", { name: "Images", exact: true }).tap();
    await page.locator(".queue-item").nth(3).waitFor();
    await checkSizes(page, "list of images");
    await page.getByRole("button", { name: "What is segmented" }).tap();
    await page.getByRole("menu").waitFor();
    await checkSizes(page, "targets");
    await page.getByRole("menuitem", { name: "New target" }).tap();
    await page.getByLabel("Name of the target").waitFor();
    await checkSizes(page, "new target");
    await page.getByRole("button", { name: "Cancel" }).tap();
    await page.locator(".queue-item", { has: page.locator('[title="c.nii.gz"]') }).tap();
    await page.locator(".queue").waitFor({ state: "detached" });
    await page.locator('.image-name[title="c.nii.gz"]').waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Numbers, answers and profile" }).tap();
    await waitForRound(page, 0);
    await waitUntilPainted(page);
    await tap(page, { x: 0.45, y: 0.5 });
    await waitForRound(page, 1);
    await checkSizes(page, "answers");
    await page.getByRole("button", { name: "Numbers, answers and profile" }).tap();
    await page.locator(".card:enabled").first().waitFor();
    await checkSizes(page, "cards");
    await shoot(page, "touch");
    await checkAccess(page, "touch");

    // Held upright, slice and planes share the height and have the whole width each.
    await page.setViewportSize({ width: 768, height: 1024 });
    await page.getByRole("button", { name: "Three planes and volume" }).tap();
    await page.locator(".planes canvas").waitFor();
    await page.waitForTimeout(3000);
    await page.locator(".planes-load").waitFor({ state: "detached" });
    const [slice, planes] = [await page.locator(".stage").boundingBox(), await page.locator(".planes").boundingBox()];
    check(planes.y >= slice.y + slice.height - 1, "The planes lie beside the slice on an upright screen.");
    check(slice.width > 700 && planes.width > 700, `The slice is ${slice.width} wide, the planes ${planes.width}.`);
    check(Math.min(slice.height, planes.height) > 150, `The slice is ${slice.height} high, the planes ${planes.height}.`);
    await shoot(page, "touch-planes");
    await page.getByRole("button", { name: "Three planes and volume" }).tap();
    await page.setViewportSize({ width: 1024, height: 768 });
    await waitUntilPainted(page);

    await page.getByRole("button", { name: /^Paint/ }).tap();
    await checkSizes(page, "painting");
    await tap(page, { x: 0.5, y: 0.4 });
    await page.getByText("1 stroke.").waitFor();
    await shoot(page, "touch-painting");
  },
  { viewport: { width: 1024, height: 768 }, hasTouch: true, isMobile: true },
);
