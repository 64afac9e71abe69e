// Helpdesk, the new-ticket page of both audiences: a resident reads at once what is known at home, an agent what runs.
async function setupForm({ call, $dialog }) {
	const ID = "outage-response-known";
	// the field of the subject, by its length since it has one; before, by words that were never translated
	const SUBJECT = "input[maxlength='140'], input[placeholder='A short description']";
	const inPortal = window.location.pathname.includes("/my-tickets");
	for (let i = 0; i < 20 && !window.translatedMessages; i++) {
		await new Promise((done) => setTimeout(done, 50));
	}
	const __ = window.__ || ((text) => text);

	async function read() {
		if (inPortal) {
			const rows = await call("outage_response.api.portal.known");
			return rows.map((row) => [`${row.title} (${row.where})`, row.text]);
		}
		const rows = await call("outage_response.api.agent.running", {
			ticket_type: "HD Ticket",
		});
		return rows.map((row) => [row.headline, row.where]);
	}

	function line(text, style) {
		const element = document.createElement("div");
		element.textContent = text;
		element.style.cssText = style;
		return element;
	}

	function banner(rows) {
		const box = document.createElement("div");
		box.id = ID;
		box.setAttribute("role", "status");
		box.style.cssText =
			"border:1px solid #d97706;border-left-width:6px;border-radius:8px;padding:12px 16px;background:rgba(217,119,6,.08)";
		if (!inPortal) box.append(line(__("Power outages"), "font-size:12px;opacity:.7"));
		rows.forEach(([title, text], index) => {
			const gap = index ? "margin-top:10px;" : "";
			box.append(line(title, `${gap}font-size:15px;font-weight:600`));
			box.append(line(text, "font-size:14px;line-height:1.5;margin-top:2px"));
		});
		return box;
	}

	function place(rows) {
		const subject = document.querySelector(SUBJECT);
		const form = subject && subject.closest(".max-w-4xl");
		const before = document.getElementById(ID);
		if (before) before.remove();
		if (form) return form.prepend(banner(rows));
		$dialog({
			title: rows[0][0],
			message: rows.map(([, text]) => text).join(" "),
		});
	}

	// not awaited: the page does not wait for it
	read()
		.then((rows) => rows.length && place(rows))
		.catch((error) => console.warn("Outage Response:", error));
	if (!inPortal) return { actions: [] };
	// the portal's own menu takes no entry of others
	const go = () => window.location.assign("/outages");
	return { actions: [{ label: __("Power at my home"), iconLeft: "zap", onClick: go }] };
}
