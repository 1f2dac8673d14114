// What the scenarios share: a browser, ways to wait, and checks that hold on every page.

import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const AXE = require.resolve("axe-core/axe.min.js");

const FLAGS = [
  "--no-sandbox",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  // Paths on 2D canvases take seconds where a processor plays the graphics card.
  "--disable-accelerated-2d-canvas",
];
const PATIENCE_MS = 60_000;

export const [base, out, executable, ...rest] = process.argv.slice(2);

/** A browser with one page; complaints of the page end up in `complaints`. */
export async function openBrowser(options = {}) {
  const browser = await chromium.launch({ executablePath: executable, headless: true, args: FLAGS });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme: "dark",
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const complaints = [];
  const newPage = async () => {
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("response", async (response) => {
      if (response.status() >= 400) complaints.push(`${response.url()}: ${await response.text().catch(() => "")}`);
    });
    page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    return page;
  };
  return { browser, context, complaints, newPage };
}

export function check(holds, sentence) {
  if (!holds) throw new Error(sentence);
}

/** The page, its introduction seen before. */
export async function openPage(newPage) {
  const page = await newPage();
  await page.addInitScript(() => localStorage.setItem("assent.seen", "yes"));
  await page.goto(base);
  return page;
}

export async function openImage(page, name) {
  await page.locator(".queue-item", { has: page.locator(`[title="${name}"]`) }).click();
  await page.locator(`.image-name[title="${name}"]`).waitFor();
  await page.locator(".log-item[aria-current]").waitFor();
  await waitUntilPainted(page);
}

/** Wait until the image and its proposal are on screen; whatever is pressed before is not meant for them. */
export async function waitUntilPainted(page) {
  await page.waitForFunction(() => {
    const canvas = document.querySelector(".stage-canvas");
    return canvas?.dataset.painted && canvas.dataset.painted === canvas.dataset.stamp;
  });
}

/** Wait until the round of the current line of the log is that one, and nothing is on its way. */
export async function waitForRound(page, round) {
  await page.waitForFunction(
    (wanted) =>
      document.querySelector(".log-item[aria-current] .log-round")?.textContent === String(wanted),
    round,
  );
}

/** Look at an image for as long as the page wants before a key accepts anything on it. */
export async function look(page) {
  await waitUntilPainted(page);
  await page.waitForTimeout(800);
}

/** Accept by key; where the page refuses, fail with what it says. */
export async function accept(page) {
  await page.locator(".choices .primary:enabled").waitFor();
  await page.keyboard.press("Enter");
  const done = page.getByText("It is on disk");
  const told = page.locator(".banner");
  await done.or(told).first().waitFor();
  if (!(await done.isVisible())) throw new Error(`Enter did not accept: ${await told.innerText()}`);
}

/** Click at a share of the stage, as {x: 0.5, y: 0.5} for its middle. */
export async function clickStage(page, at, options = {}) {
  const box = await page.locator(".stage-canvas").boundingBox();
  await page.mouse.click(box.x + at.x * box.width, box.y + at.y * box.height, options);
}

export async function dragStage(page, from, to) {
  const box = await page.locator(".stage-canvas").boundingBox();
  await page.mouse.move(box.x + from.x * box.width, box.y + from.y * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + to.x * box.width, box.y + to.y * box.height, { steps: 8 });
  await page.mouse.up();
}

const fingerprint = () => {
  const canvas = document.querySelector(".stage-canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let at = 0; at < data.length; at++) sum = (sum * 31 + data[at]) | 0;
  return sum;
};

/** A number that stands for what is painted, once it stays the same for a moment. */
export async function picture(page) {
  await waitUntilPainted(page);
  let last = null;
  for (;;) {
    const now = await page.evaluate(fingerprint);
    if (now === last) return now;
    last = now;
    await page.waitForTimeout(250);
  }
}

export async function waitForPicture(page, wanted) {
  const end = Date.now() + PATIENCE_MS;
  while ((await picture(page)) !== wanted) check(Date.now() < end, "The picture is not the one of before.");
}

/** No serious accessibility problem, by axe-core. */
export async function checkAccess(page, where) {
  await page.evaluate(await readFile(AXE, "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run(document));
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const said = serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
  check(said.length === 0, `${where}: ${said.join("\n")}`);
}

export async function shoot(page, name) {
  await page.screenshot({ path: `${out}/${name}.png` });
}

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Ask the test that runs this scenario to do something, and wait until it is done. */
export async function ask(what) {
  process.stdout.write(`${JSON.stringify({ ask: what })}\n`);
  const { value } = await answers.next();
  check(value === "done", `The test answered ${value} to ${what}.`);
}

/** Run a scenario; it fails on anything that the page complained about. */
export async function run(scenario, options) {
  const opened = await openBrowser(options);
  let failure = null;
  try {
    await scenario(opened);
    check(opened.complaints.length === 0, `The page complained: ${opened.complaints.join("\n")}`);
  } catch (error) {
    failure = error;
    for (const page of opened.context.pages()) await shoot(page, "failure").catch(() => null);
  }
  await opened.browser.close();
  if (failure) console.error(failure, opened.complaints);
  process.exit(failure ? 1 : 0);
}
