/* cases_room: the code room: scroll, keys, tabs, filter, look, and nothing left behind. */
import { check, config, equal, inspectShown, looks, open, signIn, test } from "./harness.mjs";

const { engagement, release } = config.ids;
const room = (query = "") => `/room/${engagement}/${release}${query}`;

/* How many different colours stand in the canvas: one is blank paper. */
export const inks = (page, id = "room-canvas") =>
	page.evaluate((name) => {
		const canvas = document.getElementById(name);
		const data = canvas.getContext("2d").getImageData(60, 0, Math.max(1, canvas.width - 60), canvas.height).data;
		const seen = new Set();
		for (let at = 0; at < data.length; at += 4) seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
		return seen.size;
	}, id);

export async function enter(page, query) {
	await signIn(page, "rita", room(query));
	await page.waitForSelector('[role="treeitem"]', { state: "attached" });
	if (query) await shows(page, /lines/);
}

export const shows = (page, pattern) =>
	page.waitForFunction((source) => new RegExp(source).test(document.getElementById("room-position").textContent), pattern.source, {
		timeout: 10000,
	});

async function drawn(page) {
	for (let i = 0; i < 50; i++) {
		if ((await inks(page)) > 6) return;
		await page.waitForTimeout(50);
	}
	throw new Error("no page was drawn");
}

/* The first pixel of a PNG that the browser sees otherwise than it should be; null: none. */
const otherPixel = (page, golden) =>
	page.evaluate(async ({ png, rgb, width }) => {
		const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
		const wanted = bytes(rgb);
		const bitmap = await createImageBitmap(new Blob([bytes(png)], { type: "image/png" }));
		const canvas = document.createElement("canvas");
		canvas.width = bitmap.width;
		canvas.height = bitmap.height;
		const context = canvas.getContext("2d");
		context.drawImage(bitmap, 0, 0);
		if (bitmap.width !== width || wanted.length !== 3 * width * bitmap.height) return `${bitmap.width} x ${bitmap.height}`;
		const seen = context.getImageData(0, 0, width, bitmap.height).data;
		for (let i = 0; i < seen.length / 4; i++)
			for (let c = 0; c < 3; c++)
				if (seen[4 * i + c] !== wanted[3 * i + c] || seen[4 * i + 3] !== 255) return `${i % width},${Math.floor(i / width)}`;
		return null;
	}, golden);

export default async function codeRoom() {
	await test("pages are decoded to the pixels that their cells say", async () => {
		const { page, close } = await open();
		await page.goto("about:blank");
		check(config.pages.length === 4, "four pages");
		for (const golden of config.pages) equal(await otherPixel(page, golden), null, `${golden.name}: a pixel that differs`);
		await close();
	});

	for (const look of Object.keys(looks)) {
		await test(`the code room, ${look}`, async () => {
			const { page, troubles, close } = await open(look);
			await enter(page, "?path=src/packet.c");
			await drawn(page);
			check((await inks(page, "room-mark")) > 2, "the visible line is not shown");
			await inspectShown(page, troubles, "the code room");
			check(/Rita/.test(await page.getAttribute("#room-mark", "aria-label")), "the visible line names nobody");
			await close();
		});
	}

	await test("opens a file from the tree, by keyboard alone", async () => {
		const { page, troubles, close } = await open();
		await enter(page);
		await page.keyboard.press("t");
		await page.keyboard.press("Home");
		for (let i = 0; i < 20; i++) {
			const path = await page.evaluate(() => document.activeElement.dataset.path);
			if (path === "src") break;
			await page.keyboard.press("ArrowDown");
		}
		await page.keyboard.press("ArrowRight");
		await page.waitForSelector('[data-path="src/packet.c"]');
		await page.keyboard.press("ArrowRight");
		await page.keyboard.press("Enter");
		await shows(page, /lines 1–/);
		await drawn(page);
		check(troubles.length === 0, troubles.join("\n"));
		await close();
	});

	await test("scrolls by lines and pages, goes to a line, says where it is", async () => {
		const { page, close } = await open();
		await enter(page, "?path=src/packet.c");
		await page.focus("#room-scroll");
		await page.keyboard.press("j");
		await shows(page, /lines 2–/);
		await page.keyboard.press("k");
		await shows(page, /lines 1–/);
		await page.keyboard.press("PageDown");
		await shows(page, /lines (2[0-9]|3[0-9]|4[0-9])–/);
		await page.keyboard.press("g");
		await page.keyboard.type("150");
		await page.keyboard.press("Enter");
		await shows(page, /lines 150–/);
		await drawn(page);
		await page.waitForFunction(() => document.getElementById("room-live").textContent.includes("lines 150"));
		await page.keyboard.press("Control+g");
		await page.keyboard.type("1");
		await page.keyboard.press("Enter");
		await shows(page, /lines 1–/);
		await page.mouse.move(600, 400);
		await page.mouse.wheel(0, 640);
		await shows(page, /lines 4[0-2]–/);
		await close();
	});

	await test("a line in the address is where the room opens", async () => {
		const { page, close } = await open();
		await enter(page, "?path=src/packet.c&line=120");
		await shows(page, /lines 120–/);
		await drawn(page);
		await close();
	});

	await test("tabs, filter, keys", async () => {
		const { page, close } = await open();
		await enter(page, "?path=src/packet.c");
		await page.keyboard.press("/");
		await page.keyboard.type("notes");
		await page.waitForFunction(() =>
			[...document.querySelectorAll('[role="treeitem"]')].some((item) => item.dataset.path === "docs/notes.md" && item.offsetParent),
		);
		await page.keyboard.press("Enter");
		await page.waitForFunction(() => document.querySelectorAll('[role="tab"]').length === 2);
		await page.keyboard.press("[");
		await page.waitForFunction(() => document.getElementById("room-path").textContent === "src/packet.c");
		await page.keyboard.press("x");
		await page.waitForFunction(() => document.querySelectorAll('[role="tab"]').length === 1);
		await page.keyboard.press("?");
		check(await page.isVisible("#room-help-dialog"), "no list of keys");
		await page.keyboard.press("Escape");
		await close();
	});

	await test("what the grant leaves out is not in the tree", async () => {
		const { page, close } = await open();
		await enter(page);
		equal(await page.locator('[data-path="tests"]').count(), 0, "tests/ in the tree");
		check(await page.isVisible("#room-scoped"), "it is not said that something is left out");
		await close();
	});

	await test("dark, high contrast and larger letters ask for pages of that look", async () => {
		const { page, close } = await open();
		const asked = [];
		page.on("request", (request) => {
			if (request.url().endsWith("/v1/source.view")) asked.push(request.postDataJSON());
		});
		await enter(page, "?path=src/packet.c");
		await page.selectOption("#room-theme", "contrast");
		await drawn(page);
		await page.selectOption("#room-size", "2");
		await page.waitForTimeout(300);
		await drawn(page);
		check(asked.some((view) => view.theme === "light" && view.zoom === "1"), "no light page");
		check(asked.some((view) => view.theme === "contrast" && view.zoom === "2"), "no contrast page at twice the size");
		await close();
	});

	await test("nothing is kept in the browser, and no line is text", async () => {
		const { page, context, close } = await open();
		await enter(page, "?path=src/packet.c");
		await drawn(page);
		const kept = await page.evaluate(async () => ({
			local: localStorage.length,
			session: sessionStorage.length,
			databases: (await indexedDB.databases()).length,
			caches: (await caches.keys()).length,
			workers: (await navigator.serviceWorker.getRegistrations()).length,
			cookies: document.cookie,
			text: document.documentElement.outerHTML,
		}));
		for (const place of ["local", "session", "databases", "caches", "workers"]) equal(kept[place], 0, place);
		equal(kept.cookies, "", "cookies that script can read");
		for (const canary of config.canaries) check(!kept.text.includes(canary), "a line of source stands in the document");
		const cookies = await context.cookies();
		check(cookies.every((cookie) => cookie.httpOnly && cookie.secure && cookie.sameSite === "Strict"), "a lax cookie");
		equal(cookies.length, 1, "cookies");
		await close();
	});
}
