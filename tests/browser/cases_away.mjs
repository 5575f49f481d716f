/* cases_away: the vault of a running lab stops and comes back; the point stays, and says so. In a lab of its own. */
import { spawn } from "node:child_process";
import { check, config, equal, inspectShown, open, signIn, test } from "./harness.mjs";

const START_MS = 20000;
const BACK_MS = 30000;

/* {process, ended: its exit status} of one part of the lab; stdout of ours, its log to our error stream. */
function start([binary, ...words]) {
	const child = spawn(binary, words, { stdio: ["ignore", "pipe", "inherit"] });
	const ended = new Promise((done) => child.on("exit", (status, signal) => done(signal ?? status)));
	return { child, ended };
}

/* The point says "ready" when its vault has answered. */
async function ready({ child, ended }) {
	const said = new Promise((done) => child.stdout.on("data", (text) => String(text).includes("ready ") && done("ready")));
	const late = new Promise((done) => setTimeout(done, START_MS, "late").unref());
	equal(await Promise.race([said, ended, late]), "ready", "the point's start");
}

async function stop({ child, ended }) {
	child.kill("SIGTERM");
	return ended;
}

/* An answer of this page, as the browser would take it, but that it stays: for the checks that take their time. */
async function staying(page, path) {
	await page.route(`**${path}`, async (route) => {
		const response = await route.fetch();
		const { refresh, ...headers } = response.headers();
		await route.fulfill({ response, headers });
	});
}

export default async function away() {
	await test("a vault that is away: the point says so, and goes on when it is back", async () => {
		const lab = config.apart;
		const running = [start(lab.vault)];
		try {
			running.push(start(lab.point));
			await ready(running[1]);
			const { page, troubles, close } = await open("desktop light", lab.url);
			await signIn(page, "ada", "/ledger", lab);
			equal(await page.textContent("h1"), "Ledger", "a page while all is well");

			equal(await stop(running.shift()), 0, "how the vault ended");
			await staying(page, "/ledger");
			const shown = await page.goto(lab.url + "/ledger");
			equal(shown.status(), 503, "status of a page");
			equal(await page.textContent("h1"), "The lab cannot be reached", "what the page says");
			const text = await page.textContent("main");
			check(text.includes("Nothing was sent, and nothing was changed"), "what was kept is not said");
			check(text.includes("looks again every three seconds"), "what to do next is not said");
			await inspectShown(page, troubles, "a page without its vault");
			await page.unroute("**/ledger");

			const call = await page.request.post(lab.url + "/v1/ledger.list", {
				headers: { "Vitrine-Csrf": "1", Origin: lab.url, "Content-Type": "application/json" },
				data: "{}",
			});
			equal(call.status(), 503, "status of a call");
			equal(call.headers()["retry-after"], "2", "when a call may come again");
			check((await call.json()).message.length > 0, "a call is not told why");

			/* The page that is open comes back by itself, and the session with it. */
			equal((await page.goto(lab.url + "/ledger")).status(), 503, "status while the vault is still away");
			running.push(start(lab.vault));
			await page.waitForFunction(() => document.querySelector("h1")?.textContent === "Ledger", null, { timeout: BACK_MS });
			check((await page.locator("table.ledger tbody tr").count()) > 0, "the entries are not there again");
			await page.goto(lab.url + "/account");
			equal(new URL(page.url()).pathname, "/account", "the session is still there");
			await close();
		} finally {
			await Promise.all(running.map(stop));
		}
	});
}
