// SPDX-License-Identifier: Apache-2.0
// The main journeys with the real program (LINMO_BIN) and its bundled models, in Debian's Chromium. With
// LINMO_SCREENSHOTS=FOLDER each page is kept there as a picture, light and dark.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe, binary, landscape_png, open_browser, real_studio, visit, why_not } from "./support.mjs";

const skip = why_not() || (binary ? false : "LINMO_BIN names no binary that has a studio");
const shots = process.env.LINMO_SCREENSHOTS;
const photo = process.env.LINMO_SCREENSHOT_PHOTO;
let browser, pictures;

before(async () => {
  if (skip) return;
  browser = await open_browser();
  pictures = mkdtempSync(join(tmpdir(), "linmo-图-"));
  for (const [folder, seeds] of [["风景", 0], ["版画", 40]]) {
    mkdirSync(join(pictures, folder));
    for (let i = 0; i < 12; i++) writeFileSync(join(pictures, folder, `${i}.png`), landscape_png(160, 120, seeds + i * 0.7));
  }
});
after(async () => {
  await browser?.close();
  if (pictures) rmSync(pictures, { recursive: true, force: true });
});

/** A visit to the real studio that must end without an error in the console. */
function journey(name, steps, options) {
  test(name, { skip, timeout: 300_000 }, async () => {
    const studio = await real_studio("--allow", pictures);
    const opened = await visit(browser, studio.url, options);
    try {
      await steps(opened.page, studio, opened);
      assert.deepEqual(opened.errors, []);
    } finally {
      await opened.close();
      await studio.stop();
    }
  });
}

async function keep(page, name) {
  if (!shots) return;
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.waitForTimeout(200);
    await page.screenshot({ path: join(shots, `studio-${name}-${colorScheme}.jpg`), type: "jpeg", quality: 82 });
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: "reduce" });
  await page.waitForTimeout(200);
}

async function add_picture(page, name = "山水.png") {
  const buffer = landscape_png(480, 320);
  await page.locator('input[type="file"]').first().setInputFiles(photo ?? { name, mimeType: "image/png", buffer });
  await page.locator(".wipe .painted").waitFor();
  return buffer;
}

/** The bytes of the first result of the job that the click starts. */
async function paint(page) {
  await page.getByRole("button", { name: "Paint in full size" }).click();
  const link = page.locator(".results a").first();
  await link.waitFor({ timeout: 120_000 });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  return readFileSync(await download.path());
}

async function choose_folder(page, where, folder) {
  await where.getByRole("button", { name: /Choose a folder|Choose another/ }).click();
  await page.getByRole("button", { name: new RegExp(`^${folder}`) }).click();
  await page.getByRole("button", { name: "Use this folder" }).click();
}

journey("a photograph is painted by a bundled model; the download has the bytes of linmo apply", async (page, studio) => {
  await page.locator(".style-wall img").first().waitFor();
  if (shots) await page.waitForTimeout(15_000);  // for all cards
  await keep(page, "first");
  const content = await add_picture(page);
  await page.waitForTimeout(shots ? 15_000 : 500);
  await keep(page, "stylise");
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Photograph → ukiyo-e", exact: true }).first().click();
  const bytes = await paint(page);
  if (photo) return;
  const input = join(studio.data, "in.png"), output = join(studio.data, "out.png");
  writeFileSync(input, content);
  assert.equal(spawnSync(binary, ["apply", "photo-to-ukiyoe", input, "-o", output]).status, 0);
  assert.ok(bytes.equals(readFileSync(output)), "the bytes differ");
});

journey("a video is painted in the chosen style", async (page) => {
  await page.locator(".style-wall img").first().waitFor();
  const frame = (t) => Buffer.concat([Buffer.from("FRAME\n"), Buffer.alloc(48 * 32, 60 + 20 * t), Buffer.alloc(2 * 24 * 16, 128)]);
  const buffer = Buffer.concat([Buffer.from("YUV4MPEG2 W48 H32 F8:1 Ip A1:1 C420jpeg\n"), ...[0, 1, 2, 3].map(frame)]);
  await page.locator('input[type="file"]').first().setInputFiles({ name: "影.y4m", mimeType: "", buffer });
  await page.getByRole("heading", { name: "Video “影.y4m”" }).waitFor();
  const link = page.locator(".results a").first();
  await link.waitFor({ timeout: 120_000 });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  assert.equal(download.suggestedFilename(), "影.mp4");
  assert.equal(readFileSync(await download.path()).subarray(4, 8).toString(), "ftyp");
  assert.deepEqual(await axe(page), []);
});

journey("a training goes on after the server was killed, is stopped early, and paints", async (page, studio, opened) => {
  await page.getByRole("link", { name: "Train" }).click();
  await page.getByLabel("Name of the style").fill("我的笔法");
  for (const [group, folder] of [["Pictures in the style", "版画"], ["Ordinary pictures", "风景"]]) {
    const part = page.getByRole("group", { name: group });
    await choose_folder(page, part, folder);
    await part.getByText("12 pictures can be used").waitFor();
  }
  await page.getByRole("button", { name: "Start learning" }).click();
  await page.locator(".curve path").first().waitFor({ timeout: 120_000 });
  await studio.kill();
  opened.errors.length = 0;  // that the studio is gone is told in the console too
  await studio.restart();
  const again = await visit(browser, studio.url);
  try {
    await again.page.getByRole("link", { name: "Train" }).click();
    await again.page.getByRole("button", { name: "Pause" }).waitFor();
    await again.page.locator(".filmstrip img").first().waitFor({ timeout: 120_000 });
    await again.page.waitForTimeout(5000);
    await again.page.locator(".run").first().scrollIntoViewIfNeeded();
    await keep(again.page, "train");
    await again.page.getByRole("button", { name: "Stop" }).click();
    await again.page.getByText("It is on the wall of styles now.").waitFor({ timeout: 90_000 });
    assert.deepEqual(await axe(again.page), []);
    await again.page.getByRole("link", { name: "Stylise" }).click();
    await add_picture(again.page);
    await again.page.getByRole("button", { name: "我的笔法", exact: true }).click();
    assert.equal((await paint(again.page)).subarray(1, 4).toString(), "PNG");
    assert.deepEqual(again.errors, []);
  } finally {
    await again.close();
  }
  opened.errors.length = 0;
});

journey("两个收藏做成后相互比较，地图可以圈选", async (page) => {
  await page.getByRole("heading", { name: "换一种笔法，重画你的照片" }).waitFor();
  await page.getByLabel("语言").selectOption("en");
  for (const name of ["风景", "版画"]) {
    await page.getByRole("link", { name: "Collections", exact: true }).click();
    await page.getByLabel("Name of the collection").fill(name);
    await choose_folder(page, page, name);
    await page.getByRole("button", { name: "Make the collection" }).click();
    await page.getByRole("link", { name: new RegExp(`^${name}`) }).waitFor({ timeout: 120_000 });
  }
  await page.getByRole("link", { name: /^风景/ }).click();
  await page.locator(".works img").first().waitFor();
  assert.equal(await page.locator(".works img").count(), 12);
  await keep(page, "collection");
  await page.getByRole("link", { name: "Cultures" }).click();
  await page.getByLabel("风景").check();
  await page.getByLabel("版画").check();
  await page.getByLabel("Name of the comparison").fill("两组");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByRole("button", { name: "Report" }).click({ timeout: 120_000 });
  await page.frameLocator("iframe").getByRole("heading").first().waitFor();
  await keep(page, "report");
  // Exemplars, nearest works and outliers become a collection as a lasso's works do.
  await page.frameLocator("iframe").getByRole("button", { name: "Make a collection" }).first().click();
  const field = page.getByLabel(/Name of a collection of these/);
  await field.waitFor();
  assert.equal(await field.evaluate((input) => input === document.activeElement), true);
  await field.fill("范例");
  await page.getByRole("button", { name: "Make the collection" }).click();
  await page.getByRole("button", { name: "Map" }).click();
  const map = page.frameLocator("iframe");
  await map.getByText(/shown: [1-9]/).waitFor();
  await page.waitForTimeout(500);  // the page brings the frame into sight when it is loaded
  await map.locator("#lasso").click();
  await page.locator("iframe").evaluate((frame) => frame.scrollIntoView());
  const box = await map.locator("#over").boundingBox();
  await page.mouse.move(box.x + 4, box.y + 4);
  await page.mouse.down();
  for (const [x, y] of [[0.98, 0.02], [0.98, 0.98], [0.02, 0.98], [0.02, 0.02]])
    await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 4 });
  await page.mouse.up();
  await map.getByText(/selected: [1-9]/).waitFor();
  await keep(page, "map");
  await map.getByRole("button", { name: "Make a collection" }).click();
  await page.getByLabel(/Name of a collection of these/).fill("圈选");
  await page.getByRole("button", { name: "Make the collection" }).click();
  await page.getByRole("link", { name: "Collections", exact: true }).click();
  await page.getByRole("link", { name: /^圈选/ }).waitFor({ timeout: 120_000 });
  await page.getByRole("link", { name: /^范例/ }).waitFor({ timeout: 120_000 });
}, { locale: "zh-CN" });

journey("models have cards and are exported", async (page) => {
  await page.getByRole("link", { name: "Models" }).click();
  await page.locator(".model-card img").first().waitFor();
  if (shots) await page.waitForTimeout(2000);
  await keep(page, "models");
  assert.deepEqual(await axe(page), []);
  await page.getByRole("combobox", { name: "One" }).selectOption("photo-to-ukiyoe");
  await page.getByRole("combobox", { name: "The other" }).selectOption("photo-to-impressionism");
  await page.getByLabel("Name of the new style").fill("之间");
  await page.getByRole("button", { name: "Make it" }).click();
  await page.locator(".model-card", { hasText: "之间" }).waitFor();
  const card = page.locator(".model-card", { hasText: "Ukiyo-e → Chinese" }).first();
  await card.getByText("Details").click();
  const [download] = await Promise.all([page.waitForEvent("download"), card.getByRole("link", { name: /ONNX/ }).click()]);
  assert.match(download.suggestedFilename(), /\.onnx$/);
});

test("who has no link comes in with the password", { skip, timeout: 60_000 }, async () => {
  const file = join(pictures, "password.txt");
  writeFileSync(file, "correct horse\n");
  const studio = await real_studio("--password-file", file);
  const { page, close } = await visit(browser, new URL(studio.url).origin);
  try {
    await page.getByRole("heading", { name: "This studio asks for a password" }).waitFor();
    await page.getByLabel("Password").fill("wrong horse");
    await page.getByRole("button", { name: "Come in" }).click();
    await page.getByText("This is not the password.").waitFor();
    await keep(page, "password");
    assert.deepEqual(await axe(page), []);
    await page.waitForTimeout(1100);
    await page.getByLabel("Password").fill("correct horse");
    await page.getByRole("button", { name: "Come in" }).click();
    await page.getByRole("heading", { name: "Paint your photograph in another hand" }).waitFor();
  } finally {
    await close();
    await studio.stop();
  }
});
