// Images are added by the button and by dropping them; what is no image says so, the rest arrives.

import { base, check, checkAccess, openPage, run, shoot } from "../page.mjs";

await run(async ({ newPage, complaints }) => {
  const page = await openPage(newPage);
  await page.locator(".queue-item").first().waitFor();
  const thumbnail = await fetch(`${base}/api/v1/images/1/thumbnail?size=64`);
  const png = Buffer.from(await thumbnail.arrayBuffer());
  await page.locator('input[type="file"]').setInputFiles([
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

  const other = await fetch(`${base}/api/v1/images/1/thumbnail?size=48`);
  const bytes = [...new Uint8Array(await other.arrayBuffer())];
  const dropped = await page.evaluateHandle((content) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(content)], "dropped.png", { type: "image/png" }));
    return transfer;
  }, bytes);
  await page.dispatchEvent("body", "dragover", { dataTransfer: dropped });
  await page.getByText("Drop images here").waitFor();
  await shoot(page, "upload-drop");
  await page.dispatchEvent("body", "drop", { dataTransfer: dropped });
  await page.locator(".queue-item", { hasText: "dropped.png" }).waitFor();
  check((await page.getByText("Drop images here").count()) === 0, "The page still waits for a drop.");
  // That one file is refused is meant here.
  const others = complaints.filter((line) => !/notes\.png|status of 4/.test(line));
  complaints.splice(0, complaints.length, ...others);
});
