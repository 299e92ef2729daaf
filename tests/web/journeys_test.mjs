// SPDX-License-Identifier: Apache-2.0
// What people do in the studio, in Debian's Chromium, against the in-memory studio behind the same security policy:
// every page in every state. real_journeys_test.mjs makes the main ones with the real program.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, fake_studio, landscape_png, open_browser, visit, why_not } from "./support.mjs";

const skip = why_not();
const picture = (name, seed = 0) => ({ name, mimeType: "image/png", buffer: landscape_png(480, 320, seed) });
let browser;

before(async () => { if (!skip) browser = await open_browser(); });
after(async () => { await browser?.close(); });

/** A visit to a fresh in-memory studio that must end without an error in the console. */
function journey(name, steps, { allows, ...options } = {}) {
  test(name, { skip, timeout: 60_000 }, async () => {
    const studio = await fake_studio();
    const { page, errors, close } = await visit(browser, studio.url, options);
    try {
      await steps(page, studio.fake, studio);
      // A refusal is told in the console too.
      assert.deepEqual(errors.filter((error) => !allows || !error.includes(allows)), []);
    } finally {
      await close();
      await studio.stop();
    }
  });
}

async function add_pictures(page, ...files) {
  await page.locator('input[type="file"]').first().setInputFiles(files);
  await page.locator(".wipe .painted").waitFor();
}

journey("a photograph becomes a painting and is downloaded", async (page) => {
  assert.equal(await page.locator("h1").innerText(), "Paint your photograph in another hand");
  await add_pictures(page, picture("山水.png"), picture("hills.png", 1));
  await page.getByRole("button", { name: "Ukiyo-e", exact: true }).click();
  await page.getByRole("button", { name: "Paint 2 pictures in full size" }).click();
  await page.getByRole("heading", { name: "2 pictures in full size" }).waitFor();
  await page.getByText("Download all (zip)").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(".results a", { hasText: "山水.png" }).click()]);
  assert.equal(download.suggestedFilename(), "山水.png");
});

journey("sliders wait for no painting; of styles that are looked through only the last is painted", async (page) => {
  await add_pictures(page, picture("hills.png"));
  const asked = [], settled = () => page.locator(".wipe:not(.busy)").waitFor();
  await settled();
  page.on("request", (r) => { if (r.url().endsWith("/preview")) asked.push(r.postDataJSON()); });
  const painted = page.locator(".wipe .painted"), opacity = (part) => part.evaluate(async (e) => {
    await new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)));  // as long as a transition of no time takes
    return Number(getComputedStyle(e).opacity);
  });
  await page.getByLabel("Strength").fill("40");
  assert.equal(await opacity(painted), 0.4);
  await page.locator(".style-choice").evaluateAll((cards) => cards.forEach((card) => card.click()));
  await settled();
  assert.deepEqual(new Set(asked.flatMap((a) => a.blend.map((p) => p.model))), new Set(["impressionism"]));
  asked.length = 0;
  await page.getByRole("button", { name: "Mix in Ukiyo-e" }).click();
  await painted.locator("img").nth(1).waitFor();
  await settled();
  assert.deepEqual(new Set(asked.map((a) => `${a.blend[0].model} ${a.blend.length} ${a.strength}`)), new Set(["ukiyoe 1 1"]));
  asked.length = 0;
  await page.getByRole("slider", { name: "Ukiyo-e" }).fill("25");
  await page.getByText("80 %", { exact: true }).waitFor();
  assert.equal(await opacity(painted.locator("img").nth(1)), 0.2);
  await page.waitForTimeout(200);
  assert.deepEqual(asked, []);
});

journey("what goes away hands the focus on", async (page) => {
  await add_pictures(page, picture("1.png"), picture("2.png", 1));
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent);
  await page.getByRole("button", { name: "Remove 1.png" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Remove 1.png" }).waitFor({ state: "detached" });
  await page.waitForTimeout(50);
  assert.equal(await focused(), "Remove 2.png");
  for (let i = 0; i < 2; i++) await page.getByRole("button", { name: "Paint in full size" }).click();
  const forget = page.getByRole("button", { name: /^Remove from the list/ });
  await forget.nth(1).waitFor();
  await forget.first().focus();
  await page.keyboard.press("Enter");
  await forget.nth(1).waitFor({ state: "detached" });
  await page.waitForTimeout(50);
  assert.match(await focused(), /^Remove from the list/);
  await page.keyboard.press("Enter");
  await forget.waitFor({ state: "detached" });
  await page.waitForTimeout(50);
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
});

journey("the wipe moves with the keyboard", async (page) => {
  await add_pictures(page, picture("hills.png"));
  const wipe = page.getByRole("slider", { name: "Before and after" });
  await wipe.focus();
  await page.keyboard.press("Home");
  assert.equal(await wipe.inputValue(), "0");
  assert.match(await page.locator(".wipe .painted").evaluate((e) => getComputedStyle(e).clipPath), /^inset\(0(px|%)?( 0(px|%)? 0(px|%)? 0%)?\)$/);
  await page.keyboard.press("ArrowRight");
  assert.equal(await wipe.inputValue(), "1");
});

journey("at full size one pixel is one pixel, and the edge of the wipe is in sight", async (page) => {
  await page.locator('input[type="file"]').first().setInputFiles({ ...picture("wide.png"), buffer: landscape_png(1600, 1100) });
  await page.locator(".wipe .painted").waitFor();
  await page.locator(".wipe:not(.busy)").waitFor();
  const [asked] = await Promise.all([
    page.waitForRequest((r) => r.url().endsWith("/preview")), page.getByRole("button", { name: "100 %" }).click()]);
  assert.equal(asked.postDataJSON().size, 1600);
  assert.equal((await page.locator(".wipe").boundingBox()).width, 1600);
  const pane = await page.locator(".wipe-pane").boundingBox(), edge = await page.locator(".wipe .edge").boundingBox();
  assert.ok(edge.x > pane.x && edge.x < pane.x + pane.width, `${edge.x} lies outside ${pane.x} + ${pane.width}`);
});

journey("pictures are pasted and dropped; what is no picture is refused in words", async (page) => {
  await page.getByRole("heading", { name: "Paint your photograph in another hand" }).waitFor();
  for (const [event, name] of [["paste", "pasted.png"], ["drop", "dropped.png"]]) {
    await page.evaluate(([kind, file_name, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], file_name, { type: "image/png" }));
      dispatchEvent(kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data }) : new DragEvent("drop", { dataTransfer: data }));
    }, [event, name, landscape_png(60, 40).toString("base64")]);
    await page.locator(".caption", { hasText: name }).waitFor();
  }
  await page.getByRole("button", { name: "Remove pasted.png" }).click();
  await page.getByRole("button", { name: "Remove dropped.png" }).click();
  await page.getByRole("heading", { name: "Paint your photograph in another hand" }).waitFor();
});

test("a file that is no picture is refused in words", { skip, timeout: 60_000 }, async () => {
  const studio = await fake_studio();
  const { page, close } = await visit(browser, studio.url);
  await page.locator('input[type="file"]').first().setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("x") });
  await page.getByText("notes.txt could not be used: this is not a picture").waitFor();
  await close();
  await studio.stop();
});

journey("a style is taught from a folder, paused, resumed, and appears on the wall", async (page, fake) => {
  fake.durations.train = 1.5;
  await page.getByRole("link", { name: "Train" }).click();
  await page.getByLabel("Name of the style").fill("我的笔法");
  for (const group of ["Pictures in the style", "Ordinary pictures"]) {
    const part = page.getByRole("group", { name: group });
    await part.getByRole("button", { name: "Choose a folder" }).click();
    await page.getByRole("button", { name: /^山水/ }).click();
    await page.getByRole("button", { name: "Use this folder" }).click();
    await part.getByText("58 pictures can be used").waitFor();
    await part.getByText("1 file was left out").waitFor();
  }
  await page.getByRole("button", { name: "Start learning" }).click();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("It is on the wall of styles now.").waitFor();
  await page.locator(".filmstrip img").first().waitFor();
  await page.locator(".curve path").first().waitFor();
  await page.getByRole("link", { name: "Stylise" }).click();
  await page.getByRole("button", { name: "我的笔法", exact: true }).waitFor();
});

journey("what is let fall while others are read joins the row; where nobody takes it the studio stays", async (page, fake) => {
  await page.getByRole("heading", { name: "Paint your photograph in another hand" }).waitFor();
  const drop = (where, names, type = "image/png") => page.evaluate(([selector, files, kind, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)), data = new DataTransfer();
    for (const name of files) data.items.add(new File([bytes], name, { type: kind }));
    const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector(selector).dispatchEvent(event);
    return event.defaultPrevented;
  }, [where, names, type, landscape_png(60, 40).toString("base64")]);
  await Promise.all([drop("main", ["1.png", "2.png"]), drop("main", ["3.png"])]);
  await page.getByRole("button", { name: "Remove 3.png" }).waitFor();
  assert.equal(fake.pictures.length, 3);
  await page.getByRole("link", { name: "Train" }).click();
  const style = page.getByRole("group", { name: "Pictures in the style" });
  assert.equal(await drop(".source", ["a.png"]), true);
  await style.getByText("1 picture can be used").waitFor();
  await page.getByRole("link", { name: "Cultures" }).click();
  assert.equal(await drop("main", ["b.png"]), true);
  assert.equal(fake.pictures.length, 4);
});

journey("uploads become a collection, whose works are measured", async (page) => {
  await page.getByRole("link", { name: "Collections", exact: true }).click();
  await page.getByLabel("Name of the collection").fill("山水");
  await page.locator('.source input[type="file"]').first().setInputFiles([picture("1.png"), picture("2.png", 1), { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("x") }]);
  await page.getByText("2 pictures can be used").waitFor();
  await page.getByText("1 file was left out").waitFor();
  await page.getByRole("button", { name: "Make the collection" }).click();
  await page.getByRole("link", { name: /^山水/ }).click();
  await page.getByRole("button", { name: "Measure its works (CSV)" }).click();
  await page.getByRole("heading", { name: "Description “山水”" }).waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /山水\.csv/ }).click()]);
  assert.equal(download.suggestedFilename(), "山水.csv");
  assert.deepEqual(await axe(page), []);
}, { allows: "422" });

journey("a training that broke off goes on", async (page, fake) => {
  fake.durations.train = 3;
  const { id } = fake.begin({ kind: "train", name: "水墨", method: "swift" });
  await page.getByRole("link", { name: "Train" }).click();
  await page.locator(".run.running").waitFor();
  fake.break_off(id, "linmo train was killed by signal 9; perhaps there was not enough memory.");
  await page.getByText("perhaps there was not enough memory").waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("It is on the wall of styles now.").waitFor();
});

journey("two trainings are compared: figures, curves, paintings", async (page, fake) => {
  fake.durations.train = 0.3;
  for (const name of ["水墨", "ukiyo-e"]) fake.begin({ kind: "train", name, method: "swift" });
  await page.getByRole("link", { name: "Train" }).click();
  const comparison = page.locator(".comparison");
  for (const name of ["水墨", "ukiyo-e"]) await comparison.getByLabel(name).check();
  await comparison.getByRole("row", { name: /水墨 Swift Done/ }).waitFor();
  await comparison.getByRole("img", { name: /Distance to the style.*ukiyo-e .*水墨 / }).waitFor();
  assert.equal(await comparison.locator(".curve").first().locator("path").count(), 2);
  assert.equal(await comparison.locator(".newest img").count(), 2);
  assert.deepEqual(await axe(page), []);
});

journey("a model's card leads to its tuning", async (page) => {
  await page.getByRole("link", { name: "Models" }).click();
  await page.getByRole("link", { name: "Adjust it to a few pictures: Ukiyo-e" }).click();
  assert.equal(await page.getByRole("radio", { name: /^From a style that is there/ }).isChecked(), true);
  assert.equal(await page.getByLabel("Style to begin with").inputValue(), "ukiyoe");
  await page.goBack();
  await page.getByRole("heading", { name: "Models", exact: true }).waitFor();
});

test("a studio that was started anew asks for its new link, and does not pretend to be away", { skip, timeout: 60_000 }, async () => {
  const studio = await fake_studio();
  const { page, close } = await visit(browser, studio.url);
  await page.getByRole("heading", { name: "Paint your photograph in another hand" }).waitFor();
  studio.fake.begin_anew();
  await page.getByRole("heading", { name: "This page needs its key" }).waitFor();
  assert.equal(await page.getByText("Trying again").count(), 0);
  await close();
  await studio.stop();
});

journey("two collections are made, browsed and compared", async (page) => {
  for (const name of ["Edo", "Qing"]) {
    await page.getByRole("link", { name: "Collections", exact: true }).click();
    await page.getByLabel("Name of the collection").fill(name);
    await page.getByRole("button", { name: /Choose a folder|Choose another/ }).click();
    await page.getByRole("button", { name: /^山水/ }).click();
    await page.getByRole("button", { name: "Use this folder" }).click();
    await page.getByRole("button", { name: "Make the collection" }).click();
    await page.getByRole("link", { name: new RegExp(`^${name}`) }).waitFor();
  }
  await page.getByRole("link", { name: /^Edo/ }).click();
  await page.getByLabel("Culture").selectOption("China");
  await page.getByText("Mountain 2", { exact: true }).click();
  await page.getByLabel("Artist").fill("雪舟");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("雪舟, China").waitFor();
  await page.getByText("Mountain 2", { exact: true }).click();
  await page.getByLabel("Date", { exact: true }).fill("1495");
  await page.getByLabel("Title", { exact: true }).fill("秋冬山水図");
  await page.getByLabel("What I change here, except the title").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Unknown, 1495, China").nth(4).waitFor();
  assert.equal(await page.getByText("秋冬山水図").count(), 1);
  await page.getByRole("combobox", { name: "Culture" }).selectOption("Japan");
  await page.getByText("Unknown, Japan").nth(5).waitFor();
  await page.getByRole("button", { name: "1 group looks like the same work" }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "resembling");
  await page.getByRole("link", { name: "Cultures" }).click();
  await page.getByLabel("Edo").check();
  await page.getByLabel("Qing").check();
  await page.getByRole("combobox", { name: "I expect that in" }).selectOption("Qing");
  await page.getByRole("combobox", { name: "this", exact: true }).selectOption("share of blank space");
  await page.getByRole("button", { name: "Write it down" }).click();
  const written = page.getByRole("textbox", { name: "What do you expect?" });
  assert.match(await written.inputValue(), /descriptor = "void_share"\nfirst = "Edo"\nsecond = "Qing"\ndirection = "higher"/);
  assert.deepEqual(await axe(page), []);
  await page.getByLabel("Name of the comparison").fill("Edo and Qing");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByRole("button", { name: "Report" }).click();
  const frame = page.locator("iframe");
  assert.equal(await frame.getAttribute("sandbox"), "allow-scripts allow-downloads");
  await page.frameLocator("iframe").getByRole("heading").waitFor();
});

journey("a checkpoint is imported, kept or deleted", async (page) => {
  await page.getByRole("link", { name: "Models" }).click();
  await page.locator('input[type="file"]').setInputFiles({ name: "monet.pth", mimeType: "application/zip", buffer: Buffer.from("x") });
  const card = page.locator(".model-card", { hasText: "monet" });
  await card.getByText("Details").click();
  await card.getByRole("button", { name: "Delete" }).click();
  await card.getByRole("button", { name: "Keep it" }).click();
  await card.getByRole("button", { name: "Delete" }).click();
  await card.getByRole("button", { name: "Delete" }).click();
  await card.waitFor({ state: "detached" });
});

journey("the language changes at once and stays", async (page) => {
  await page.getByLabel("Language").selectOption("zh");
  await page.getByRole("heading", { name: "换一种笔法，重画你的照片" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "换一种笔法，重画你的照片" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-Hans");
});

journey("what a studio cannot do has no page", async (page, fake) => {
  fake.train = false;
  await page.reload();
  await page.getByRole("link", { name: "Models" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Train" }).count(), 0);
});

for (const [look, options] of [
  ["light, desktop", { colorScheme: "light" }],
  ["dark, phone, 日本語", { colorScheme: "dark", locale: "ja-JP", viewport: { width: 390, height: 844 } }],
]) {
  journey(`every page is accessible and fits: ${look}`, async (page, fake, studio) => {
    for (const kind of ["stylise", "train", "collect", "compare"]) {
      fake.durations[kind] = 0.1;
      fake.begin({ kind, name: kind, pictures: [], collections: [], content: {}, style: {}, method: "swift" });
    }
    await fake.handle(new Request("http://localhost/api/v1/pictures?name=hills.png", { method: "POST", body: landscape_png(300, 200) }));
    await page.waitForTimeout(400);
    for (const where of ["stylise", "train", "collections", "collections/collect", "cultures", "models"]) {
      await page.goto(`${studio.url}#/${where}`);
      await page.reload();
      await page.locator("main h1").first().waitFor({ state: "attached" });
      await page.waitForTimeout(250);
      assert.deepEqual(await axe(page), [], where);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${where} is ${over} px too wide`);
    }
  }, options);
}
