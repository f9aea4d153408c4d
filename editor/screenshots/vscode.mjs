// The picture of VS Code: opens the folder and the file in headless Chromium, misspells two names as
// somebody who types does, waits for what is said of them, and shows all that is said of the second.
// Usage: node vscode.mjs ADDRESS FOLDER FILE LINE PICTURE

import puppeteer from "puppeteer-core";

const [address, folder, file, line, picture] = process.argv.slice(2);
const browser = await puppeteer.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--hide-scrollbars"],
  defaultViewport: { width: 1220, height: 580, deviceScaleFactor: 1.25 },
});
const page = await browser.newPage();
page.setDefaultTimeout(90_000);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The middle of a word in a line that holds a text. */
async function place(text, word) {
  const found = await page.waitForFunction(
    (text, word) => {
      for (const line of document.querySelectorAll(".view-line")) {
        const said = line.textContent.replaceAll("\u00a0", " ");
        if (!said.includes(text)) continue;
        for (const part of line.querySelectorAll("span > span")) {
          if (part.textContent.trim() !== word) continue;
          const { x, y, width, height } = part.getBoundingClientRect();
          return { x: x + width / 2, y: y + height / 2 };
        }
      }
      return null;
    },
    {},
    text,
    word,
  );
  return found.jsonValue();
}

async function retype(text, word, instead) {
  const { x, y } = await place(text, word);
  await page.mouse.click(x, y, { count: 2 });
  await page.keyboard.type(instead);
  // What else could stand there is offered, and not wanted.
  await pause(1500);
  await page.keyboard.press("Escape");
}

try {
  const { host } = new URL(address);
  const open = [["gotoLineMode", "true"], ["openFile", `vscode-remote://${host}${folder}/${file}:${line}:1`]];
  await page.goto(`${address}/?folder=${folder}&payload=${encodeURIComponent(JSON.stringify(open))}`);
  await page.waitForSelector(".view-line");
  const fonts = ".monaco-workbench, .monaco-hover { font-family: Inter, sans-serif !important }";
  await page.addStyleTag({ content: fonts });
  await (await page.waitForSelector('.activitybar [aria-label^="Testing"]')).click();
  await page.waitForSelector(".test-explorer .monaco-list-row");
  await page.waitForFunction(() => document.body.textContent.includes("customer:"));
  await retype("== 201", "status", "stauts");
  await retype("GetEntry {", "order_id", "order");
  await page.waitForFunction(() => document.querySelectorAll(".squiggly-error").length >= 2);
  const { x, y } = await place("GetEntry {", "order");
  await page.mouse.move(x, y);
  await page.mouse.move(x + 1, y);
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".monaco-hover")].some((hover) => hover.textContent.includes("order_id")),
  );
  await pause(1000);
  await page.screenshot({ path: picture });
} finally {
  await browser.close();
}
