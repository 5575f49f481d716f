/* harness: TAP, browsers of several looks, and what is watched on every page. */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

export const config = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const require = createRequire(path.join(config.modules, "node_modules", "."));
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const PAGE_BYTES_MAX = 30000;
const TIMEOUT_MS = 8000;
const BODY_MS = 3000;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const looks = {
	"desktop light": { width: 1280, height: 800, colorScheme: "light" },
	"desktop dark": { width: 1280, height: 800, colorScheme: "dark" },
	"phone light": { width: 390, height: 844, colorScheme: "light" },
	"phone dark": { width: 390, height: 844, colorScheme: "dark" },
};

let number = 0;
let failures = 0;
let recorded = 0;
let shot = 0;
const opened = new Set();

export async function test(name, body) {
	if (process.argv[3] && !name.includes(process.argv[3])) return;
	number++;
	try {
		await body();
		console.log(`ok ${number} - ${name}`);
	} catch (error) {
		failures++;
		console.log(`not ok ${number} - ${name}`);
		console.error(`${name}: ${error.stack ?? error}`);
	} finally {
		await Promise.all([...opened].map((close) => close()));
	}
}

export function check(condition, message) {
	if (!condition) throw new Error(message);
}

export function equal(got, wanted, message) {
	check(got === wanted, `${message}: ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
}

const browser = await chromium.launch({
	executablePath: config.chromium,
	args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync"],
});

/* Keeps each answer as the browser received it, for the check that no line of source leaves. */
async function record(response) {
	if (!config.record) return;
	const at = path.join(config.record, String(++recorded).padStart(5, "0"));
	const head = Object.entries(response.headers()).map(([name, value]) => `${name}: ${value}\n`);
	fs.writeFileSync(`${at}.head`, `${response.status()} ${response.url()}\n${head.join("")}`);
	/* A redirect has no body, and one that the page gave up never comes. */
	const late = new Promise((done) => setTimeout(done, BODY_MS, null).unref());
	const body = await Promise.race([response.body().catch(() => null), late]);
	if (body) fs.writeFileSync(`${at}.body`, body);
}

/* A browser of its own: its page, and what went wrong on it. url: of the only lab that it may ask; options: of playwright. */
export async function open(look = "desktop light", url = config.url, options = {}) {
	const { width, height, colorScheme } = looks[look];
	const context = await browser.newContext({
		ignoreHTTPSErrors: true,
		viewport: { width, height },
		colorScheme,
		reducedMotion: "reduce",
		...options,
	});
	context.setDefaultTimeout(TIMEOUT_MS);
	const page = await context.newPage();
	const troubles = [];
	const pending = new Set();
	page.on("console", (message) => {
		if (message.type() === "error" && message.text().startsWith("Failed to load resource")) return;
		if (["error", "warning"].includes(message.type())) troubles.push(`console: ${message.text()}`);
	});
	page.on("pageerror", (error) => troubles.push(`script: ${error.message}`));
	page.on("request", (request) => {
		if (!request.url().startsWith(url + "/") && !request.url().startsWith("blob:")) troubles.push(`foreign request: ${request.url()}`);
	});
	page.on("response", (response) => {
		const done = record(response).finally(() => pending.delete(done));
		pending.add(done);
	});
	const close = async () => {
		opened.delete(close);
		await Promise.all(pending);
		await context.close();
	};
	opened.add(close);
	return { page, context, troubles, close };
}

export async function signIn(page, name, where = "/", lab = config) {
	await page.goto(lab.url + "/sign-in?next=" + encodeURIComponent(where));
	await page.fill('input[name="name"]', name);
	await page.fill('input[name="password"]', lab.passwords[name]);
	await page.click("form.form button");
	await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

/* What holds on every page, whatever it shows. */
export async function inspect(page, troubles, path, status = 200) {
	const response = await page.goto(config.url + path, { waitUntil: "networkidle" });
	equal(response.status(), status, `status of ${path}`);
	const length = (await response.body()).length;
	check(length <= PAGE_BYTES_MAX, `${path} is ${length} bytes of HTML`);
	await inspectShown(page, troubles, path);
}

export async function inspectShown(page, troubles, path) {
	const facts = await page.evaluate(() => ({
		wide: document.documentElement.scrollWidth - innerWidth,
		headings: document.querySelectorAll("h1").length,
		main: document.querySelectorAll("main").length,
		inline: document.querySelectorAll("[style], script:not([src]), style").length,
		titled: document.title.endsWith("vitrine"),
	}));
	if (config.shots)
		await page.screenshot({ path: `${config.shots}/${page.viewportSize().width}${path.replaceAll(/[^a-z0-9]+/gi, "-")}${shot++}.png`, fullPage: true });
	check(facts.wide <= 0, `${path} scrolls sideways by ${facts.wide} pixels`);
	equal(facts.headings, 1, `headings of ${path}`);
	equal(facts.main, 1, `main landmarks of ${path}`);
	check(facts.titled, `${path} has no title of ours`);
	const found = await page.evaluate(
		`${axe}; axe.run({ runOnly: ${JSON.stringify(RULES)} }).then((result) => result.violations.map((violation) =>` +
			"`${violation.id}: ${violation.nodes.slice(0, 3).map((node) => node.target.join(' ') + ' ' + node.failureSummary).join(' | ')}`))",
	);
	check(found.length === 0, `axe on ${path}: ${found.join("\n")}`);
	check(troubles.length === 0, `on ${path}: ${troubles.join("\n")}`);
}

/* Another clock for the lab: only a test lab has one. */
export function shiftClock(seconds) {
	fs.writeFileSync(config.clock, String(seconds).padEnd(20), { flag: "r+" });
}

export async function finish() {
	await browser.close();
	console.log(`1..${number}`);
	process.exit(failures > 0 ? 1 : 0);
}
