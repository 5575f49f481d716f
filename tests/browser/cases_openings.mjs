/* cases_openings: an opening as its parties see it: who agreed, who is awaited; agreeing on the record's page. */
import fs from "node:fs";
import path from "node:path";
import { check, config, inspectShown, looks, open, signIn, test } from "./harness.mjs";

const lab = config.sealed;

async function shot(page, name) {
	if (!process.env.SHOTS) return;
	fs.mkdirSync(process.env.SHOTS, { recursive: true });
	await page.screenshot({ path: path.join(process.env.SHOTS, `${name.replaceAll(" ", "-")}.png`), fullPage: true });
}

export default async function openings() {
	for (const look of Object.keys(looks)) {
		await test(`an opening, ${look}`, async () => {
			const { page, troubles, close } = await open(look, lab.url);
			await signIn(page, "tess", "/openings", lab);
			await inspectShown(page, troubles, "/openings");
			await shot(page, `opening-${look}`);
			const said = await page.textContent("main");
			check(/agreed Authority/.test(said) && /awaited Test House/.test(said) && /awaited Oversight/.test(said), `progress: ${said}`);
			check(said.includes("Any 2 of them"), `the quorum: ${said}`);
			await page.goto(`${lab.url}/record/${lab.opening}`);
			await inspectShown(page, troubles, "the record of an opening");
			await close();
		});
	}

	await test("the session of somebody with parties says who they are", async () => {
		const { page, troubles, close } = await open("desktop light", lab.url);
		await signIn(page, "rita", "/account", lab);
		await inspectShown(page, troubles, "/account, sealed for parties");
		const said = await page.textContent("main");
		check(/any 2 together of .*Authority/.test(said) && said.includes("your own organisation, Northline Telecom"), said);
		check(!said.includes("lab\u2019s officers"), "officers are said to read it");
		await close();
	});

	await test("a party agrees on the page, and then it can be opened", async () => {
		const { page, close } = await open("desktop light", lab.url);
		await signIn(page, "tess", `/record/${lab.opening}`, lab);
		await page.click("main >> text=Agree");
		await page.click("main form button.main, main form button.button");
		await page.goto(`${lab.url}/openings`);
		check((await page.textContent("main")).includes("enough agreed: can be opened"), "not enough");
		await close();
	});
}
