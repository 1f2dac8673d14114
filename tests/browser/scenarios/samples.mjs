// The samples: a lesion first, every set within reach, and each knows what is to be segmented in it.

import { check, clickStage, openPage, picture, run, shoot, waitForRound } from "../page.mjs";

const SETS = [
  ["1-lesions-synthetic", "lesion", "phantom-000.png"],
  ["2-spine-ct-real", "vertebra", "CT_small.dcm"],
  ["3-abdomen-mr-real", "liver lesion", "examples_overlay.dcm"],
  ["4-brain-mr-real", "ventricles", "anatomical.nii"],
  ["5-tissue-mr-real", "bright tissue", "MR_small.dcm"],
  ["6-cells-synthetic", "nucleus", "phantom-000.png"],
  ["7-abdomen-ct-synthetic", "organ", "phantom-000.nii"],
];

await run(async ({ newPage }) => {
  const page = await openPage(newPage);
  const project = page.getByLabel("Folder", { exact: true });
  const target = page.getByRole("button", { name: "What is segmented" });
  await project.waitFor();
  const names = await project.locator("option").allInnerTexts();
  check(names.join() === SETS.map(([name]) => name).join(), `The page lists ${names}.`);
  await page.locator(".image-name[title]").waitFor();
  check((await target.innerText()) === "lesion", "The first target is not the lesion.");
  check((await page.locator(".image-name").getAttribute("title")).includes("phantom-"), "The first image is no phantom.");
  check((await page.locator(".queue-item").count()) === 12, "Not all lesions are in the queue.");

  await page.getByText("Which object is meant?").first().waitFor();
  await clickStage(page, { x: 0.42, y: 0.53 });
  await waitForRound(page, 1);
  await page.locator(".card").first().waitFor();
  await shoot(page, "samples-lesion");

  for (const [name, wanted, image] of SETS.slice(1)) {
    await project.selectOption(name);
    await page.locator(`.image-name[title="images/${image}"]`).waitFor();
    await target.filter({ hasText: wanted }).waitFor();
    await page.locator(".log-item[aria-current]").waitFor();
    await page.getByText("Which object is meant?").first().waitFor();
    await picture(page);
    // Nothing of the folder that was left stays below the list.
    const again = await page.getByRole("button", { name: "Look again" }).count();
    check(again === 1, `“Look again” is there ${again} times.`);
    await shoot(page, `samples-${name}`);
  }
});
