/*
 * notebook: notes and draft findings, encrypted here before they leave (docs/formats/notes.md). The key comes from a file of the
 * reviewer's, which a passphrase opens; it lives in this page's memory, is not extractable, and is gone with the page.
 */

import { post } from "./api";

const ROUNDS = 600_000;
const ROUNDS_MAX = 10_000_000;
const PAD_BYTES = 512;
const KEY_FILE_BYTES_MAX = 4096;
const PASSPHRASE_MIN = 12;
const TEXT_BYTES_MAX = 16 << 10;
const MAGIC = "vtn1";
const KEY_BOUND = "vitrine/notes-key/v1";
const ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";

export interface Place {
	engagement: string;
	release: string;
	path: string;
	line: number;
}

export interface Note {
	id: string;
	version: number;
	kind: "note" | "finding";
	text: string;
	place: Place | null;
	/* As the lab keeps them. */
	changed: string;
	released: string | null;
}

interface Row {
	id: string;
	version: number;
	changed: string;
	released: string | null;
	sealed: string;
}

type Bytes = Uint8Array;

const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
const random = (count: number): Bytes => crypto.getRandomValues(new Uint8Array(count));

function toBase64(bytes: Bytes): string {
	let text = "";
	for (const byte of bytes) text += String.fromCharCode(byte);
	return btoa(text);
}

function fromBase64(text: string): Bytes {
	return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function concat(...parts: Bytes[]): Bytes {
	const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}

async function passphraseKey(passphrase: string, salt: Bytes, rounds: number): Promise<CryptoKey> {
	const base = await crypto.subtle.importKey("raw", utf8(passphrase.normalize("NFC")), "PBKDF2", false, ["deriveKey"]);
	return crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, base, { name: "AES-GCM", length: 256 }, false, [
		"encrypt",
		"decrypt",
	]);
}

/* What the note and its version are, so that one cannot be put in the place of another. */
const bound = (id: string, version: number): Bytes => utf8(`vitrine/note/v1\n${id}\n${version}\n`);

function newId(): string {
	return "not_" + Array.from(random(12), (byte) => ID_LETTERS[byte & 31]).join("");
}

/* A new key, wrapped: the text of its file. */
export async function makeKeyFile(passphrase: string): Promise<string> {
	if (passphrase.length < PASSPHRASE_MIN) throw new Error(`A passphrase has at least ${PASSPHRASE_MIN} characters.`);
	const salt = random(16);
	const iv = random(12);
	const raw = random(32);
	const wrapping = await passphraseKey(passphrase, salt, ROUNDS);
	const key = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(KEY_BOUND) }, wrapping, raw);
	raw.fill(0);
	const file = { v: 1, kdf: "PBKDF2-SHA-256", rounds: ROUNDS, salt: toBase64(salt), iv: toBase64(iv), key: toBase64(new Uint8Array(key)) };
	return JSON.stringify(file) + "\n";
}

export class Notebook {
	private constructor(private readonly key: CryptoKey) {}

	static async open(file: Blob, passphrase: string): Promise<Notebook> {
		let said: Record<string, unknown>;
		if (file.size > KEY_FILE_BYTES_MAX) throw new Error("This is not a key file.");
		try {
			said = JSON.parse(await file.text()) as Record<string, unknown>;
		} catch {
			throw new Error("This is not a key file.");
		}
		const rounds = Number(said["rounds"]);
		if (said["v"] !== 1 || said["kdf"] !== "PBKDF2-SHA-256" || !(rounds >= ROUNDS && rounds <= ROUNDS_MAX))
			throw new Error("This is not a key file, or one with too few rounds.");
		try {
			const wrapping = await passphraseKey(passphrase, fromBase64(String(said["salt"])), rounds);
			const opening = { name: "AES-GCM", iv: fromBase64(String(said["iv"])), additionalData: utf8(KEY_BOUND) };
			const raw = new Uint8Array(await crypto.subtle.decrypt(opening, wrapping, fromBase64(String(said["key"]))));
			const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
			raw.fill(0);
			return new Notebook(key);
		} catch {
			throw new Error("The passphrase does not open this key file.");
		}
	}

	private async seal(note: Note): Promise<string> {
		const text = utf8(JSON.stringify({ v: 1, kind: note.kind, text: note.text, place: note.place }));
		/* Blanks, so that the length tells little. */
		const plain = new Uint8Array(Math.ceil(text.length / PAD_BYTES) * PAD_BYTES).fill(0x20);
		plain.set(text);
		const iv = random(12);
		const how = { name: "AES-GCM", iv, additionalData: bound(note.id, note.version) };
		const sealed = new Uint8Array(await crypto.subtle.encrypt(how, this.key, plain));
		return toBase64(concat(utf8(MAGIC), iv, sealed));
	}

	/* null: not encrypted under this key, or changed on the way. */
	private async unseal(row: Row): Promise<Note | null> {
		try {
			const bytes = fromBase64(row.sealed);
			if (new TextDecoder().decode(bytes.subarray(0, 4)) !== MAGIC) return null;
			const how = { name: "AES-GCM", iv: bytes.slice(4, 16), additionalData: bound(row.id, row.version) };
			const plain = await crypto.subtle.decrypt(how, this.key, bytes.slice(16));
			const said = JSON.parse(new TextDecoder().decode(plain)) as Pick<Note, "kind" | "text" | "place">;
			const { id, version, changed, released } = row;
			return { id, version, changed, released, kind: said.kind, text: said.text, place: said.place };
		} catch {
			return null;
		}
	}

	/* The newest first; closed: how many this key does not open. */
	async list(signal: AbortSignal): Promise<{ notes: Note[]; closed: number }> {
		const notes: Note[] = [];
		let closed = 0;
		let after: string | null = null;
		do {
			const answer = await post("note.list", after === null ? {} : { after }, signal);
			const page = (await answer.json()) as { notes: Row[]; next: string | null };
			for (const row of page.notes) {
				const note = await this.unseal(row);
				if (note) notes.push(note);
				else closed++;
			}
			after = page.next;
		} while (after !== null);
		notes.sort((a, b) => (a.changed < b.changed ? 1 : -1));
		return { notes, closed };
	}

	/* A new note, or a new version of `old`. */
	async put(kind: Note["kind"], text: string, place: Place | null, old: Note | null, signal: AbortSignal): Promise<void> {
		if (text.trim() === "") throw new Error("A note says something.");
		if (utf8(text).length > TEXT_BYTES_MAX) throw new Error("A note has at most 16 KiB.");
		const note = { id: old?.id ?? newId(), version: (old?.version ?? 0) + 1, kind, text, place, changed: "", released: null };
		await post("note.put", { id: note.id, version: note.version, sealed: await this.seal(note) }, signal);
	}
}

export async function dropNote(id: string, signal: AbortSignal): Promise<void> {
	await post("note.drop", { id }, signal);
}

/* The one place where the text of a note leaves the browser in clear: its owner said so. */
export async function releaseNote(id: string, text: string, signal: AbortSignal): Promise<void> {
	await post("note.release", { id, text }, signal);
}
