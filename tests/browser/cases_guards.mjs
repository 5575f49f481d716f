/* cases_guards: forged forms, injected script, refusals, rights that end while a page is open, sign-out. */
import { check, config, equal, inspectShown, open, shiftClock, signIn, test } from "./harness.mjs";
import { enter, inks, shows } from "./cases_room.mjs";

const post = (page, url, options) =>
	page.evaluate(
		async ([to, init]) => {
			const response = await fetch(to, init);
			return response.status;
		},
		[url, { method: "POST", ...options }],
	);

export default async function guards() {
	await test("a wrong password says nothing about who exists", async () => {
		const { page, close } = await open();
		const said = [];
		for (const name of ["ben", "nobody-here"]) {
			await page.goto(config.url + "/sign-in");
			await page.fill('[name="name"]', name);
			await page.fill('[name="password"]', "not the password");
			await page.click("form.form button");
			await page.waitForSelector(".alert.bad");
			said.push(await page.textContent(".alert.bad"));
			equal(await page.inputValue('[name="name"]'), name, "the name typed");
		}
		equal(said[0], said[1], "the two answers");
		await close();
	});

	await test("no page sends the browser elsewhere after sign-in", async () => {
		const { page, close } = await open();
		for (const next of ["//example.org/", "https://example.org/", "/\\example.org"]) {
			await signIn(page, "ada", next);
			check(page.url().startsWith(config.url + "/"), `sent to ${page.url()}`);
			await page.click("text=Sign out");
		}
		await close();
	});

	await test("a form counts with its token only, the API with its header only", async () => {
		const { page, close } = await open();
		await signIn(page, "ada", "/account");
		const form = { headers: { "Content-Type": "application/x-www-form-urlencoded" } };
		equal(await post(page, "/sign-out", { ...form, body: "" }), 403, "without a token");
		equal(await post(page, "/sign-out", { ...form, body: "csrf=" + "0".repeat(32) }), 403, "with another's token");
		const json = { "Content-Type": "application/json" };
		equal(await post(page, "/v1/session.show", { headers: json, body: "{}" }), 403, "cookie without the header");
		equal(await post(page, "/v1/session.show", { headers: { ...json, "Vitrine-Csrf": "1" }, body: "{}" }), 200, "cookie with it");
		const forged = await page.request.post(config.url + "/v1/session.show", {
			headers: { "Vitrine-Csrf": "1", Origin: "https://example.org", "Content-Type": "application/json" },
			data: "{}",
		});
		equal(forged.status(), 403, "from another origin");
		await page.goto(config.url + "/account");
		equal(new URL(page.url()).pathname, "/account", "still signed in");
		await close();
	});

	await test("injected script does not run", async () => {
		const { page, close } = await open();
		await signIn(page, "ada");
		const ran = await page.evaluate(async () => {
			let violations = 0;
			document.addEventListener("securitypolicyviolation", () => violations++);
			const script = document.createElement("script");
			script.textContent = "window.injected = true";
			document.body.append(script);
			const holder = document.createElement("div");
			holder.innerHTML = '<img src="x:" onerror="window.injected = true"><p style="color: red">styled</p>';
			document.body.append(holder);
			const foreign = document.createElement("script");
			foreign.src = "data:text/javascript,window.injected=true";
			document.body.append(foreign);
			await new Promise((done) => setTimeout(done, 300));
			return { injected: window.injected === true, violations };
		});
		check(!ran.injected, "script ran");
		check(ran.violations >= 3, `only ${ran.violations} violations were seen`);
		await close();
	});

	await test("a refusal is an entry, and reads as one", async () => {
		const { page, close } = await open();
		await enter(page);
		const status = await post(page, "/v1/source.view", {
			headers: { "Content-Type": "application/json", "Vitrine-Csrf": "1" },
			body: JSON.stringify({ engagement: config.ids.engagement, release: config.ids.release, path: "tests/test_packet.c" }),
		});
		equal(status, 403, "a file that the grant leaves out");
		await close();
		const other = await open();
		await signIn(other.page, "ada", "/ledger?kind=refused");
		check((await other.page.textContent("main")).includes("source.view"), "not in the register");
		await other.close();
	});

	await test("a revoked grant ends an open room at the next page, in place", async () => {
		const { page, troubles, close } = await open();
		await signIn(page, "rita", `/room/${config.ids.engagement}/${config.ids.brief}?path=src/packet.c`);
		await shows(page, /lines 1–/);
		const officer = await open();
		await signIn(officer.page, "ben", `/record/${config.ids.briefGrant}/revoke`);
		await officer.page.fill('[name="note"]', "For a test");
		await officer.page.click("form.form button");
		await officer.page.waitForURL(`**/record/${config.ids.briefGrant}`);
		await officer.close();
		await page.keyboard.press("g");
		await page.keyboard.type("190");
		await page.keyboard.press("Enter");
		await page.waitForSelector('#room-over [role="alert"]');
		check((await page.textContent("#room-over")).includes("No longer in scope"), "not told");
		check((await inks(page)) <= 2, "what was on the screen is still there");
		await inspectShown(page, troubles, "the room after its end");
		await close();
	});

	await test("sign-out ends the session for good", async () => {
		const { page, context, close } = await open();
		await signIn(page, "rita");
		const [cookie] = await context.cookies();
		await page.click("text=Sign out");
		await page.waitForURL("**/sign-in*");
		equal((await context.cookies()).length, 0, "cookies");
		await context.addCookies([cookie]);
		await page.goto(config.url + "/");
		equal(new URL(page.url()).pathname, "/sign-in", "with the old cookie");
		await close();
	});

	await test("a grant and a session that end by the clock", async () => {
		const { page, close } = await open("phone light");
		await enter(page, "?path=src/packet.c");
		shiftClock(21 * 60);
		await page.keyboard.press("g");
		await page.keyboard.type("190");
		await page.keyboard.press("Enter");
		await page.waitForSelector('#room-over [role="alert"]');
		check((await page.textContent("#room-over")).includes("No longer in scope"), "not told that the grant ended");
		shiftClock(13 * 3600);
		await page.click("#room-retry");
		await page.waitForFunction(() => document.getElementById("room-over").textContent.includes("session has ended"));
		await page.click("#room-over a");
		await page.waitForURL("**/sign-in*");
		await close();
	});
}
