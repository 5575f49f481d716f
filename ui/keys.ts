/*
 * keys: ceremonies with a security key, on the page of one's keys and on the page where a decision is signed. The pages
 * work without: what is signed can be signed elsewhere and pasted. Nothing is kept; the form carries what the key said.
 */

/* How the vault names a key: the last bytes of its SubjectPublicKeyInfo, after a head that says which type it is. */
const ES256_HEAD = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
const ED25519_HEAD = "302a300506032b6570032100";
const COSE_ES256 = -7;
const COSE_EDDSA = -8;

/* What level 2 adds to the answer to a new key, where the compiler's own types are of level 1. */
interface NewKey extends AuthenticatorAttestationResponse {
	getPublicKey(): ArrayBuffer | null;
	getAuthenticatorData(): ArrayBuffer;
}

function hex(bytes: Uint8Array): string {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64(bytes: ArrayBuffer | Uint8Array): string {
	return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

function fromBase64url(text: string): Uint8Array {
	const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
	return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

function keyText(spki: ArrayBuffer): string {
	const bytes = new Uint8Array(spki);
	for (const [word, head] of [["es256", ES256_HEAD], ["ed25519", ED25519_HEAD]] as const) {
		const length = head.length / 2;
		if (hex(bytes.slice(0, length)) === head) return word + ":" + base64(bytes.slice(length));
	}
	throw new Error("This security key makes keys of another type.");
}

function field(form: HTMLFormElement, name: string): HTMLInputElement {
	return form.elements.namedItem(name) as HTMLInputElement;
}

function credentials(form: HTMLFormElement): PublicKeyCredentialDescriptor[] {
	const ids = (form.dataset["credentials"] ?? "").split(" ").filter((id) => id !== "");
	return ids.map((id) => ({ type: "public-key", id: fromBase64url(id) }));
}

async function makeKey(form: HTMLFormElement): Promise<void> {
	const { challenge, rp, lab, person, display } = form.dataset;
	const made = (await navigator.credentials.create({
		publicKey: {
			challenge: fromBase64url(challenge ?? ""),
			rp: { id: rp ?? "", name: lab ?? "" },
			user: { id: new TextEncoder().encode(person), name: display ?? "", displayName: display ?? "" },
			pubKeyCredParams: [
				{ type: "public-key", alg: COSE_ES256 },
				{ type: "public-key", alg: COSE_EDDSA },
			],
			authenticatorSelection: { userVerification: "required", residentKey: "discouraged" },
			attestation: "none",
			excludeCredentials: credentials(form),
		},
	})) as PublicKeyCredential;
	const response = made.response as NewKey;
	const spki = response.getPublicKey();
	if (spki === null) throw new Error("This browser does not tell the new key.");
	field(form, "key").value = keyText(spki);
	field(form, "authenticator").value = base64(response.getAuthenticatorData());
	field(form, "client").value = base64(response.clientDataJSON);
}

async function sign(form: HTMLFormElement): Promise<void> {
	const { challenge, rp } = form.dataset;
	const made = (await navigator.credentials.get({
		publicKey: {
			challenge: fromBase64url(challenge ?? ""),
			rpId: rp ?? "",
			allowCredentials: credentials(form),
			userVerification: "required",
		},
	})) as PublicKeyCredential;
	const response = made.response as AuthenticatorAssertionResponse;
	field(form, "signature").value = JSON.stringify({
		authenticator: base64(response.authenticatorData),
		client: base64(response.clientDataJSON),
		sig: base64(response.signature),
		type: "webauthn",
	});
}

/* A form whose button begins a ceremony and, when it went well, sends the form. */
function ceremony(id: string, perform: (form: HTMLFormElement) => Promise<void>): void {
	const form = document.getElementById(id);
	if (!(form instanceof HTMLFormElement) || typeof PublicKeyCredential === "undefined") return;
	const said = form.querySelector<HTMLElement>("[role=alert]");
	const button = form.querySelector("button");
	/* Drawn hidden: without script its button would do nothing. */
	form.hidden = false;
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		if (button !== null) button.disabled = true;
		perform(form).then(
			() => form.submit(),
			(error: unknown) => {
				if (button !== null) button.disabled = false;
				if (said === null) return;
				said.hidden = false;
				said.textContent =
					"The security key gave no answer: " + (error instanceof Error ? error.message : String(error));
			},
		);
	});
}

ceremony("offer-key", makeKey);
ceremony("sign-decision", sign);
