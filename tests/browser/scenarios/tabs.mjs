// Two windows on one image: the second sees what the first did, and never overwrites it; nor does what
// was refused there touch the next image.

import { check, clickStage, openImage, openPage, run, waitForRound } from "../page.mjs";

await run(async ({ newPage, complaints }) => {
  const first = await openPage(newPage);
  await openImage(first, "b.png");
  await clickStage(first, { x: 0.5, y: 0.5 });
  await waitForRound(first, 1);
  const second = await openPage(newPage);
  await openImage(second, "b.png");
  await waitForRound(second, 1);

  await first.locator(".card:enabled").first().waitFor();
  await first.keyboard.press("1");
  await waitForRound(first, 2);
  await clickStage(second, { x: 0.25, y: 0.5 }, { button: "right" });
  await second.getByText("answered in another window").waitFor();
  await waitForRound(second, 2);
  check((await second.locator(".log-item", { hasText: "Picked 1" }).count()) === 1, "The second window lacks the first one's answer.");

  await first.locator(".card:enabled").first().waitFor();
  await first.keyboard.press("1");
  await waitForRound(first, 3);
  let release = () => {};
  const held = new Promise((resolve) => (release = resolve));
  await second.route("**/feedback", async (route) => (await held, route.continue()), { times: 1 });
  const refused = second.waitForResponse((response) => response.url().endsWith("/feedback") && response.status() === 409);
  await clickStage(second, { x: 0.25, y: 0.4 }, { button: "right" });
  await openImage(second, "a.png");
  await second.getByText("Your last answer to b.png was not stored").waitFor();
  await clickStage(second, { x: 0.5, y: 0.5 });
  release();
  await refused;
  await waitForRound(second, 1);
  check((await second.locator(".image-name").getAttribute("title")) === "a.png", "Another image is shown.");
  check((await second.locator(".log-item", { hasText: "Point inside" }).count()) === 1, "The next image lost its point.");
  check((await second.locator(".log-item", { hasText: "Picked" }).count()) === 0, "The next image has the other one's answers.");
  const others = complaints.filter((line) => !line.includes("409"));
  complaints.splice(0, complaints.length, ...others);
});
