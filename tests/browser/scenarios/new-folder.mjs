// A folder whose scan has only begun: the page says how far it is, and opens the first image by itself.

import { base, check, checkAccess, run, shoot } from "../page.mjs";

await run(async ({ newPage }) => {
  const page = await newPage();
  await page.addInitScript(() => localStorage.setItem("assent.seen", "yes"));
  const scan = { id: 1, kind: "scan", project: 1, target: "disc", state: "running", progress: 0.07, detail: "scan-7.png", created_at: "", changed_at: "", result: null };
  let isKnown = false;
  await page.route("**/api/v1/jobs", (route) => (isKnown ? route.continue() : route.fulfill({ json: [scan] })));
  await page.route("**/api/v1/projects", async (route) => {
    if (isKnown) return route.continue();
    const reply = await route.fetch();
    const found = await reply.json();
    await route.fulfill({ response: reply, json: found.map((project) => ({ ...project, targets: [] })) });
  });
  await page.goto(base);
  await page.getByText("Looking through the folder: 7 %, now at scan-7.png").waitFor();
  await shoot(page, "new-folder");
  await checkAccess(page, "new folder");
  scan.progress = 0.42;
  await page.getByText("42 %").waitFor();
  // It ended without an image.
  Object.assign(scan, { state: "failed", detail: "The folder holds no image." });
  await page.getByText("The folder holds no image. There is no image here yet.").waitFor();

  isKnown = true;
  await page.locator(".image-name[title]").waitFor();
  await page.locator(".log-item[aria-current]").waitFor();
  check((await page.locator(".empty").count()) === 0, "The page still says that there is nothing.");
});
