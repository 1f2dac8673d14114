// Two windows on one image: the second sees what the first did, and never overwrites it.

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
  const others = complaints.filter((line) => !line.includes("409"));
  complaints.splice(0, complaints.length, ...others);
});
