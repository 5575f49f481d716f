/* cases_notes: notes are encrypted here: their text is in no request, whatever is done with them, until it is released. */
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { check, config, equal, inspect, inspectShown, looks, open, signIn, test } from "./harness.mjs";
import { enter } from "./cases_room.mjs";

const PASSPHRASE = "four quiet words here";
const SECRET = "heron-lantern-quarry";
/* 600,000 rounds take their time on a busy machine. */
const SLOW = { timeout: 30000 };
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "vitrine-notes-"));
const keyFile = path.join(folder, "notes.key.json");

/* Every byte that the page sends: addresses, heads, bodies. */
function listen(page) {
	const sent = [];
	page.on("request", (request) => sent.push(`${request.url()}\n${JSON.stringify(request.headers())}\n${request.postData() ?? ""}`));
	return sent;
}

/* As it is, escaped, or in base64 wherever it begins. */
function spellings(text) {
	const base64 = [0, 1, 2].map((ahead) => Buffer.from("x".repeat(ahead) + text).toString("base64").slice(ahead > 0 ? 4 : 0, -4));
	return [text, encodeURIComponent(text), Buffer.from(text).toString("hex"), ...base64];
}

const holds = (sent, text) => sent.some((request) => spellings(text).some((spelling) => request.includes(spelling)));

async function shot(page, name) {
	if (!process.env.SHOTS) return;
	fs.mkdirSync(process.env.SHOTS, { recursive: true });
	await page.screenshot({ path: path.join(process.env.SHOTS, `${name.replaceAll(" ", "-")}.png`), fullPage: true });
}

async function unlock(page, passphrase = PASSPHRASE) {
	await page.setInputFiles("#key-file", keyFile);
	await page.fill("#key-passphrase", passphrase);
	await page.click("#key-form button");
}

async function write(page, text) {
	await page.fill("#note-text", text);
	await page.click("#note-form button.main");
	await page.waitForSelector("text=The note is kept, encrypted.", SLOW);
}

const bytes = (text) => Buffer.from(text, "base64");

function gcm(key, iv, bound, sealed) {
	const decipher = crypto.createDecipheriv("aes-256-gcm", key, iv);
	decipher.setAAD(Buffer.from(bound));
	decipher.setAuthTag(sealed.subarray(-16));
	return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

/* A note as docs/formats/notes.md says, read without the browser and without our script. */
function readNote(row) {
	const file = JSON.parse(fs.readFileSync(keyFile, "utf8"));
	const wrapping = crypto.pbkdf2Sync(PASSPHRASE, bytes(file.salt), file.rounds, 32, "sha256");
	const key = gcm(wrapping, bytes(file.iv), "vitrine/notes-key/v1", bytes(file.key));
	const sealed = bytes(row.sealed);
	equal(sealed.subarray(0, 4).toString(), "vtn1", "the magic of a note");
	return gcm(key, sealed.subarray(4, 16), `vitrine/note/v1\n${row.id}\n${row.version}\n`, sealed.subarray(16)).toString();
}

export default async function notes() {
	await test("a key is made here and saved as a file that a passphrase opens", async () => {
		const { page, troubles, close } = await open();
		await signIn(page, "rita", "/notes");
		const sent = listen(page);
		await page.fill("#new-passphrase", PASSPHRASE);
		await page.fill("#new-passphrase-again", PASSPHRASE + "x");
		await page.click("text=Make a key and save its file");
		await page.waitForSelector("text=The two passphrases differ.");
		await page.fill("#new-passphrase-again", PASSPHRASE);
		const [download] = await Promise.all([page.waitForEvent("download", SLOW), page.click("text=Make a key and save its file")]);
		await download.saveAs(keyFile);
		const said = JSON.parse(fs.readFileSync(keyFile, "utf8"));
		equal(said.kdf, "PBKDF2-SHA-256", "how the key is wrapped");
		check(said.rounds >= 600000, `rounds: ${said.rounds}`);
		check(!holds(sent, PASSPHRASE) && !sent.some((request) => request.includes(said.key)), "the key or its passphrase was sent");
		await inspectShown(page, troubles, "/notes, a key made");
		await close();
	});

	await test("a wrong passphrase opens nothing", async () => {
		const { page, close } = await open();
		await signIn(page, "rita", "/notes");
		await unlock(page, "not the passphrase");
		await page.waitForSelector("text=The passphrase does not open this key file.", SLOW);
		check(await page.isHidden("#notes-open"), "the notes are shown");
		await close();
	});

	await test("a note's text is in no request, and nothing is kept in the browser", async () => {
		const { page, troubles, close } = await open();
		await signIn(page, "rita", "/notes");
		const sent = listen(page);
		await unlock(page);
		await page.waitForSelector("#notes-open:not([hidden])", SLOW);
		await write(page, `First: ${SECRET}`);
		await page.click("#notes-list >> text=Change");
		await page.fill("#note-text", `Second: ${SECRET}`);
		await page.click("#note-form button.main");
		await page.waitForSelector(`#notes-list >> text=Second: ${SECRET}`, SLOW);
		equal(await page.locator("#notes-list li").count(), 1, "notes");
		check(sent.some((request) => request.includes("/v1/note.put")), "no note was put");
		check(!holds(sent, SECRET) && !holds(sent, PASSPHRASE), "the text or the passphrase was sent");
		const kept = await page.evaluate(async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, (await caches.keys()).length]);
		equal(kept.join(), "0,0,0,0", "what is kept in the browser");
		/* The point never saw it either: what it answers is ciphertext. */
		const listed = await page.evaluate(async () => {
			const answer = await fetch("/v1/note.list", { method: "POST", headers: { "Content-Type": "application/json", "Vitrine-Csrf": "1" }, body: "{}" });
			return answer.text();
		});
		check(listed.includes('"sealed"') && !listed.includes("heron"), "the lab hands out text");
		const plain = readNote(JSON.parse(listed).notes[0]);
		equal(plain.length % 512, 0, "the padding");
		equal(JSON.parse(plain).text, `Second: ${SECRET}`, "what an independent reader sees");
		await inspectShown(page, troubles, "/notes, one note");
		await close();
	});

	await test("a note put in the place of another, or called another version, does not open", async () => {
		const { page, close } = await open();
		await signIn(page, "rita", "/notes");
		await page.route("**/v1/note.list", async (route) => {
			const response = await route.fetch();
			const answer = await response.json();
			const [note] = answer.notes;
			const moved = { ...note, id: "not_000000000000" };
			const flipped = bytes(note.sealed);
			flipped[20] ^= 1;
			const older = { ...note, version: note.version + 1 };
			await route.fulfill({ response, json: { ...answer, notes: [moved, older, { ...note, sealed: flipped.toString("base64") }] } });
		});
		await unlock(page);
		await page.waitForSelector("text=3 more are under another key.", SLOW);
		equal(await page.locator("#notes-list li").count(), 0, "notes shown");
		await close();
	});

	await test("a note in the code room, by keyboard, says where it is", async () => {
		const { page, troubles, close } = await open();
		const sent = listen(page);
		await enter(page, "?path=src/packet.c&line=120");
		await page.waitForFunction(() => document.getElementById("room-position").textContent.includes("lines 120"));
		await page.focus("#room-scroll");
		await page.keyboard.press("n");
		check((await page.textContent("#note-place")).includes("src/packet.c, line 120"), "the place");
		await page.setInputFiles("#note-key-file", keyFile);
		await page.fill("#note-passphrase", PASSPHRASE);
		await page.fill("#note-text", `In the room: ${SECRET}`);
		await inspectShown(page, troubles, "the code room, a note");
		await shot(page, "note-room");
		await page.click("#note-form button.main");
		await page.waitForFunction(() => !document.getElementById("note-dialog").open, null, SLOW);
		const puts = sent.filter((request) => request.includes("/v1/note.put"));
		equal(puts.length, 1, "notes put");
		check(!holds(puts, SECRET) && !puts[0].split("\n").slice(2).join().includes("packet.c"), "text or place was sent");
		await page.goto(config.url + "/notes");
		await unlock(page);
		await page.waitForSelector(`#notes-list >> text=In the room: ${SECRET}`, SLOW);
		const link = page.locator("#notes-list a", { hasText: "src/packet.c, line 120" });
		check((await link.getAttribute("href")).includes("line=120"), "the way to the place");
		await close();
	});

	for (const look of Object.keys(looks)) {
		await test(`notes, ${look}`, async () => {
			const { page, troubles, close } = await open(look);
			await signIn(page, "rita");
			await inspect(page, troubles, "/notes");
			await shot(page, `notes-locked-${look}`);
			await unlock(page);
			await page.waitForSelector("#notes-list li", SLOW);
			await inspectShown(page, troubles, "/notes, open");
			await shot(page, `notes-open-${look}`);
			await inspect(page, troubles, "/openings");
			await shot(page, `openings-${look}`);
			await inspect(page, troubles, "/account");
			await shot(page, `account-${look}`);
			const said = await page.textContent("main");
			check(said.includes("What you look at can be read afterwards by"), "who can open the trail is not said");
			check(said.includes("as the ledger says"), "the client code is not compared");
			await close();
		});
	}

	await test("released by its owner alone, in clear, after a question", async () => {
		const { page, close } = await open();
		await signIn(page, "rita", "/notes");
		const sent = listen(page);
		await unlock(page);
		await page.waitForSelector("#notes-list li", SLOW);
		const before = await page.locator("#notes-list li").count();
		await write(page, "The sum wraps at step 80.");
		await page.keyboard.press("Tab");
		const item = page.locator("#notes-list li", { hasText: "The sum wraps" });
		await item.locator("text=Release…").click();
		check((await page.textContent("#release-dialog")).includes("officers and auditors can read it"), "what release means");
		await page.click('#release-dialog button[value="no"]');
		check(!sent.some((request) => request.includes("note.release")), "released without a word");
		await item.locator("text=Release…").click();
		await page.click('#release-dialog button[value="release"]');
		await page.waitForSelector("text=Released: the text is recorded", SLOW);
		await page.waitForSelector("#notes-list >> text=released");
		check(sent.some((request) => request.includes("note.release") && request.includes("The sum wraps at step 80.")), "not released");
		await item.locator("text=Drop").click();
		await page.waitForSelector("text=The note is dropped.", SLOW);
		equal(await page.locator("#notes-list li").count(), before, "notes after the drop");
		await close();
	});

	await test("without script the page says why", async () => {
		const { page, context, close } = await open();
		await signIn(page, "rita");
		await context.route("**/*.js", (route) => route.abort());
		await page.goto(config.url + "/notes");
		check(await page.isHidden("#notes"), "forms that do nothing are shown");
		check((await page.content()).includes("Notes need script"), "no word about script");
		await close();
	});

	await test("an officer has no notes", async () => {
		const { page, close } = await open();
		await signIn(page, "ada");
		const answer = await page.goto(config.url + "/notes");
		equal(answer.status(), 403, "status of /notes for an officer");
		await close();
	});

	fs.rmSync(folder, { recursive: true });
}
