// Images, the files of a series and a whole folder are added by button and drop; what is no image says so, the
// rest arrives. What was added is taken back. A file of the folder that cannot be read is named, and is in the list
// once it was mended and looked for again.

import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { base, check, checkAccess, openPage, rest, run, shoot } from "../page.mjs";

const [study, folder] = rest;
const slices = join(study, "CT5N");

const fetchThumbnail = async (size) => Buffer.from(await (await fetch(`${base}/api/v1/images/1/thumbnail?size=${size}`)).arrayBuffer());

/** Drop files on the page, as [name, bytes]. */
async function drop(page, files) {
  const dropped = await page.evaluateHandle((contents) => {
    const transfer = new DataTransfer();
    for (const [name, bytes] of contents) transfer.items.add(new File([new Uint8Array(bytes)], name));
    return transfer;
  }, files);
  await page.dispatchEvent("body", "dragover", { dataTransfer: dropped });
  await page.getByText("Drop images here").waitFor();
  return () => page.dispatchEvent("body", "drop", { dataTransfer: dropped });
}

await run(async ({ newPage, complaints }) => {
  const page = await openPage(newPage);
  await page.locator(".queue-item").first().waitFor();
  const png = await fetchThumbnail(64);
  await page.locator('input[type="file"]:not([webkitdirectory])').setInputFiles([
    { name: "one more.png", mimeType: "image/png", buffer: png },
    { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("no image at all") },
  ]);
  await page.locator(".queue-item", { hasText: "one more.png" }).waitFor();
  await page.getByText("1 image added").waitFor();
  const problem = page.locator(".upload-problems li", { hasText: "notes.png" });
  await problem.waitFor();
  check((await problem.innerText()).length > 20, "The file that is no image does not say why.");
  await shoot(page, "upload");
  await checkAccess(page, "upload");

  const letGo = await drop(page, [["dropped.png", [...(await fetchThumbnail(48))]]]);
  await shoot(page, "upload-drop");
  await letGo();
  await page.locator(".queue-item", { hasText: "dropped.png" }).waitFor();
  check((await page.getByText("Drop images here").count()) === 0, "The page still waits for a drop.");

  await (await drop(page, readdirSync(slices).sort().map((name) => [name, [...readFileSync(join(slices, name))]])))();
  const series = page.locator(".queue-item", { hasText: "2062 and 4 more" });
  await series.waitFor();
  await page.locator('input[webkitdirectory]').setInputFiles(study);
  await page.locator(".upload-problems li", { hasText: "CT5N" }).getByText("here already").waitFor();
  await page.locator(".upload-problems li", { hasText: "CT2N" }).getByText("different directions").waitFor();
  await page.getByText("3 images added").waitFor();
  await series.click();
  await page.locator('.image-name[title*="2062 and 4 more"]').waitFor();
  await page.locator(".card-hint").waitFor();
  await shoot(page, "upload-series");
  await checkAccess(page, "upload-series");

  const added = page.getByRole("region", { name: "This image was added here." });
  await added.getByRole("button", { name: "Remove" }).click();
  await added.getByRole("button", { name: "Remove it" }).click();
  await series.waitFor({ state: "detached" });
  check((await page.locator(".queue-item", { hasText: "dropped.png" }).count()) === 1, "More than one image is gone.");

  const again = page.getByRole("button", { name: "Look again" });
  const known = await page.locator(".queue-item").count();
  const whole = await fetchThumbnail(56);
  writeFileSync(join(folder, "scan.png"), whole.subarray(0, 200));
  await again.click();
  await page.getByRole("button", { name: "1 file could not be read" }).click();
  const reason = page.locator(".missing-list div", { hasText: "scan.png" }).locator("dd");
  check((await reason.innerText()).length > 20, "The file that cannot be read does not say why.");
  await shoot(page, "missing");
  await checkAccess(page, "missing");
  // Its keys are its own.
  await page.keyboard.press("b");
  await page.keyboard.press("Escape");
  await reason.waitFor({ state: "detached" });
  check((await page.getByRole("button", { name: /^Point/ }).getAttribute("aria-pressed")) === "true", "A key went past the dialog.");
  check((await page.locator(".queue-item").count()) === known, "A file that cannot be read is in the list.");
  writeFileSync(join(folder, "scan.png"), whole);
  await again.click();
  await page.locator(".queue-item", { hasText: "scan.png" }).waitFor();
  await page.getByText("could not be read").waitFor({ state: "detached" });

  // A file that is deleted is marked, passed over, and not counted.
  const done = page.locator(".queue .count").first();
  const before = await done.innerText();
  const lost = page.locator(".queue-item", { hasText: "scan.png" });
  await lost.locator("img").waitFor();
  rmSync(join(folder, "scan.png"));
  await again.click();
  await lost.getByText("No file").waitFor();
  check((await done.innerText()) !== before, `The count says ${before} with a file less.`);
  check((await lost.locator("img").count()) === 0, "What has no file has a picture.");
  await lost.click();
  await page.getByText("was moved or deleted").waitFor();
  check((await page.locator(".log-item").count()) === 0, "The log says that an image is open whose file is not there.");
  await lost.hover();
  await shoot(page, "lost");
  await checkAccess(page, "lost");
  await page.keyboard.press("n");
  await page.locator(".log-item[aria-current]").waitFor();
  check((await page.locator(".queue-item[aria-current]", { hasText: "scan.png" }).count()) === 0, "Next stays where no file is.");

  // That these are refused is meant here.
  const others = complaints.filter((line) => !/notes\.png|CT2N|moved or deleted|status of 4/.test(line));
  complaints.splice(0, complaints.length, ...others);
});
