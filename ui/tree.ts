/* tree: the files of the release, folder by folder, as an ARIA tree; a filter over what has been listed. */

import { Entry, Folder } from "./api";

/* Folders that a first filtering lists by itself; the others are opened by hand. */
const FOLDERS_LISTED_MAX = 40;
const INDENT_PX = 14;

interface Node {
	entry: Entry;
	item: HTMLElement;
	group: HTMLElement | null;
	level: number;
	listed: boolean;
}

export interface TreeOptions {
	root: HTMLElement;
	filter: HTMLInputElement;
	list: (folder: string) => Promise<Folder>;
	open: (path: string) => void;
	failed: (error: unknown) => void;
	scoped: () => void;
}

function chevron(): SVGSVGElement {
	const ns = "http://www.w3.org/2000/svg";
	const svg = document.createElementNS(ns, "svg");
	svg.setAttribute("viewBox", "0 0 10 10");
	svg.setAttribute("aria-hidden", "true");
	const path = document.createElementNS(ns, "path");
	path.setAttribute("d", "M3 1.5 6.5 5 3 8.5");
	svg.append(path);
	return svg;
}

export class Tree {
	private readonly nodes = new Map<string, Node>();
	private current: HTMLElement | null = null;
	private count = 0;

	constructor(private readonly options: TreeOptions) {
		options.root.addEventListener("keydown", (event) => this.key(event));
		options.root.addEventListener("click", (event) => this.click(event));
		options.filter.addEventListener("input", () => void this.search());
		options.filter.addEventListener("keydown", (event) => this.filterKey(event));
	}

	async start(): Promise<void> {
		await this.fill("", this.options.root, 0);
		this.focusable(this.items()[0] ?? null);
	}

	/* Opens the folders above a file and marks it. */
	async reveal(path: string): Promise<void> {
		const parts = path.split("/");
		for (let i = 1; i < parts.length; i++) {
			const node = this.nodes.get(parts.slice(0, i).join("/"));
			if (!node) return;
			await this.expand(node, true);
		}
		for (const item of this.options.root.querySelectorAll('[aria-selected="true"]'))
			item.setAttribute("aria-selected", "false");
		const node = this.nodes.get(path);
		if (!node) return;
		node.item.setAttribute("aria-selected", "true");
		node.item.scrollIntoView({ block: "nearest" });
		this.focusable(node.item);
	}

	focus(): void {
		(this.current ?? this.items()[0])?.focus();
	}

	private async fill(folder: string, into: HTMLElement, level: number): Promise<void> {
		const answer = await this.options.list(folder);
		if (answer.scoped) this.options.scoped();
		const order = (entry: Entry): number => (entry.type === "folder" ? 0 : 1);
		for (const entry of answer.entries.slice().sort((a, b) => order(a) - order(b)))
			into.append(this.make(entry, level));
		if (answer.entries.length === 0 && level === 0) into.append("Nothing is opened to you in this release.");
	}

	private make(entry: Entry, level: number): HTMLElement {
		const item = document.createElement("div");
		const leaf = document.createElement("div");
		const count = document.createElement("i");
		const folder = entry.type === "folder";
		item.setAttribute("role", "treeitem");
		item.setAttribute("aria-level", String(level + 1));
		item.tabIndex = -1;
		item.dataset["path"] = entry.path;
		leaf.className = "leaf";
		leaf.style.paddingLeft = `${8 + level * INDENT_PX + (folder ? 0 : 16)}px`;
		if (folder) leaf.append(chevron());
		leaf.append(entry.name);
		const number = folder ? entry.files : entry.lines;
		if (entry.binary) count.textContent = "binary";
		else if (entry.type === "link" || entry.type === "submodule") count.textContent = entry.type;
		else if (number !== undefined) count.textContent = number.toLocaleString("en");
		const unit = document.createElement("span");
		unit.className = "sr";
		unit.textContent = number === undefined || entry.binary ? "" : folder ? " files" : " lines";
		leaf.id = `leaf-${++this.count}`;
		leaf.append(count, unit);
		item.setAttribute("aria-labelledby", leaf.id);
		item.append(leaf);
		let group: HTMLElement | null = null;
		if (folder) {
			group = document.createElement("div");
			group.setAttribute("role", "group");
			group.hidden = true;
			item.setAttribute("aria-expanded", "false");
			item.append(group);
		} else {
			item.setAttribute("aria-selected", "false");
		}
		this.nodes.set(entry.path, { entry, item, group, level, listed: false });
		return item;
	}

	private async expand(node: Node, open: boolean): Promise<void> {
		if (!node.group) return;
		node.item.setAttribute("aria-expanded", String(open));
		node.group.hidden = !open;
		if (!open || node.listed) return;
		node.listed = true;
		try {
			await this.fill(node.entry.path, node.group, node.level + 1);
		} catch (error) {
			node.listed = false;
			node.item.setAttribute("aria-expanded", "false");
			this.options.failed(error);
		}
	}

	private act(node: Node): void {
		if (node.group) void this.expand(node, node.group.hidden !== false);
		else if (node.entry.type === "file" || node.entry.type === "link") this.options.open(node.entry.path);
	}

	/* What can be walked with the arrow keys: every item that is shown. */
	private items(): HTMLElement[] {
		return [...this.options.root.querySelectorAll<HTMLElement>('[role="treeitem"]')].filter(
			(item) => item.offsetParent !== null,
		);
	}

	private focusable(item: HTMLElement | null): void {
		if (this.current) this.current.tabIndex = -1;
		this.current = item;
		if (item) item.tabIndex = 0;
	}

	private nodeOf(target: EventTarget | null): Node | undefined {
		const item = target instanceof Element ? target.closest<HTMLElement>('[role="treeitem"]') : null;
		return item ? this.nodes.get(item.dataset["path"] ?? "") : undefined;
	}

	private click(event: MouseEvent): void {
		const node = this.nodeOf(event.target);
		if (!node) return;
		this.focusable((event.target as Element).closest<HTMLElement>('[role="treeitem"]'));
		this.act(node);
	}

	private key(event: KeyboardEvent): void {
		const node = this.nodeOf(event.target);
		if (!node || event.ctrlKey || event.altKey || event.metaKey) return;
		const items = this.items();
		const at = this.current ? items.indexOf(this.current) : -1;
		let to: HTMLElement | undefined;
		if (event.key === "ArrowDown" || event.key === "j") to = items[at + 1];
		else if (event.key === "ArrowUp" || event.key === "k") to = items[at - 1];
		else if (event.key === "Home") to = items[0];
		else if (event.key === "End") to = items[items.length - 1];
		else if (event.key === "ArrowRight" && node.group?.hidden) void this.expand(node, true);
		else if (event.key === "ArrowRight" && node.group) to = items[at + 1];
		else if (event.key === "ArrowLeft" && node.group && !node.group.hidden) void this.expand(node, false);
		else if (event.key === "ArrowLeft") to = node.item.parentElement?.closest<HTMLElement>('[role="treeitem"]') ?? undefined;
		else if (event.key === "Enter" || event.key === " ") this.act(node);
		else return;
		event.preventDefault();
		event.stopPropagation();
		if (to) {
			this.focusable(to);
			to.focus();
		}
	}

	private filterKey(event: KeyboardEvent): void {
		if (event.key === "Escape") {
			this.options.filter.value = "";
			void this.search();
			this.focus();
		} else if (event.key === "Enter" || event.key === "ArrowDown") {
			event.preventDefault();
			const items = this.items();
			const first = items[0];
			const file = items.map((item) => this.nodes.get(item.dataset["path"] ?? "")).find((node) => node && !node.group);
			if (event.key === "Enter" && file) this.options.open(file.entry.path);
			else if (first) {
				this.focusable(first);
				first.focus();
			}
		}
	}

	private async listMore(): Promise<void> {
		for (let round = 0; round < FOLDERS_LISTED_MAX; round++) {
			const next = [...this.nodes.values()].find((node) => node.group && !node.listed);
			if (!next?.group) return;
			next.listed = true;
			await this.fill(next.entry.path, next.group, next.level + 1);
		}
	}

	/* Runs again whenever more folders have been listed, with what stands in the box by then. */
	private async search(): Promise<void> {
		if (this.options.filter.value.trim() !== "") {
			try {
				await this.listMore();
			} catch (error) {
				this.options.failed(error);
			}
		}
		const wanted = this.options.filter.value.trim().toLowerCase();
		for (const node of this.nodes.values()) {
			const fits = wanted === "" || (!node.group && node.entry.path.toLowerCase().includes(wanted));
			node.item.hidden = !fits;
			if (node.group) node.group.hidden = wanted === "" ? node.item.getAttribute("aria-expanded") !== "true" : false;
		}
		/* A folder stays as long as something in it fits. */
		for (const node of [...this.nodes.values()].reverse())
			if (node.group && wanted !== "")
				node.item.hidden = node.group.querySelector('[role="treeitem"]:not([hidden])') === null;
		this.focusable(this.items()[0] ?? null);
	}
}
