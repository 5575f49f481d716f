/* cases_forms: records made and moved by forms, by two people; passwords; erasing a detail. */
import crypto from "node:crypto";
import { check, config, equal, inspectShown, open, signIn, test } from "./harness.mjs";

const digest = (...parts) => crypto.createHash("sha256").update(Buffer.concat(parts)).digest();

/*
 * The root that a tlog-proof leads to from the entry's bytes (RFC 9162, 2.1.3.2), and the root of the checkpoint in
 * it. Both in base64; the checkpoint's signature is not looked at.
 */
function roots(entry, proof) {
	const [head, checkpoint] = [proof.slice(0, proof.indexOf("\n\n")), proof.slice(proof.indexOf("\n\n") + 2)];
	const [format, index, ...path] = head.split("\n");
	const [, size, root] = checkpoint.split("\n");
	equal(format, "c2sp.org/tlog-proof@v1", "format of the proof");
	let [at, last] = [Number(index.replace("index ", "")), Number(size) - 1];
	let hash = digest(Buffer.from([0]), Buffer.from(entry));
	for (const text of path) {
		const node = Buffer.from(text, "base64");
		check(last > 0, "the path is too long");
		if (at % 2 === 1 || at === last) {
			hash = digest(Buffer.from([1]), node, hash);
			while (at % 2 === 0 && at > 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
		} else {
			hash = digest(Buffer.from([1]), hash, node);
		}
		[at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
	}
	equal(last, 0, "what the path does not reach");
	return [hash.toString("base64"), root];
}

/* The entry's page proves its entry; returns the entry's bytes. */
async function proven(page) {
	const entry = await page.textContent('pre[aria-labelledby="entry"]');
	const [computed, signed] = roots(entry, await page.textContent('pre[aria-labelledby="proof"]'));
	equal(computed, signed, "root");
	return entry;
}

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

	await test("a grant's form asks for the engagement first, then offers what belongs to it", async () => {
		const { page, close } = await open("desktop light", config.url, { javaScriptEnabled: false });
		await signIn(page, "ada", "/records/grant");
		await page.click("text=Draft a grant");
		equal(await page.locator("form.form input:not([type=hidden]), form.form textarea").count(), 0, "what is asked before");
		await page.selectOption('[name="engagement"]', config.ids.engagement);
		await page.click("form.form button.main");
		await page.waitForURL(`**/new?engagement=${config.ids.engagement}`);
		for (const [name, id] of [["engagement", config.ids.engagement], ["party", config.ids.operator], ["product", config.ids.product]]) {
			equal(await page.inputValue(`[name="${name}"]`), id, name);
			equal(await page.getAttribute(`[name="${name}"]`, "type"), "hidden", `how ${name} is asked for`);
		}
		const offered = (name) => page.locator(`input[name="${name}"]`).evaluateAll((all) => all.map((one) => one.value));
		equal((await offered("releases")).sort().join(), [config.ids.release, config.ids.brief, config.ids.outside].sort().join(), "releases");
		check((await offered("people")).includes(config.ids.rita), "a person of the party is not offered");
		check(!(await offered("people")).includes(config.ids.rui), "a person of another party is offered");
		await page.fill('[name="title"]', "By the form");
		await page.fill('[name="lines_per_hour"]', "600");
		await page.check(`[name="releases"][value="${config.ids.release}"]`);
		await page.fill('[name="paths"]', "../outside");
		await page.click("form.form button.main");
		await page.waitForSelector('[role="alert"]');
		check(await page.isChecked(`[name="releases"][value="${config.ids.release}"]`), "what was ticked is lost");
		equal((await offered("releases")).length, 3, "releases offered again");
		await page.fill('[name="paths"]', "src");
		await page.click("form.form button.main");
		await page.waitForURL("**/record/grt_*");
		await page.click('.acts a:has-text("Edit")');
		equal(await page.getAttribute('[name="engagement"]', "type"), "hidden", "how the engagement is asked for again");
		equal((await offered("releases")).length, 3, "releases offered to edit");
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

	await test("an officer erases an entry's detail, and its proof holds as before", async () => {
		const { page, troubles, close } = await open();
		await signIn(page, "ada", "/ledger?kind=engagement.propose");
		await page.locator("a.sealed").first().click();
		await page.waitForURL("**/ledger/entry/*");
		const address = page.url();
		const before = await proven(page);
		check((await page.textContent('pre[aria-labelledby="detail"]')).includes("per_"), "no detail to erase");
		await page.click("text=Erase the private detail");
		await page.fill('[name="reason"]', "A name that must not be kept");
		await Promise.all([page.waitForNavigation(), page.click("text=Erase the detail")]);
		equal(page.url(), address, "where one is led");
		check((await page.textContent("main")).includes("The private detail was erased"), "not told that it is gone");
		equal(await page.locator("#detail").count(), 0, "details that are still there");
		equal(await page.locator('form[action^="/ledger/entry/"]').count(), 0, "forms to erase it again");
		equal(await proven(page), before, "the entry's bytes");
		await inspectShown(page, troubles, "an entry without its detail");
		await page.goto(config.url + "/ledger?kind=ledger.redact");
		equal(await page.locator("table.ledger tbody tr").count(), 1, "entries that tell of it");
		await close();
	});

	await test("who may read a detail may not therefore erase it", async () => {
		const { page, close } = await open();
		await signIn(page, "aron", "/ledger?kind=grant.approve");
		await page.locator("a.sealed").first().click();
		await page.waitForURL("**/ledger/entry/*");
		equal(await page.locator('pre[aria-labelledby="detail"]').count(), 1, "details for an auditor");
		equal(await page.locator('form[action^="/ledger/entry/"]').count(), 0, "forms to erase");
		await close();
	});
}
