// Helpdesk's lists of tickets, which take no form script. A resident reads on top of their tickets what is known of the power
// at home; whoever may attach tickets does so with those that are ticked.
(() => {
	const EVERY_MS = 60_000;
	const BANNER = "outage-response-at-home";
	const BUTTON = "outage-response-attach";
	const AMBER = "#d97706";
	const GREEN = "#16a34a";

	async function call(method, values) {
		const response = await fetch(`/api/method/outage_response.api.${method}`, {
			method: "POST",
			headers: { "Content-Type": "application/json", "X-Frappe-CSRF-Token": window.csrf_token || "" },
			body: JSON.stringify(values || {}),
		});
		const answer = await response.json().catch(() => ({}));
		if (!response.ok) throw new Error(words(answer));
		return answer.message;
	}

	function words(answer) {
		try {
			const said = JSON.parse(answer._server_messages || "[]").map((one) => JSON.parse(one).message);
			const box = document.createElement("template"); // inert: nothing in it is loaded or run
			box.innerHTML = said.join(" ");
			return box.content.textContent || __("No connection. Try again.");
		} catch (error) {
			return __("No connection. Try again.");
		}
	}

	const __ = (text) => (window.__ ? window.__(text) : text);

	function made(tag, text, style) {
		const element = document.createElement(tag);
		element.textContent = text;
		element.style.cssText = style || "";
		return element;
	}

	// Of a text with a place in it Helpdesk 1.14 makes something that is to be formatted, later ones leave the text
	function filled(text, value) {
		return text.format ? text.format(value) : String(text).replace("{0}", value);
	}

	function isResidentsList() {
		return /^\/helpdesk\/my-tickets\/?$/.test(window.location.pathname);
	}

	function isAgentsList() {
		return /^\/helpdesk\/tickets\/?$/.test(window.location.pathname);
	}

	// ------------------------------------------------------------ on top of a resident's tickets

	let known = [];
	let readAt = 0;

	function banner() {
		// the link stands inside: a link that is itself a status is none for those who have the page read to them
		const status = made("div", "", "flex-shrink:0;margin:12px 16px 4px");
		status.id = BANNER;
		status.setAttribute("role", "status");
		const box = document.createElement("a");
		box.href = "/outages";
		const [line, ground] = known.every((row) => row.kind === "back") ? [GREEN, "22,163,74"] : [AMBER, "217,119,6"];
		box.style.cssText =
			`display:block;padding:12px 16px;border:1px solid ${line};border-left-width:6px;border-radius:8px;` +
			`background:rgba(${ground},.08);text-decoration:none;color:inherit`;
		status.append(box);
		known.forEach((row, index) => {
			const gap = index ? "margin-top:10px;" : "";
			box.append(
				made("div", `${row.title} (${row.where})`, `${gap}font-size:15px;font-weight:600`),
				made("div", row.text, "font-size:14px;line-height:1.5;margin-top:2px"),
			);
		});
		return status;
	}

	async function readKnown() {
		readAt = Date.now();
		try {
			known = await call("portal.known");
		} catch (error) {
			console.warn("Outage Response:", error);
		}
		showKnown();
	}

	function showKnown() {
		const shown = document.getElementById(BANNER);
		if (!isResidentsList() || !known.length) return shown && shown.remove();
		const header = document.getElementById("app-header");
		if (!header) return;
		const fresh = banner();
		if (shown && shown.textContent === fresh.textContent) return;
		if (shown) return shown.replaceWith(fresh);
		// below the row of the header: it stands alone on a phone, and in a row on a wide screen
		const row = header.parentElement.children.length > 1 || header.tagName === "DIV" ? header.parentElement : header;
		row.after(fresh);
	}

	// ------------------------------------------------------------ attaching the tickets that are ticked

	function ticked() {
		const names = [...document.querySelectorAll("a[href*='/helpdesk/tickets/']")]
			.filter((row) => row.querySelector("input[type=checkbox]:checked"))
			.map((row) => (row.getAttribute("href").match(/\/tickets\/(\d+)/) || [])[1])
			.filter(Boolean);
		return [...new Set(names)];
	}

	let mayAttach; // asked for once: with the first tick

	async function offer() {
		const names = isAgentsList() ? ticked() : [];
		let button = document.getElementById(BUTTON);
		if (!names.length) return button && button.remove();
		if (mayAttach === undefined) {
			mayAttach = false; // while it is asked; without an answer it is asked again
			mayAttach = await call("agent.may_attach", { ticket_type: "HD Ticket" }).catch(() => undefined);
		}
		if (!mayAttach) return;
		button = document.getElementById(BUTTON);
		if (!button) {
			button = made(
				"button",
				"",
				`position:fixed;right:24px;bottom:72px;z-index:30;padding:10px 16px;border-radius:8px;border:0;` +
					`background:${AMBER};color:#fff;font-size:14px;font-weight:600;cursor:pointer;box-shadow:0 2px 8px rgba(0,0,0,.3)`,
			);
			button.id = BUTTON;
			button.onclick = () => ask(ticked());
			document.body.append(button);
		}
		const label = filled(__("Attach to an outage ({0})…"), names.length);
		if (button.textContent !== label) button.textContent = label;
	}

	async function ask(names) {
		const dialog = document.createElement("dialog");
		dialog.style.cssText =
			"margin:auto;max-width:560px;width:calc(100% - 32px);border:0;border-radius:12px;padding:20px;" +
			"box-shadow:0 8px 32px rgba(0,0,0,.4);background:var(--surface-modal,#fff);color:var(--ink-gray-9,#171717)";
		const title = filled(__("Attach {0} tickets to an outage"), names.length);
		dialog.append(made("h3", title, "font-size:18px;font-weight:600"));
		document.body.append(dialog);
		dialog.addEventListener("close", () => dialog.remove());
		const said = made("p", "", "font-size:14px;margin-top:8px");
		said.setAttribute("role", "alert");
		const row = made("div", "", "display:flex;gap:8px;justify-content:flex-end;margin-top:16px");
		const button = (label, act, strong) => {
			const one = made(
				"button",
				label,
				"padding:8px 14px;border-radius:8px;border:0;font-size:14px;cursor:pointer;" +
					(strong ? "background:#171717;color:#fff" : "background:rgba(128,128,128,.15);color:inherit"),
			);
			one.type = "button";
			one.onclick = act;
			row.append(one);
			return one;
		};
		button(__("Close"), () => dialog.close());
		dialog.showModal();
		let rows = [];
		try {
			rows = await call("agent.running", { ticket_type: "HD Ticket" });
		} catch (error) {
			said.textContent = error.message;
		}
		if (!rows.length) {
			said.textContent ||= __("No other outage is running or planned there.");
			return dialog.append(said, row);
		}
		const choice = made(
			"select",
			"",
			"width:100%;margin-top:12px;font-size:14px;padding:8px;border:1px solid rgba(128,128,128,.4);border-radius:8px;" +
				"background-color:transparent;color:inherit",
		);
		for (const one of rows) {
			const option = made("option", `${one.where} · ${one.headline}`);
			option.value = one.incident;
			choice.append(option);
		}
		const attach = button(
			__("Attach to this outage"),
			async () => {
				attach.disabled = true;
				try {
					const answer = await call("agent.attach_many", {
						ticket_type: "HD Ticket",
						tickets: names,
						incident: choice.value,
					});
					said.textContent = [answer.message, ...(answer.warnings || [])].join(" ");
					attach.remove();
					dialog.addEventListener("close", () => window.location.reload());
				} catch (error) {
					said.textContent = error.message;
					attach.disabled = false;
				}
			},
			true,
		);
		const line = __("The authors of these tickets get what is known of the outage.");
		dialog.append(made("p", line, "font-size:14px;margin-top:8px"), choice, said, row);
	}

	// The page is one document whose parts come and go: it is looked at, not listened to.
	setInterval(() => {
		if (document.hidden) return;
		if (isResidentsList() && Date.now() - readAt > EVERY_MS) readKnown();
		else showKnown();
		offer();
	}, 1000);
})();
