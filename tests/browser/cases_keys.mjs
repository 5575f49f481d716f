/*
 * cases_keys: a security key, made in Chromium's virtual authenticator, signs what an officer decides; a key that is not
 * the officer's does not; without script the same is signed elsewhere and pasted. In a lab of its own, by its host's name.
 */
import { execFileSync } from "node:child_process";
import { check, config, equal, inspectShown, looks, open, signIn, test } from "./harness.mjs";

/* A security key in this browser that checks a finger. */
async function plugIn(page, context, isUserVerified = true) {
	const cdp = await context.newCDPSession(page);
	await cdp.send("WebAuthn.enable");
	const options = { protocol: "ctap2", transport: "usb", hasResidentKey: false, hasUserVerification: true, isUserVerified };
	const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
	return { cdp, authenticatorId };
}

function vitrine(...words) {
	return execFileSync(config.keys.binary, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

/* What the holder of the maker's root key prints for the command that the page shows. */
function certify(command) {
	const word = (name) => command.match(new RegExp(`--${name} (\\S+)`))[1];
	return vitrine("sign", "person-key", "--root", config.keys.root, "--until", "2999-01-01", "--from", "2000-01-01",
		"--lab", word("lab"), "--person", word("person"), "--public", word("public"), "--yes");
}

/* A new key of whoever is signed in on the page; it waits for its statement. */
async function offer(page, label) {
	await page.goto(config.keys.url + "/account/keys");
	await page.fill('#offer-key [name="label"]', label);
	await page.click("#offer-key button");
	await page.waitForSelector(`h2:has-text("${label}")`);
}

async function takeStatement(page) {
	const command = await page.textContent('pre[aria-label="Command"]');
	await page.fill('[name="lines"]', certify(command));
	await page.click('button:has-text("Take the statement")');
	await page.waitForSelector(".chip.ok");
}

async function toSigning(page, record, label) {
	await page.goto(config.keys.url + record);
	await page.click(`.acts a:has-text("${label}")`);
	await page.fill('[name="note"]', "As agreed,\nin two lines");
	await page.click("form.form button.main");
	await page.waitForSelector('h2:has-text("The text that is signed")');
}

export default async function keys() {
	const lab = config.keys;
	const [grant, second, third] = lab.grants.map((id) => `/record/${id}`);
	let kept;

	await test("an officer brings a security key, and her organisation certifies it", async () => {
		const { page, context, troubles, close } = await open("desktop light", lab.url);
		const { cdp, authenticatorId } = await plugIn(page, context);
		await signIn(page, "ben", "/account", lab);
		await page.click('a:has-text("Your keys")');
		check((await page.textContent("main")).includes("You have no key yet"), "no key at first");
		await offer(page, "blue key");
		check((await page.textContent("main")).includes("waits for your organisation"), "it counts for nothing yet");
		await takeStatement(page);
		/* Chromium would have RS256 offered, too; no security key lacks ES256. */
		const others = troubles.filter((trouble) => !trouble.includes("pubKeyCredParams"));
		await inspectShown(page, others, "/account/keys");
		kept = (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
		equal(kept.length, 1, "keys made");
		await close();
	});

	await test("a grant is approved with her key, what is signed shown in full before", async () => {
		const { page, context, troubles, close } = await open("desktop light", lab.url);
		const { cdp, authenticatorId } = await plugIn(page, context);
		await cdp.send("WebAuthn.addCredential", { authenticatorId, credential: kept[0] });
		await signIn(page, "ben", grant, lab);
		await toSigning(page, grant, "Approve");
		await inspectShown(page, troubles, "the page to sign");
		const text = JSON.parse(await page.textContent('pre[aria-labelledby="text"]'));
		equal(text.act, "grant.approve", "act");
		equal(text.record, grant.slice("/record/".length), "record");
		equal(text.lab, "story.example/keys", "lab");
		await page.click("#sign-decision button");
		await page.waitForURL(`**${grant}`);
		check((await page.textContent("main")).includes("approved"), "the grant's state");
		kept = (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
		await close();
	});

	await test("another security key does not sign for her, nor one that did not ask who holds it", async () => {
		const { page, context, close } = await open("desktop light", lab.url);
		await plugIn(page, context);
		await signIn(page, "ben", second, lab);
		await toSigning(page, second, "Approve");
		await page.click("#sign-decision button");
		await page.waitForSelector("#sign-decision [role=alert]:not([hidden])");
		await close();

		const unverified = await open("desktop light", lab.url);
		const { cdp, authenticatorId } = await plugIn(unverified.page, unverified.context, false);
		await cdp.send("WebAuthn.addCredential", { authenticatorId, credential: kept[0] });
		await signIn(unverified.page, "ben", second, lab);
		await toSigning(unverified.page, second, "Approve");
		await unverified.page.click("#sign-decision button");
		await unverified.page.waitForSelector("#sign-decision [role=alert]:not([hidden])");
		await unverified.close();
	});

	await test("a copy of her key that counts from the beginning is noticed", async () => {
		const { page, context, close } = await open("desktop light", lab.url);
		const { cdp, authenticatorId } = await plugIn(page, context);
		await cdp.send("WebAuthn.addCredential", { authenticatorId, credential: { ...kept[0], signCount: 0 } });
		await signIn(page, "ben", second, lab);
		await toSigning(page, second, "Approve");
		await page.click("#sign-decision button");
		await page.waitForSelector('.alert.bad:has-text("counted backwards")');
		await close();
	});

	await test("without script a decision is signed by a key elsewhere, and pasted", async () => {
		const { page, troubles, close } = await open("phone light", lab.url);
		await page.route("**/a/*.js", (route) => route.abort());
		await signIn(page, "cleo", second, lab);
		await toSigning(page, second, "Approve");
		equal(await page.locator("#sign-decision:visible").count(), 0, "a button that does nothing");
		const text = await page.textContent('pre[aria-labelledby="text"]');
		const pasted = execFileSync(lab.binary, ["sign", "decision", "-", "--key", lab.cleo, "--yes"],
			{ encoding: "utf8", input: text + "\n", stdio: ["pipe", "pipe", "ignore"] });
		await page.fill('textarea[name="signature"]', pasted.replace(/"sig":"..../, '"sig":"AAAA'));
		await page.click('button:has-text("Send the signature")');
		await page.waitForSelector(".alert.bad");
		await toSigning(page, second, "Approve");
		const again = await page.textContent('pre[aria-labelledby="text"]');
		await page.fill('textarea[name="signature"]', execFileSync(lab.binary, ["sign", "decision", "-", "--key", lab.cleo, "--yes"],
			{ encoding: "utf8", input: again + "\n", stdio: ["pipe", "pipe", "ignore"] }));
		await page.click('button:has-text("Send the signature")');
		await page.waitForURL(`**${second}`);
		check((await page.textContent("main")).includes("approved"), "the grant's state");
		equal(troubles.filter((trouble) => !trouble.includes(".js")).length, 0, "troubles");
		await close();
	});

	for (const look of Object.keys(looks)) {
		await test(`the pages of keys and signing, ${look}`, async () => {
			const { page, troubles, close } = await open(look, lab.url);
			await signIn(page, "ben", "/account/keys", lab);
			await inspectShown(page, troubles, "/account/keys");
			await toSigning(page, third, "Approve");
			await inspectShown(page, troubles, "the page to sign");
			await close();
		});
	}

	await test("a key that is revoked signs no more", async () => {
		const { page, close } = await open("desktop light", lab.url);
		await signIn(page, "ben", "/account/keys", lab);
		await page.click("summary:has-text('Revoke')");
		await page.fill('[name="note"]', "lost on a train");
		await page.click('button:has-text("Revoke this key")');
		await page.waitForSelector(".chip.bad");
		await page.goto(lab.url + third);
		await page.click('.acts a:has-text("Approve")');
		await page.click("form.form button.main");
		await page.waitForURL(`**${third}`);
		await close();
	});
}
