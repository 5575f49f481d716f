/*
 * room: the code room. Tree, tabs, the glass, keys, and what is said when the right to look ends. Nothing is stored,
 * no line of source is ever text here.
 */

import { Budget, listFolder, Refused, TileFacts } from "./api";
import { File, Glass } from "./glass";
import { RoomNote } from "./room_note";
import { Tree } from "./tree";

const LIVE_MS = 700;
const RETRY_MS = 3000;
const DAY_MS = 86_400_000;
const TIMER_MS_MAX = 2 ** 31 - 1;

function byId<T extends Element>(id: string): T {
	const element = document.getElementById(id);
	if (!element) throw new Error(`no element ${id}`);
	return element as unknown as T;
}

function option(name: string): string {
	return byId<HTMLElement>("room").dataset[name] ?? "";
}

const number = (value: number): string => value.toLocaleString("en");

class Room {
	private readonly files: File[] = [];
	private active: File | null = null;
	private readonly glass: Glass;
	private readonly tree: Tree;
	private readonly note: RoomNote;
	private firstLine = 1;
	private readonly lifetime = new AbortController();
	private readonly dark = matchMedia("(prefers-color-scheme: dark)");
	private readonly more = matchMedia("(prefers-contrast: more)");
	private live = 0;
	private expiry = 0;
	private until = "";
	/* The lab's clock minus ours, as of the page. */
	private readonly skew = Date.parse(option("now")) - Date.now();

	constructor() {
		this.glass = new Glass({
			scroll: byId("room-scroll"),
			extent: byId("room-extent"),
			canvas: byId("room-canvas"),
			mark: byId("room-mark"),
			engagement: option("engagement"),
			release: option("release"),
			moved: (file, first, last) => this.moved(file, first, last),
			shown: (facts, entry) => this.shown(facts, entry),
			failed: (error) => this.failed(error),
		});
		this.tree = new Tree({
			root: byId("room-tree"),
			filter: byId("room-filter"),
			list: (folder) => listFolder(option("engagement"), option("release"), folder, this.lifetime.signal),
			open: (path) => this.open(path),
			failed: (error) => this.failed(error),
			scoped: () => (byId<HTMLElement>("room-scoped").hidden = false),
		});
		this.note = new RoomNote(this.lifetime.signal, () => byId<HTMLElement>("room-scroll").focus());
		this.look();
		this.controls();
		addEventListener("pagehide", () => this.lifetime.abort());
	}

	async start(): Promise<void> {
		const path = option("path");
		try {
			await this.tree.start();
		} catch (error) {
			this.failed(error);
			return;
		}
		if (path !== "") this.open(path, Math.max(0, Number(option("line")) - 1 || 0));
	}

	private look(): void {
		const theme = byId<HTMLSelectElement>("room-theme");
		const size = byId<HTMLSelectElement>("room-size");
		if (["light", "dark", "contrast"].includes(option("theme")) && theme.value === "") theme.value = option("theme");
		const apply = (): void => {
			const system = this.more.matches ? "contrast" : this.dark.matches ? "dark" : "light";
			if (theme.value === "") delete document.documentElement.dataset["theme"];
			else document.documentElement.dataset["theme"] = theme.value;
			this.glass.setLook(theme.value || system, Number(size.value));
		};
		theme.addEventListener("change", apply);
		size.addEventListener("change", apply);
		this.dark.addEventListener("change", apply);
		this.more.addEventListener("change", apply);
		apply();
	}

	private controls(): void {
		const goTo = byId<HTMLDialogElement>("room-goto-dialog");
		const line = byId<HTMLInputElement>("goto-line");
		byId("room-goto").addEventListener("click", () => this.askLine());
		byId("room-note").addEventListener("click", () => this.askNote());
		byId("room-help").addEventListener("click", () => byId<HTMLDialogElement>("room-help-dialog").showModal());
		goTo.addEventListener("close", () => {
			if (goTo.returnValue === "go" && /^\d+$/.test(line.value)) this.glass.goTo(Number(line.value) - 1);
			byId<HTMLElement>("room-scroll").focus();
		});
		byId("room-files").addEventListener("click", () => this.showFiles());
		document.addEventListener("keydown", (event) => this.key(event));
		byId("room-over").addEventListener("click", (event) => {
			if (event.target instanceof Element && event.target.id === "room-retry") this.retry();
		});
	}

	private showFiles(show?: boolean): void {
		const pane = byId<HTMLElement>("room-tree-pane");
		const open = pane.classList.toggle("open", show);
		byId("room-files").setAttribute("aria-expanded", String(open));
		if (open) this.tree.focus();
	}

	private askLine(): void {
		if (!this.active) return;
		const line = byId<HTMLInputElement>("goto-line");
		byId("goto-label").textContent = `Line, 1 to ${number(this.active.lines)}`;
		line.value = "";
		byId<HTMLDialogElement>("room-goto-dialog").showModal();
		line.focus();
	}

	private askNote(): void {
		if (!this.active) return;
		const place = { engagement: option("engagement"), release: option("release"), path: this.active.path, line: this.firstLine };
		this.note.ask(place);
	}

	private key(event: KeyboardEvent): void {
		const target = event.target;
		if (document.querySelector("dialog[open]")) return;
		if (event.ctrlKey && event.key.toLowerCase() === "g") {
			event.preventDefault();
			this.askLine();
			return;
		}
		if (event.ctrlKey || event.altKey || event.metaKey) return;
		if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return;
		const isButton = target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement;
		const page = this.glass.pageLines();
		const acts: Record<string, () => void> = {
			j: () => this.glass.scrollLines(1),
			k: () => this.glass.scrollLines(-1),
			ArrowDown: () => this.glass.scrollLines(1),
			ArrowUp: () => this.glass.scrollLines(-1),
			PageDown: () => this.glass.scrollLines(page),
			PageUp: () => this.glass.scrollLines(-page),
			Home: () => this.glass.goTo(0),
			End: () => this.glass.goTo((this.active?.lines ?? 1) - Math.floor(page / 2)),
			h: () => this.glass.scrollColumns(-8),
			l: () => this.glass.scrollColumns(8),
			g: () => this.askLine(),
			n: () => this.askNote(),
			t: () => (matchMedia("(max-width: 700px)").matches ? this.showFiles(true) : this.tree.focus()),
			"/": () => byId<HTMLInputElement>("room-filter").focus(),
			"[": () => this.step(-1),
			"]": () => this.step(1),
			x: () => this.active && this.close(this.active),
			"?": () => byId<HTMLDialogElement>("room-help-dialog").showModal(),
		};
		if (!isButton) acts[" "] = () => this.glass.scrollLines(event.shiftKey ? -page : page);
		const act = acts[event.key];
		if (!act) return;
		event.preventDefault();
		act();
	}

	private open(path: string, line?: number): void {
		let file = this.files.find((other) => other.path === path);
		if (!file) {
			file = { path, lines: 0, columns: 0, top: 0, left: 0, facts: null };
			this.files.push(file);
		}
		this.activate(file, line);
		void this.tree.reveal(path);
		if (byId("room-tree-pane").classList.contains("open")) this.showFiles(false);
		byId<HTMLElement>("room-scroll").focus({ preventScroll: true });
	}

	private activate(file: File, line?: number): void {
		this.active = file;
		this.say(null);
		byId("room-path").textContent = file.path;
		document.title = document.title.replace(/^[^·]*·/, `${file.path.split("/").pop() ?? ""} ·`);
		byId("room-canvas").setAttribute("aria-label", `${file.path}, as pixels`);
		this.drawTabs();
		this.facts();
		this.glass.open(file, line);
	}

	private close(file: File): void {
		const at = this.files.indexOf(file);
		this.files.splice(at, 1);
		if (file !== this.active) {
			this.drawTabs();
			return;
		}
		const next = this.files[Math.min(at, this.files.length - 1)];
		if (next) {
			this.activate(next);
			return;
		}
		this.active = null;
		this.glass.close();
		this.drawTabs();
		byId("room-path").textContent = "code room";
		byId("room-position").textContent = "";
		this.say("<p>");
	}

	private step(by: number): void {
		if (!this.active || this.files.length === 0) return;
		const at = this.files.indexOf(this.active);
		const next = this.files[(at + by + this.files.length) % this.files.length];
		if (next) this.activate(next);
	}

	private drawTabs(): void {
		const bar = byId<HTMLElement>("room-tabs");
		bar.replaceChildren(
			...this.files.map((file) => {
				const tab = document.createElement("div");
				const name = document.createElement("button");
				const close = document.createElement("button");
				tab.className = file === this.active ? "tab on" : "tab";
				tab.setAttribute("role", "presentation");
				name.type = close.type = "button";
				name.textContent = file.path.split("/").pop() ?? file.path;
				name.title = file.path;
				name.setAttribute("role", "tab");
				name.setAttribute("aria-selected", String(file === this.active));
				name.setAttribute("aria-controls", "room-panel");
				name.addEventListener("click", () => this.activate(file));
				close.textContent = "×";
				close.tabIndex = -1;
				close.setAttribute("aria-hidden", "true");
				close.title = "Close (x)";
				close.addEventListener("click", () => this.close(file));
				tab.append(name, close);
				return tab;
			}),
		);
	}

	private moved(file: File, first: number, last: number): void {
		this.firstLine = first;
		const where = file.facts ? `lines ${number(first)}–${number(last)} of ${number(file.lines)}` : "";
		const position = byId("room-position");
		if (position.textContent === where) return;
		position.textContent = where;
		clearTimeout(this.live);
		this.live = window.setTimeout(() => {
			byId("room-live").textContent = where === "" ? "" : `${file.path}, ${where}`;
			const query = new URLSearchParams({ path: file.path, line: String(first) });
			history.replaceState(null, "", `?${query}`);
		}, LIVE_MS);
	}

	private shown(facts: TileFacts, entry: string | null): void {
		this.say(null);
		if (facts.budget) this.budget(facts.budget);
		this.facts();
		if (entry !== null) {
			const link = document.createElement("a");
			link.href = `/ledger/entry/${entry}`;
			link.textContent = `Last: entry ${number(Number(entry))}`;
			byId("room-entry").replaceChildren(link);
		}
	}

	private facts(): void {
		const facts = this.active?.facts;
		const rows: [string, string][] = facts
			? [
					["Lines", number(facts.lines)],
					["Widest line", `${number(facts.columns_max)} columns`],
					["Shown as", facts.binary ? "bytes" : facts.language],
					["Profile", facts.profile],
				]
			: [];
		byId("room-facts").replaceChildren(
			...rows.flatMap(([term, text]) => {
				const dt = document.createElement("dt");
				const dd = document.createElement("dd");
				dt.textContent = term;
				dd.textContent = text;
				return [dt, dd];
			}),
		);
	}

	private budget(budget: Budget): void {
		const share = budget.lines_per_hour > 0 ? Math.max(0, Math.min(1, budget.lines_left / budget.lines_per_hour)) : 1;
		byId("room-meter").setAttribute("width", `${Math.round(share * 100)}%`);
		byId("room-budget").textContent = `${number(budget.lines_left)} of ${number(budget.lines_per_hour)} lines`;
		if (!budget.until || budget.until === this.until) return;
		this.until = budget.until;
		const end = new Date(budget.until);
		const chip = byId<HTMLElement>("room-scope");
		chip.hidden = false;
		chip.title = end.toISOString();
		clearTimeout(this.expiry);
		const left = end.getTime() - (Date.now() + this.skew);
		const when: Intl.DateTimeFormatOptions =
			left < DAY_MS ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" };
		chip.textContent = `in scope until ${end.toLocaleString("en-GB", { ...when, timeZone: "UTC" })}${left < DAY_MS ? " UTC" : ""}`;
		chip.className = left < DAY_MS ? "chip wait" : "chip ok";
		if (left < TIMER_MS_MAX)
			this.expiry = window.setTimeout(
				() => this.failed(new Refused(403, "denied", "The grant that covers this file has ended.")),
				Math.max(0, left),
			);
	}

	/* The right ended: what was on the screen goes too. Anything else leaves it there. */
	private failed(error: unknown): void {
		const refused = error instanceof Refused ? error : new Refused(0, "", "A page could not be shown.");
		this.glass.stop();
		if (refused.status === 401 || refused.status === 403) this.glass.drop();
		const words: Record<number, [string, string]> = {
			401: ["Your session has ended", "Sign in again; the room opens where you were."],
			403: ["No longer in scope", "What you saw stays recorded. Two lab officers can grant more."],
			404: ["No such file for you", "It is not there, or no grant opens it to you."],
			429: ["A limit is reached", "What is on the screen stays. There is room again as the hour moves on."],
			503: ["The lab cannot be reached", "It is asked again every few seconds."],
		};
		const [title, next] = words[refused.status] ?? ["This page could not be shown", "Try again."];
		this.say(title, refused.message, next, refused.status);
		if (refused.status === 503) window.setTimeout(() => this.retry(), RETRY_MS);
	}

	private retry(): void {
		if (this.files.length === 0) {
			location.reload();
			return;
		}
		this.glass.retry();
	}

	/* null: nothing to say; "<p>": no file is open. */
	private say(title: string | null, why = "", next = "", status = 0): void {
		const over = byId<HTMLElement>("room-over");
		over.hidden = title === null;
		if (title === null) return;
		over.className = status === 429 || status === 503 ? "over strip" : "over";
		const box = document.createElement("div");
		const paragraph = (text: string): HTMLElement => {
			const p = document.createElement("p");
			p.textContent = text;
			return p;
		};
		if (title === "<p>") {
			over.replaceChildren(paragraph("Choose a file."));
			return;
		}
		const heading = document.createElement("h2");
		const foot = document.createElement("p");
		const act = document.createElement(status === 401 ? "a" : "button");
		heading.textContent = title;
		act.className = "button";
		if (act instanceof HTMLAnchorElement) {
			act.href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
			act.textContent = "Sign in";
		} else {
			act.id = "room-retry";
			act.textContent = "Try again";
		}
		foot.className = "foot";
		foot.append(act);
		box.setAttribute("role", "alert");
		box.append(heading, paragraph(why), paragraph(next), foot);
		over.replaceChildren(box);
	}
}

void new Room().start();
