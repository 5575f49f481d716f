/*
 * glass: a canvas that scrolls over tiles of source. A tile is 60 lines of 80 cells and, below them, the visible
 * line: who sees it, for whom, when. Tiles live as bitmaps in memory, bounded, and are dropped on leaving.
 */

import { fetchTile, Refused, TileFacts, TileRequest } from "./api";

const TILE_LINES = 60;
const TILE_COLUMNS = 80;
const CELL_WIDTH = 8;
const CELL_HEIGHT = 16;
const CACHE_BYTES_MAX = 96 << 20;
/* Browsers cut longer elements off; beyond, scrolling is proportional. */
const EXTENT_PX_MAX = 8_000_000;
const REQUESTS_MAX = 3;
/* Scrolling past faster than this asks for nothing: what flies by is not looked at, and must not cost budget. */
const SETTLE_MS = 90;
/* With less left, nothing is fetched ahead. */
const PREFETCH_LINES_MIN = 600;
/* Up to so many columns of the next tile at the right edge stay blank until one scrolls there. */
const SLIVER_COLUMNS = 6;

const PAPER: Record<string, { paper: string; number: string; rule: string }> = {
	light: { paper: "#fdfdfd", number: "#6b7178", rule: "#e3dfd8" },
	dark: { paper: "#1c2024", number: "#949ca4", rule: "#2b3137" },
	contrast: { paper: "#020202", number: "#ffffff", rule: "#666666" },
};

interface Tile {
	key: string;
	row: number;
	column: number;
	facts: TileFacts | null;
	picture: ImageBitmap | null;
	request: AbortController | null;
	failed: boolean;
	used: number;
}

export interface File {
	path: string;
	lines: number;
	columns: number;
	/* First line shown, with its fraction; first column in pixels. */
	top: number;
	left: number;
	facts: TileFacts | null;
}

export interface GlassOptions {
	scroll: HTMLElement;
	extent: HTMLElement;
	canvas: HTMLCanvasElement;
	mark: HTMLCanvasElement;
	engagement: string;
	release: string;
	moved: (file: File, first: number, last: number) => void;
	shown: (facts: TileFacts, entry: string | null) => void;
	failed: (error: unknown) => void;
}

export class Glass {
	private readonly tiles = new Map<string, Tile>();
	private file: File | null = null;
	private theme = "light";
	private size = 1;
	private clock = 0;
	private bytes = 0;
	private downwards = true;
	private stopped = false;
	private linesLeft = Number.POSITIVE_INFINITY;
	private frame = 0;
	private settle = 0;
	private lastTop = 0;

	constructor(private readonly options: GlassOptions) {
		options.scroll.addEventListener("scroll", () => this.scrolled(), { passive: true });
		options.canvas.addEventListener("contextmenu", (event) => event.preventDefault());
		new ResizeObserver(() => this.layout()).observe(options.scroll);
		addEventListener("pagehide", () => this.drop());
	}

	/* Shows a file where it was left, or at a line (from 0). */
	open(file: File, line?: number): void {
		this.abort(() => true);
		this.file = file;
		this.stopped = false;
		if (line !== undefined) file.top = line;
		/* Until the first tile tells, room enough to stand at the line that was asked for. */
		if (!file.facts) file.lines = Math.floor(file.top) + 1 + 4 * TILE_LINES;
		this.layout();
	}

	close(): void {
		this.abort(() => true);
		this.file = null;
		this.draw();
	}

	setLook(theme: string, size: number): void {
		if (theme === this.theme && size === this.size) return;
		this.theme = theme;
		this.size = size;
		this.drop();
		this.layout();
	}

	/* Forgets every picture: on leaving, and when the right to see them ended. */
	drop(): void {
		this.abort(() => true);
		for (const tile of this.tiles.values()) tile.picture?.close();
		this.tiles.clear();
		this.bytes = 0;
		this.draw();
	}

	/* Nothing more is asked for until the next open or retry. */
	stop(): void {
		this.stopped = true;
		this.abort(() => true);
	}

	retry(): void {
		this.stopped = false;
		for (const tile of this.tiles.values()) tile.failed = false;
		this.fetchShown();
	}

	goTo(line: number): void {
		if (!this.file) return;
		this.file.top = Math.max(0, Math.min(line, this.file.lines - 1));
		this.toScroll();
	}

	scrollLines(lines: number): void {
		if (this.file) this.goTo(this.file.top + lines);
	}

	scrollColumns(columns: number): void {
		this.options.scroll.scrollLeft += columns * CELL_WIDTH * this.size;
	}

	pageLines(): number {
		return Math.max(1, Math.floor(this.options.scroll.clientHeight / this.cellHeight()) - 2);
	}

	private cellWidth(): number {
		return CELL_WIDTH * this.size;
	}

	private cellHeight(): number {
		return CELL_HEIGHT * this.size;
	}

	private gutter(): number {
		const digits = Math.max(3, String(this.file?.lines ?? 0).length);
		return Math.ceil((digits + 2.5) * 7.3 * this.size);
	}

	/* The smallest profile that is sharp on this screen at this size. */
	private zoom(): string {
		const wanted = this.size * devicePixelRatio;
		return wanted <= 1.01 ? "1" : wanted <= 1.51 ? "1.5" : "2";
	}

	private layout(): void {
		const { scroll, extent, canvas } = this.options;
		const ratio = devicePixelRatio;
		canvas.width = Math.max(1, Math.round(scroll.clientWidth * ratio));
		canvas.height = Math.max(1, Math.round(scroll.clientHeight * ratio));
		canvas.style.width = `${canvas.width / ratio}px`;
		canvas.style.height = `${canvas.height / ratio}px`;
		if (this.file) {
			const height = this.file.lines * this.cellHeight();
			/* The last line can be scrolled to the top third, so that an end looks like one. */
			extent.style.height = `${Math.min(height, EXTENT_PX_MAX) + (height > scroll.clientHeight ? scroll.clientHeight / 3 : 0)}px`;
			extent.style.width = `${this.gutter() + Math.max(this.file.columns, 20) * this.cellWidth()}px`;
		}
		this.toScroll();
	}

	private fullHeight(): number {
		return (this.file?.lines ?? 0) * this.cellHeight();
	}

	private toScroll(): void {
		const { scroll } = this.options;
		if (this.file) {
			const full = this.fullHeight();
			const share = full > EXTENT_PX_MAX ? EXTENT_PX_MAX / full : 1;
			scroll.scrollTop = this.file.top * this.cellHeight() * share;
			scroll.scrollLeft = this.file.left;
		}
		this.request();
		this.fetchShown();
	}

	private scrolled(): void {
		const { scroll } = this.options;
		if (!this.file?.facts) return;
		const full = this.fullHeight();
		const share = full > EXTENT_PX_MAX ? EXTENT_PX_MAX / full : 1;
		const top = scroll.scrollTop / share / this.cellHeight();
		/* Rounding by the browser must not move a line that was asked for. */
		if (Math.abs(top - this.file.top) * this.cellHeight() >= 1) this.file.top = top;
		this.file.left = scroll.scrollLeft;
		const leap = Math.abs(top - this.lastTop) > this.pageLines() * 0.6;
		this.downwards = top >= this.lastTop;
		this.lastTop = top;
		this.request();
		clearTimeout(this.settle);
		if (leap) this.settle = window.setTimeout(() => this.fetchShown(), SETTLE_MS);
		else this.fetchShown();
	}

	private request(): void {
		if (this.frame === 0)
			this.frame = requestAnimationFrame(() => {
				this.frame = 0;
				this.draw();
			});
	}

	private key(path: string, row: number, column: number): string {
		return `${this.theme} ${this.zoom()} ${row} ${column} ${path}`;
	}

	private shownRows(): [number, number] {
		const file = this.file;
		if (!file) return [0, -1];
		const rows = file.facts ? this.options.scroll.clientHeight / this.cellHeight() : 0;
		const last = Math.min(file.lines - 1, file.top + rows);
		return [Math.floor(Math.max(0, file.top) / TILE_LINES), Math.floor(Math.max(0, last) / TILE_LINES)];
	}

	private shownColumns(): [number, number] {
		const file = this.file;
		if (!file) return [0, -1];
		const first = Math.floor(this.options.scroll.scrollLeft / this.cellWidth());
		const room = (this.options.scroll.clientWidth - this.gutter()) / this.cellWidth();
		const last = Math.min(Math.max(file.columns, 1) - 1, Math.floor(first + room));
		const from = Math.floor(first / TILE_COLUMNS);
		let to = Math.floor(Math.max(first, last) / TILE_COLUMNS);
		if (to > from && last - to * TILE_COLUMNS < SLIVER_COLUMNS && first === 0) to--;
		return [from, to];
	}

	/* Ask for what is on screen, then for the next tile in the direction of reading. */
	private fetchShown(): void {
		const file = this.file;
		if (!file || this.stopped) return;
		const [firstRow, lastRow] = this.shownRows();
		const [firstColumn, lastColumn] = this.shownColumns();
		const wanted: [number, number][] = [];
		for (let row = firstRow; row <= lastRow; row++)
			for (let column = firstColumn; column <= lastColumn; column++) wanted.push([row, column]);
		if (!file.facts) wanted.length = Math.min(wanted.length, 1);
		const ahead = this.downwards ? lastRow + 1 : firstRow - 1;
		const isShown = wanted.every(([row, column]) => this.tiles.get(this.key(file.path, row, column))?.picture);
		if (isShown && this.linesLeft > PREFETCH_LINES_MIN && ahead >= 0 && ahead * TILE_LINES < file.lines)
			wanted.push([ahead, firstColumn]);
		const keys = new Set(wanted.map(([row, column]) => this.key(file.path, row, column)));
		this.abort((tile) => !keys.has(tile.key) && Math.abs(tile.row - firstRow) > 2);
		for (const [row, column] of wanted) this.fetch(file, row, column);
	}

	private abort(which: (tile: Tile) => boolean): void {
		for (const tile of this.tiles.values()) {
			if (!tile.request || !which(tile)) continue;
			tile.request.abort();
			this.tiles.delete(tile.key);
		}
	}

	private pending(): number {
		let count = 0;
		for (const tile of this.tiles.values()) if (tile.request) count++;
		return count;
	}

	private fetch(file: File, row: number, column: number): void {
		const key = this.key(file.path, row, column);
		if (this.tiles.has(key) || this.pending() >= REQUESTS_MAX) return;
		const tile: Tile = {
			key,
			row,
			column,
			facts: null,
			picture: null,
			request: new AbortController(),
			failed: false,
			used: ++this.clock,
		};
		this.tiles.set(key, tile);
		void this.load(file, tile, {
			engagement: this.options.engagement,
			release: this.options.release,
			path: file.path,
			line: row * TILE_LINES,
			column: column * TILE_COLUMNS,
			theme: this.theme,
			zoom: this.zoom(),
		});
	}

	private async load(file: File, tile: Tile, request: TileRequest): Promise<void> {
		const controller = tile.request;
		if (!controller) return;
		try {
			const { facts, picture, entry } = await fetchTile(request, controller.signal);
			if (controller.signal.aborted) {
				picture.close();
				return;
			}
			tile.request = null;
			tile.facts = facts;
			tile.picture = picture;
			this.bytes += picture.width * picture.height * 4;
			this.evict();
			this.linesLeft = facts.budget?.lines_left ?? this.linesLeft;
			const grown = file.lines !== facts.lines || file.columns !== facts.columns_max;
			file.lines = Math.max(1, facts.lines);
			file.columns = facts.columns_max;
			const first = file.facts === null;
			file.facts = facts;
			file.top = Math.min(file.top, file.lines - 1);
			if (file === this.file) {
				this.options.shown(facts, entry);
				if (grown || first) this.layout();
				else this.request();
				this.fetchShown();
			}
		} catch (error) {
			if (controller.signal.aborted) return;
			tile.request = null;
			tile.failed = true;
			this.tiles.delete(tile.key);
			this.stop();
			if (!(error instanceof Refused)) console.error("tile:", error);
			this.options.failed(error);
			this.request();
		}
	}

	private evict(): void {
		const kept = [...this.tiles.values()].filter((tile) => tile.picture).sort((a, b) => a.used - b.used);
		for (const tile of kept) {
			if (this.bytes <= CACHE_BYTES_MAX || !tile.picture) return;
			this.bytes -= tile.picture.width * tile.picture.height * 4;
			tile.picture.close();
			this.tiles.delete(tile.key);
		}
	}

	private draw(): void {
		const { canvas } = this.options;
		const context = canvas.getContext("2d");
		const look = PAPER[this.theme];
		if (!context || !look) return;
		context.setTransform(1, 0, 0, 1, 0, 0);
		context.fillStyle = look.paper;
		context.fillRect(0, 0, canvas.width, canvas.height);
		if (!this.file) {
			this.drawMark(null);
			return;
		}
		const top = this.drawTiles(context, this.file);
		if (this.file.facts) this.drawGutter(context, this.file, look);
		this.drawMark(top);
		const [first, last] = this.lineRange(this.file);
		this.options.moved(this.file, first, last);
	}

	private lineRange(file: File): [number, number] {
		const rows = this.options.scroll.clientHeight / this.cellHeight();
		return [Math.floor(file.top) + 1, Math.min(file.lines, Math.max(1, Math.floor(file.top + rows)))];
	}

	/* Returns the tile at the top, whose visible line is shown at the foot. */
	private drawTiles(context: CanvasRenderingContext2D, file: File): Tile | null {
		const ratio = devicePixelRatio;
		const [firstRow, lastRow] = this.shownRows();
		const [firstColumn, lastColumn] = this.shownColumns();
		const left = this.gutter() - this.options.scroll.scrollLeft;
		let top: Tile | null = null;
		for (let row = firstRow; row <= lastRow; row++) {
			for (let column = firstColumn; column <= lastColumn; column++) {
				const tile = this.tiles.get(this.key(file.path, row, column));
				if (!tile?.picture || !tile.facts) continue;
				tile.used = ++this.clock;
				top ??= tile;
				const scale = (this.size * ratio * CELL_HEIGHT) / tile.facts.cell[1];
				const height = tile.facts.lines_here * tile.facts.cell[1];
				const x = Math.round((left + column * TILE_COLUMNS * this.cellWidth()) * ratio);
				const y = Math.round((row * TILE_LINES - file.top) * this.cellHeight() * ratio);
				context.imageSmoothingEnabled = Math.abs(scale - 1) > 0.001;
				context.imageSmoothingQuality = "high";
				context.drawImage(
					tile.picture,
					0,
					0,
					tile.picture.width,
					height,
					x,
					y,
					Math.round(tile.picture.width * scale),
					Math.round(height * scale),
				);
			}
		}
		return top;
	}

	/* Line numbers: the only text that is drawn here. */
	private drawGutter(
		context: CanvasRenderingContext2D,
		file: File,
		look: { paper: string; number: string; rule: string },
	): void {
		const ratio = devicePixelRatio;
		const gutter = this.gutter();
		const [first, last] = this.lineRange(file);
		context.setTransform(ratio, 0, 0, ratio, 0, 0);
		context.fillStyle = look.paper;
		context.fillRect(0, 0, gutter - 4, this.options.scroll.clientHeight);
		context.fillStyle = look.rule;
		context.fillRect(gutter - 5, 0, 1, this.options.scroll.clientHeight);
		context.fillStyle = look.number;
		context.font = `${12 * this.size}px "DejaVu Sans Mono", ui-monospace, monospace`;
		context.textAlign = "right";
		context.textBaseline = "middle";
		for (let line = first; line <= Math.min(file.lines, last + 1); line++)
			context.fillText(String(line), gutter - 5 - 7 * this.size, (line - 1 - file.top + 0.5) * this.cellHeight());
	}

	/* The tile's last row, in as many rows as the foot is wide. */
	private drawMark(tile: Tile | null): void {
		const { mark } = this.options;
		const context = mark.getContext("2d");
		if (!context) return;
		const said = tile?.facts?.visible?.text;
		if (said) mark.setAttribute("aria-label", said);
		if (!tile?.picture || !tile.facts) {
			mark.width = mark.height = 1;
			mark.style.width = mark.style.height = "0px";
			return;
		}
		const [cellWidth, cellHeight] = tile.facts.cell;
		const scale = cellHeight / CELL_HEIGHT;
		const room = Math.max(160, (mark.parentElement?.clientWidth ?? 640) - 20);
		const columns = Math.min(TILE_COLUMNS, Math.floor(room / CELL_WIDTH));
		const rows = Math.ceil(TILE_COLUMNS / columns);
		mark.width = columns * cellWidth;
		mark.height = rows * cellHeight;
		mark.style.width = `${mark.width / scale}px`;
		mark.style.height = `${mark.height / scale}px`;
		for (let row = 0; row < rows; row++)
			context.drawImage(
				tile.picture,
				row * mark.width,
				TILE_LINES * cellHeight,
				mark.width,
				cellHeight,
				0,
				row * cellHeight,
				mark.width,
				cellHeight,
			);
	}
}
