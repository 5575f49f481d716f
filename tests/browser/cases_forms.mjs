/* cases_forms: records made and moved by forms, by two people; passwords; erasing a detail. */
import { check, config, equal, open, signIn, test } from "./harness.mjs";

export default async function forms() {
	let record = "";

	await test("an officer drafts and proposes an engagement, and cannot approve it", async () => {
		const { page, close } = await open();
		await signIn(page, "ada", "/records/engagement");
		await page.click("text=Draft an engagement");
		await page.fill('[name="title"]', "Second look <b>at</b> packet & co");
		await page.selectOption('[name="party"]', config.ids.operator);
		await page.selectOption('[name="product"]', config.ids.product);
		await page.fill('[name="purpose"]', "What changed,\nand why.");
		await page.fill('[name="until"]', config.until);
		await page.click("form.form button.main");
		await page.waitForURL("**/record/eng_*");
		record = new URL(page.url()).pathname;
		equal(await page.textContent("h1"), "Second look <b>at</b> packet & co", "title");
		equal(await page.locator("h1 b").count(), 0, "markup made by a title");
		await page.click('.acts a:has-text("Propose")');
		await page.fill('[name="note"]', "As agreed");
		await page.click("form.form button.main");
		await page.waitForURL(`**${record}`);
		check((await page.textContent("main")).includes("waits for a second officer"), "not proposed");
		check((await page.textContent(".acts")).includes("Approve"), "why not is not said");
		equal(await page.locator('.acts a:has-text("Approve")').count(), 0, "a way to approve one's own");
		const own = await page.goto(config.url + record + "/approve");
		equal(own.status(), 200, "the form's page");
		equal(await page.locator("form.form").count(), 0, "a form to approve one's own");
		await close();
	});

	await test("a field that is wrong is said, and what was typed stays", async () => {
		const { page, close } = await open();
		await signIn(page, "ada", "/records/engagement/new");
		await page.fill('[name="title"]', "No party yet");
		await page.evaluate(() => document.querySelector("form.form").setAttribute("novalidate", ""));
		await page.click("form.form button.main");
		await page.waitForSelector('[role="alert"]');
		equal(await page.inputValue('[name="title"]'), "No party yet", "what was typed");
		await close();
	});

	await test("a second officer sees it waiting, approves and opens it", async () => {
		const { page, close } = await open("phone light");
		await signIn(page, "ben");
		await page.click("text=Second look");
		await page.click('.acts a:has-text("Approve")');
		await page.click("form.form button.main");
		await page.waitForURL(`**${record}`);
		await page.click('.acts a:has-text("Open")');
		await page.click("form.form button.main");
		await page.waitForURL(`**${record}`);
		equal(await page.textContent(".head .chip"), "open", "state");
		check((await page.locator("table tbody tr").count()) >= 4, "history");
		await close();
	});

	await test("a password is changed; two that differ are not", async () => {
		const { page, close } = await open();
		await signIn(page, "aron", "/account");
		const change = async (next, again) => {
			await page.fill('[name="old"]', config.passwords.aron);
			await page.fill('[name="new"]', next);
			await page.fill('[name="again"]', again);
			await page.click('form[action="/account/password"] button');
		};
		await change("four random words here", "four random words there");
		await page.waitForSelector('.alert.bad:has-text("differ")');
		await change("four random words here", "four random words here");
		await page.waitForSelector('.alert.ok:has-text("changed")');
		config.passwords.aron = "four random words here";
		await close();
	});

	await test("one-time codes: a secret is shown, a wrong code turns nothing on", async () => {
		const { page, close } = await open();
		await signIn(page, "aron", "/account");
		await page.click('form[action="/account/totp"] button');
		check(/^[A-Z2-7 ]{16,}$/.test(await page.textContent(".secret code")), "no secret");
		await page.fill('[name="code"]', "000000");
		await page.click("text=Turn codes on");
		await page.waitForSelector(".alert.bad");
		check((await page.textContent("#codes + .chip")) === "off", "codes are on");
		await close();
	});

	await test("a one-time password is shown once, and must be replaced", async () => {
		const { page, close } = await open();
		await signIn(page, "ada", `/record/${config.ids.rui}`);
		await page.click("text=Issue a one-time password");
		config.passwords.rui = await page.textContent(".secret code");
		await close();
		const other = await open("phone dark");
		await signIn(other.page, "rui");
		equal(new URL(other.page.url()).pathname, "/account", "where a new password is asked for");
		await other.page.goto(config.url + "/products");
		equal(new URL(other.page.url()).pathname, "/account", "any other page");
		await other.close();
	});
}
