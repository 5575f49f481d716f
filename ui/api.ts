/* api: the calls that the islands make, and how a refusal reads. Nothing is kept anywhere. */

export class Refused extends Error {
	constructor(
		readonly status: number,
		readonly word: string,
		message: string,
	) {
		super(message);
	}
}

export interface Entry {
	name: string;
	path: string;
	type: "folder" | "file" | "link" | "submodule";
	size?: number;
	lines?: number;
	files?: number;
	binary?: boolean;
}

export interface Folder {
	folder: string;
	entries: Entry[];
	scoped?: boolean;
	next?: string;
	next_type?: string;
}

export interface Budget {
	lines_per_hour: number;
	lines_left: number;
	until?: string;
}

/* What comes with a tile: numbers and names, no text of the source. */
export interface TileFacts {
	path: string;
	line: number;
	column: number;
	lines: number;
	lines_here: number;
	columns_max: number;
	width: number;
	height: number;
	cell: [number, number];
	language: string;
	binary: boolean;
	profile: string;
	budget: Budget;
	/* The words of the visible line, for those who cannot see it. */
	visible?: { row: number; text: string };
}

export interface TileRequest {
	engagement: string;
	release: string;
	path: string;
	line: number;
	column: number;
	theme: string;
	zoom: string;
}

export async function post(verb: string, args: object, signal: AbortSignal): Promise<Response> {
	let response: Response;
	try {
		response = await fetch("/v1/" + verb, {
			method: "POST",
			headers: { "Content-Type": "application/json", "Vitrine-Csrf": "1" },
			body: JSON.stringify(args),
			cache: "no-store",
			credentials: "same-origin",
			redirect: "error",
			signal,
		});
	} catch (error) {
		if (signal.aborted) throw error;
		throw new Refused(503, "away", "The access point gives no answer.");
	}
	if (response.ok) return response;
	let said: { error?: string; message?: string } = {};
	try {
		said = (await response.json()) as typeof said;
	} catch {
		/* Not JSON: the status has to do. */
	}
	throw new Refused(response.status, said.error ?? "", said.message ?? `The answer was ${response.status}.`);
}

/* All of it: a long folder comes in pages. */
export async function listFolder(
	engagement: string,
	release: string,
	folder: string,
	signal: AbortSignal,
): Promise<Folder> {
	const args = folder === "" ? { engagement, release } : { engagement, release, folder };
	const whole = (await (await post("source.tree", args, signal)).json()) as Folder;
	for (let last = whole; last.next !== undefined; whole.entries.push(...last.entries)) {
		const more = { ...args, after: last.next, after_type: last.next_type };
		last = (await (await post("source.tree", more, signal)).json()) as Folder;
	}
	return whole;
}

/* u32 length of the JSON, the JSON, the PNG (docs/formats/http.md). */
export async function fetchTile(
	request: TileRequest,
	signal: AbortSignal,
): Promise<{ facts: TileFacts; picture: ImageBitmap; entry: string | null }> {
	const response = await post("source.view", request, signal);
	const bytes = await response.arrayBuffer();
	const length = new DataView(bytes).getUint32(0);
	const facts = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as TileFacts;
	const picture = await createImageBitmap(new Blob([new Uint8Array(bytes, 4 + length)], { type: "image/png" }));
	return { facts, picture, entry: response.headers.get("Vitrine-Entry") };
}
