/* room_note: a note about the place that is on the screen, written in the code room's dialog. */

import { Notebook, Place } from "./notebook";

function byId<T extends HTMLElement>(id: string): T {
	const element = document.getElementById(id);
	if (!element) throw new Error(`no element ${id}`);
	return element as T;
}

export class RoomNote {
	private book: Notebook | null = null;
	private place: Place | null = null;
	private readonly dialog = byId<HTMLDialogElement>("note-dialog");
	private readonly text = byId<HTMLTextAreaElement>("note-text");

	constructor(
		private readonly signal: AbortSignal,
		private readonly closed: () => void,
	) {
		byId("note-form").addEventListener("submit", (event) => {
			event.preventDefault();
			this.save().catch((error: unknown) => this.say(error instanceof Error ? error.message : "It did not work."));
		});
		byId("note-cancel").addEventListener("click", () => this.dialog.close());
		this.dialog.addEventListener("close", () => this.closed());
	}

	ask(place: Place): void {
		this.place = place;
		byId("note-place").textContent = `${place.path}, line ${place.line}`;
		byId("note-key").hidden = this.book !== null;
		this.say("");
		this.dialog.showModal();
		(this.book ? this.text : byId("note-key-file")).focus();
	}

	private say(text: string): void {
		byId("note-said").textContent = text;
	}

	private async save(): Promise<void> {
		if (!this.book) {
			const passphrase = byId<HTMLInputElement>("note-passphrase");
			const file = byId<HTMLInputElement>("note-key-file").files?.[0];
			if (!file) throw new Error("Choose your key file; the page Notes makes one.");
			this.say("Opening the key…");
			this.book = await Notebook.open(file, passphrase.value);
			passphrase.value = "";
			byId("note-key").hidden = true;
		}
		const kind = byId<HTMLSelectElement>("note-kind").value === "finding" ? "finding" : "note";
		await this.book.put(kind, this.text.value, this.place, null, this.signal);
		this.text.value = "";
		this.dialog.close();
	}
}
