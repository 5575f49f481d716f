/* notes: the page /notes. Opens the notebook with the reviewer's key file, lists, writes, drops and releases. */

import { Refused } from "./api";
import { dropNote, makeKeyFile, Note, Notebook, releaseNote } from "./notebook";

function byId<T extends HTMLElement>(id: string): T {
	const element = document.getElementById(id);
	if (!element) throw new Error(`no element ${id}`);
	return element as T;
}

const input = (id: string): HTMLInputElement => byId<HTMLInputElement>(id);
const lifetime = new AbortController();
let book: Notebook | null = null;
let editing: Note | null = null;
let releasing: Note | null = null;

function say(text: string, bad = false): void {
	const alert = byId("notes-said");
	alert.textContent = text;
	alert.className = bad ? "alert bad" : "alert ok";
	alert.hidden = text === "";
}

/* Runs an act; what goes wrong is said above the page. */
function attempt(act: () => Promise<void>): void {
	const buttons = document.querySelectorAll<HTMLButtonElement>("main button");
	say("");
	for (const button of buttons) button.disabled = true;
	act()
		.catch((error: unknown) => say(error instanceof Refused || error instanceof Error ? error.message : "It did not work.", true))
		.finally(() => {
			for (const button of buttons) button.disabled = false;
		});
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, text = "", name = ""): HTMLElementTagNameMap[K] {
	const made = document.createElement(tag);
	made.textContent = text;
	if (name !== "") made.className = name;
	return made;
}

function button(text: string, name: string, act: () => void): HTMLButtonElement {
	const made = element("button", text, `button small ${name}`);
	made.type = "button";
	made.addEventListener("click", act);
	return made;
}

function edit(note: Note | null): void {
	editing = note;
	byId("note-title").textContent = note ? "Change a note" : "A new note";
	byId<HTMLTextAreaElement>("note-text").value = note?.text ?? "";
	byId<HTMLSelectElement>("note-kind").value = note?.kind ?? "note";
	byId("note-cancel").hidden = note === null;
	if (note) byId("note-text").focus();
}

function placeOf(note: Note): HTMLElement {
	const place = note.place;
	if (!place) return element("span", "no place", "quiet");
	const link = element("a", `${place.path}, line ${place.line}`, "mono whole");
	const query = new URLSearchParams({ path: place.path, line: String(place.line) });
	link.href = `/room/${encodeURIComponent(place.engagement)}/${encodeURIComponent(place.release)}?${query}`;
	return link;
}

function askRelease(note: Note): void {
	releasing = note;
	byId("release-text").textContent = note.text;
	byId<HTMLDialogElement>("release-dialog").showModal();
}

function row(note: Note): HTMLElement {
	const item = element("li", "", "pad rule");
	const head = element("p", "", "head");
	const when = element("time", `${note.changed.slice(0, 16).replace("T", " ")} UTC`, "quiet");
	when.dateTime = note.changed;
	head.append(element("span", note.kind === "finding" ? "draft finding" : "note", "chip plain"), placeOf(note), when);
	if (note.released) head.append(element("span", "released", "chip wait"));
	const acts = element("p", "", "foot");
	acts.append(
		button("Change", "", () => edit(note)),
		button("Release…", "", () => askRelease(note)),
		button("Drop", "danger", () =>
			attempt(async () => {
				await dropNote(note.id, lifetime.signal);
				await refresh();
				say("The note is dropped.");
			}),
		),
	);
	item.append(head, element("p", note.text, "text whole"), acts);
	return item;
}

async function refresh(): Promise<void> {
	if (!book) return;
	const { notes, closed } = await book.list(lifetime.signal);
	byId("notes-list").replaceChildren(...notes.map(row));
	byId("notes-none").hidden = notes.length > 0;
	const other = byId("notes-closed");
	other.hidden = closed === 0;
	other.textContent = closed === 1 ? "One more is under another key." : `${closed} more are under another key.`;
}

function keys(event: KeyboardEvent): void {
	const target = event.target as HTMLElement;
	if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
	if (target.matches("input, textarea, select")) return;
	if (event.key === "n" && book) {
		event.preventDefault();
		edit(null);
		byId("note-text").focus();
	} else if (event.key === "j" || event.key === "k") {
		const stops = [...document.querySelectorAll<HTMLElement>("#notes-list li button:first-child")];
		const at = stops.findIndex((stop) => stop.closest("li")?.contains(document.activeElement));
		const next = stops[at + (event.key === "j" ? 1 : -1)];
		event.preventDefault();
		next?.focus();
	}
}

function saveFile(text: string): void {
	const link = element("a");
	link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
	link.download = "vitrine-notes.key.json";
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function onSubmit(id: string, act: () => Promise<void>): void {
	byId(id).addEventListener("submit", (event) => {
		event.preventDefault();
		attempt(act);
	});
}

onSubmit("key-form", async () => {
	const file = input("key-file").files?.[0];
	if (!file) throw new Error("Choose your key file.");
	book = await Notebook.open(file, input("key-passphrase").value);
	input("key-passphrase").value = "";
	await refresh();
	byId("notes-locked").hidden = true;
	byId("notes-open").hidden = false;
	byId("note-text").focus();
});
onSubmit("new-key-form", async () => {
	const passphrase = input("new-passphrase").value;
	if (passphrase !== input("new-passphrase-again").value) throw new Error("The two passphrases differ.");
	saveFile(await makeKeyFile(passphrase));
	input("new-passphrase").value = input("new-passphrase-again").value = "";
	say("The key file is among your downloads. Keep it apart from the passphrase; without both, no note can be read by anybody.");
});
onSubmit("note-form", async () => {
	if (!book) return;
	const kind = byId<HTMLSelectElement>("note-kind").value === "finding" ? "finding" : "note";
	await book.put(kind, byId<HTMLTextAreaElement>("note-text").value, editing?.place ?? null, editing, lifetime.signal);
	edit(null);
	await refresh();
	say("The note is kept, encrypted.");
});
byId("note-cancel").addEventListener("click", () => edit(null));
byId<HTMLDialogElement>("release-dialog").addEventListener("close", () => {
	const note = releasing;
	releasing = null;
	if (!note || byId<HTMLDialogElement>("release-dialog").returnValue !== "release") return;
	attempt(async () => {
		await releaseNote(note.id, note.text, lifetime.signal);
		await refresh();
		say("Released: the text is recorded, and the lab's officers and auditors can read it.");
	});
});
document.addEventListener("keydown", keys);
addEventListener("pagehide", () => {
	lifetime.abort();
	book = null;
});
byId("notes").hidden = false;
