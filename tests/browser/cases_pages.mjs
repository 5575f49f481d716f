/* cases_pages: every page, in each look: axe, layout, no script trouble; the ledger and its proofs. */
import { check, config, equal, inspect, looks, open, signIn, test } from "./harness.mjs";

const ids = config.ids;
const officer = {
	home: "/",
	products: "/products",
	product: `/product/${ids.product}`,
	release: `/release/${ids.release}`,
	"a folder of a release": `/release/${ids.release}?folder=src`,
	engagements: "/records/engagement",
	engagement: `/record/${ids.engagement}`,
	"a new engagement": "/records/engagement/new",
	grants: "/records/grant",
	grant: `/record/${ids.grant}`,
	"a new grant": "/records/grant/new",
	"a new grant under an engagement": `/records/grant/new?engagement=${ids.engagement}`,
	"revoking a grant": `/record/${ids.grant}/revoke`,
	people: "/records/person",
	person: `/record/${ids.rita}`,
	organisations: "/records/organisation",
	"an empty list": "/records/organisation?text=nobodyhasthisname",
	ledger: "/ledger",
	"calls turned away": "/ledger?kind=refused",
	refusals: "/refusals",
	requests: "/records/request",
	"a refused request": `/record/${ids.asked}`,
	entry: "/ledger/entry/0",
	account: "/account",
};

export default async function pages() {
	for (const look of Object.keys(looks)) {
		await test(`sign-in, ${look}`, async () => {
			const { page, troubles, close } = await open(look);
			await inspect(page, troubles, "/sign-in");
			await close();
		});
		await test(`an officer's pages, ${look}`, async () => {
			const { page, troubles, close } = await open(look);
			await signIn(page, "ada");
			for (const path of Object.values(officer)) await inspect(page, troubles, path);
			await inspect(page, troubles, "/no-such-page", 404);
			await inspect(page, troubles, "/record/eng_000000000000", 404);
			await inspect(page, troubles, "/ledger/entry/99999999", 404);
			await close();
		});
		await test(`a reviewer's pages, ${look}`, async () => {
			const { page, troubles, close } = await open(look);
			await signIn(page, "rita");
			for (const path of ["/", "/account", "/witnesses", "/refusals", "/records/request", "/records/request/new"]) await inspect(page, troubles, path);
			await inspect(page, troubles, `/room/${ids.engagement}/${ids.outside}`, 403);
			await close();
		});
	}

	await test("home leads to the code room and shows the budget", async () => {
		const { page, close } = await open();
		await signIn(page, "rita");
		check((await page.textContent("main")).includes("Lines you may still be shown"), "no budget on the home page");
		await page.click("text=Enter the code room");
		await page.waitForURL(`**/room/${ids.engagement}/${ids.release}`);
		await close();
	});

	await test("a list entry, its seal, its proof", async () => {
		const { page, close } = await open();
		await signIn(page, "ada", "/ledger?kind=grant.approve");
		const kinds = await page.locator("table.ledger tbody tr td:nth-child(2)").allTextContents();
		check(kinds.length > 0 && kinds.every((kind) => kind === "grant.approve"), `filtered: ${kinds}`);
		await page.locator("a.sealed").first().click();
		await page.waitForURL("**/ledger/entry/*");
		const text = await page.textContent("main");
		check(text.includes("is in the log"), "no verdict first");
		check(text.includes("No policy names a witness"), "the witnesses are not told honestly");
		check(text.includes("c2sp.org/tlog-proof@v1"), "no proof");
		check(text.includes("vitrine ledger proof"), "no command to check it offline");
		await close();
	});

	await test("the published log is there for anybody", async () => {
		const { page, close } = await open();
		for (const [path, word] of [["/ledger/checkpoint", config.origin], ["/ledger/log.vkey", config.origin]]) {
			const response = await page.request.get(config.url + path);
			equal(response.status(), 200, path);
			check((await response.text()).startsWith(word), `${path} does not begin with the log's name`);
		}
		equal((await page.request.get(config.url + "/ledger/records.db")).status(), 404, "a file that is not published");
		await close();
	});

	await test("the API describes itself", async () => {
		const { page, close } = await open();
		const response = await page.request.get(config.url + "/v1/openapi.json");
		equal(response.status(), 200, "openapi.json");
		const document = await response.json();
		check(document.openapi.startsWith("3.1"), "not OpenAPI 3.1");
		check("/v1/source.view" in document.paths, "source.view is not described");
		await close();
	});

	await test("by keyboard: skip link, navigation, focus that can be seen", async () => {
		const { page, close } = await open();
		await signIn(page, "ada", "/ledger");
		await page.keyboard.press("Tab");
		equal(await page.evaluate(() => document.activeElement.className), "skip", "first stop");
		await page.keyboard.press("Enter");
		equal(await page.evaluate(() => document.activeElement.id), "main", "after the skip link");
		await page.keyboard.press("Tab");
		const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
		equal(outline, "solid", "outline of what has the focus");
		await close();
	});
}
