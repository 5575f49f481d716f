/* cases_leak: whose mark a picture carries, asked through the page: with and without script, in each look. */
import fs from "node:fs";
import { check, config, equal, inspect, inspectShown, looks, open, signIn, test } from "./harness.mjs";

const TIMEOUT_MS = 60000;

async function ask(page, picture, words) {
	await page.setInputFiles('input[name="picture"]', picture);
	await page.selectOption('select[name="release"]', config.ids.release);
	await page.fill('input[name="words"]', words);
	await Promise.all([page.waitForNavigation({ timeout: TIMEOUT_MS }), page.click("text=Narrow it down", { timeout: TIMEOUT_MS })]);
}

async function shows_working(page) {
	return await page.evaluate(() => getComputedStyle(document.querySelector(".working")).visibility);
}

export default async function leak() {
	const { picture, foreign, words, session } = config.leak;

	for (const look of Object.keys(looks)) {
		await test(`a leak, ${look}`, async () => {
			const { page, troubles, close } = await open(look);
			await signIn(page, "ada");
			await inspect(page, troubles, "/leak");
			await shot(page, `leak-form-${look}`);
			await ask(page, picture, words);
			await shot(page, `leak-narrows-${look}`);
			await inspectShown(page, troubles, "/leak, answered");
			const said = await page.textContent(".verdict");
			check(said.includes(`Narrows to session ${session} at point centre`), `the verdict: ${said}`);
			equal(await page.locator(".verdict a.sealed").count(), 1, "seals beside the verdict");
			await close();
		});
	}

	await test("a leak that is being looked into says so", async () => {
		const { page, context, close } = await open();
		await signIn(page, "ada", "/leak");
		await context.route("**/*.js", (route) => route.abort());
		equal(await shows_working(page), "hidden", "before anything is sent");
		await page.click("text=Narrow it down");
		equal(await shows_working(page), "hidden", "when no picture was chosen");
		await page.setInputFiles('input[name="picture"]', picture);
		await page.selectOption('select[name="release"]', config.ids.release);
		await page.fill('input[name="words"]', words);
		/* Nothing can be asked of a page that waits for the next one: it keeps a record of its own. */
		await page.evaluate(() => setInterval(() => {
			sessionStorage.working = getComputedStyle(document.querySelector(".working")).visibility;
		}, 20));
		await Promise.all([page.waitForNavigation({ timeout: TIMEOUT_MS }), page.click("text=Narrow it down")]);
		equal(await page.evaluate(() => sessionStorage.working), "visible", "while it is looked into");
		await page.waitForSelector(".verdict");
		await close();
	});

	await test("a leak that names nobody", async () => {
		const { page, troubles, close } = await open();
		await signIn(page, "ada", "/leak");
		await ask(page, foreign, words);
		await inspectShown(page, troubles, "/leak, nobody");
		await shot(page, "leak-nobody");
		const said = await page.textContent("main");
		check(said.includes("Names nobody") && !said.includes("Narrows to session"), `the verdict: ${said}`);
		await close();
	});

	await test("a leak without script, and with what was typed kept after a mistake, but for the words", async () => {
		const { page, context, close } = await open();
		await signIn(page, "ada", "/leak");
		await context.route("**/*.js", (route) => route.abort());
		await page.fill('input[name="seen_at"]', "2040-02-03");
		await ask(page, picture, "nobody_wrote_this");
		check((await page.textContent(".alert")).includes("no page of the release holds"), "no reason");
		equal(await page.inputValue('input[name="words"]'), "", "words may be source: no page gives them back");
		equal(await page.inputValue('input[name="seen_at"]'), "2040-02-03", "what was typed");
		await page.setInputFiles('input[name="picture"]', { name: "x.png", mimeType: "image/png", buffer: Buffer.from("GIF89a") });
		await Promise.all([page.waitForNavigation({ timeout: TIMEOUT_MS }), page.click("text=Narrow it down")]);
		await page.fill('input[name="words"]', words);
		await page.setInputFiles('input[name="picture"]', { name: "x.png", mimeType: "image/png", buffer: Buffer.from("GIF89a") });
		await Promise.all([page.waitForNavigation({ timeout: TIMEOUT_MS }), page.click("text=Narrow it down")]);
		check((await page.textContent(".alert")).includes("no PNG, JPEG or WebP"), "no reason");
		await close();
	});

	await test("a leak: a reviewer does not ask, and a form without its token does not count", async () => {
		const { page, troubles, close } = await open();
		await signIn(page, "rita");
		equal(await page.locator('a[href="/leak"]').count(), 0, "links to what is refused");
		await inspect(page, troubles, "/leak", 403);
		await close();
		const officer = await open();
		await signIn(officer.page, "ada", "/leak");
		const answer = await officer.page.evaluate(async () => {
			const body = new FormData();
			body.set("picture", new Blob(["x"]), "x.png");
			return (await fetch("/leak", { method: "POST", body })).status;
		});
		equal(answer, 403, "status of a form without its token");
		await officer.close();
	});
}

/* Kept where somebody wants to look at them. */
async function shot(page, name) {
	if (!process.env.SHOTS) return;
	fs.mkdirSync(process.env.SHOTS, { recursive: true });
	await page.screenshot({ path: `${process.env.SHOTS}/${name.replaceAll(" ", "-")}.png`, fullPage: true });
}
