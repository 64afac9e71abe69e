// Helpdesk, the agent's ticket page. Runs again on every reload of the ticket.
async function setupForm({ doc, call, toast, $dialog }) {
	const API = "outage_response.api.agent.";
	const ticket = { ticket_type: "HD Ticket", ticket: String(doc.name) };
	const OUTCOMES = ["Reached", "No Answer", "Still Out", "Refused"];

	// the page's translations arrive with its first requests
	for (let i = 0; i < 20 && !window.translatedMessages; i++) {
		await new Promise((done) => setTimeout(done, 50));
	}
	const __ = window.__ || ((text) => text);

	let seen;
	try {
		seen = await call(API + "look", ticket);
	} catch (error) {
		console.warn("Outage Response:", error);
	}
	if (!seen || !seen.may) return { actions: [] };

	function escape(text) {
		const span = document.createElement("span");
		span.textContent = text == null ? "" : String(text);
		return span.innerHTML.replace(/"/g, "&quot;");
	}

	function words(error) {
		const said = (error.messages || []).filter(Boolean);
		const text = said.length ? said.join(" ") : error.message || String(error);
		const box = document.createElement("template"); // inert: nothing in it is loaded or run
		box.innerHTML = text;
		return box.content.textContent;
	}

	// The page reloads the ticket when Helpdesk says that it changed; we say so to this page alone, also where no news
	// arrive by themselves. Helpdesk 1.14 says the number, later ones a record: each listens to its own.
	function refresh() {
		try {
			const app = document.querySelector("#app").__vue_app__;
			const heard = app.config.globalProperties.$socket.listeners("helpdesk:ticket-update");
			if (!heard.length) throw new Error("nobody listens");
			for (const listener of heard) {
				listener(Number(doc.name));
				listener({ ticket_id: String(doc.name) });
			}
		} catch (error) {
			setTimeout(() => window.location.reload(), 1500);
		}
	}

	let busy = false;
	async function run(method, values, close) {
		if (busy) return; // a second touch is the same request
		busy = true;
		try {
			const answer = await call(API + method, { ...ticket, ...values });
			close();
			toast.success(answer.message);
			(answer.warnings || []).forEach((warning) => toast.warning(warning));
			refresh();
		} catch (error) {
			toast.error(words(error));
		} finally {
			busy = false;
		}
	}

	// One page binds an action twice: by its own handler, and by all that the action has.
	function once(act) {
		let last = -1000;
		return () => {
			if (performance.now() - last < 100) return;
			last = performance.now();
			act();
		};
	}

	let made = 0;
	function field(label, control) {
		return (
			`<label style="display:block;margin-top:12px">` +
			`<span style="display:block;font-size:12px;margin-bottom:4px;opacity:.7">${escape(
				label,
			)}</span>${control}</label>`
		);
	}
	const BOX =
		"width:100%;font-size:14px;border:1px solid rgba(128,128,128,.4);border-radius:8px;background-color:transparent";

	function select(id, options) {
		const rows = options.map(
			([value, label, chosen]) =>
				`<option value="${escape(value)}"${chosen ? " selected" : ""}>` + `${escape(label)}</option>`,
		);
		return `<select id="${id}" style="${BOX}">${rows.join("")}</select>`;
	}

	function value(id) {
		const control = document.getElementById(id);
		if (!control) return "";
		return control.type === "checkbox" ? control.checked : control.value;
	}

	function table(rows) {
		const lines = rows.map(
			([label, text]) =>
				`<tr><td style="padding:3px 16px 3px 0;opacity:.7;white-space:nowrap;vertical-align:top">${escape(
					label,
				)}</td><td style="padding:3px 0">${escape(text)}</td></tr>`,
		);
		return `<table style="font-size:14px">${lines.join("")}</table>`;
	}

	function text(line) {
		return `<p style="font-size:14px">${escape(line)}</p>`;
	}

	function show() {
		const actions = [];
		if (seen.outage.url) {
			actions.push({
				label: __("Open in Desk"),
				onClick: () => window.open(seen.outage.url, "_blank"),
			});
		}
		$dialog({
			title: __("Power outage"),
			html: table(seen.outage.facts),
			actions,
		});
	}

	function askPlace(title, line, method, label, withLevel) {
		const id = `outage-${doc.name}-${Date.now()}-${made++}`;
		const request = `${id}-${Math.random().toString(36).slice(2)}`;
		let html = text(line);
		if (seen.home) html += table([[__("Unit"), seen.home]]);
		if (seen.places.length) {
			html += field(
				__("Without power"),
				select(
					`${id}-node`,
					seen.places.map((place) => [place.node, place.label, place.chosen]),
				),
			);
		}
		if (withLevel) {
			html += field(
				__("Level"),
				select(
					`${id}-level`,
					seen.levels.map(([level, title]) => [level, title, level === seen.level]),
				),
			);
			html +=
				`<label style="display:block;margin-top:12px;font-size:14px">` +
				`<input type="checkbox" id="${id}-all" style="margin-right:8px">${escape(
					__("Declare All the Same"),
				)}. ${escape(__("Where a part of it is running already: what is under way there is shared."))}</label>`;
		}
		$dialog({
			title,
			html,
			actions: [
				{
					label,
					variant: "solid",
					onClick: (close) =>
						run(
							method,
							withLevel
								? {
										node: value(`${id}-node`),
										level: value(`${id}-level`),
										all_the_same: value(`${id}-all`) ? 1 : 0,
										request_id: request,
									}
								: { node: value(`${id}-node`) || null },
							close,
						),
				},
			],
		});
	}

	function declare() {
		askPlace(
			__("Declare an outage"),
			__("This starts the response: tasks go to the people on duty at once. In doubt choose the larger area."),
			"declare",
			__("Declare the outage"),
			true,
		);
	}

	function propose() {
		askPlace(
			__("Tell the control room"),
			seen.places.length
				? __("The control room gets a proposal at once; it declares the outage.")
				: __("We do not know where this person lives. The control room is told of this ticket at once."),
			"propose",
			__("Tell the control room"),
			false,
		);
	}

	async function attach() {
		let rows;
		try {
			rows = await call(API + "running", ticket);
		} catch (error) {
			return toast.error(words(error));
		}
		const linked = seen.outage && seen.outage.incident;
		rows = rows.filter((row) => row.incident !== linked);
		const id = `outage-${doc.name}-${Date.now()}-${made++}`;
		if (!rows.length) {
			return $dialog({
				title: __("Attach to an outage"),
				message: __("No other outage is running or planned there."),
			});
		}
		$dialog({
			title: __("Attach to an outage"),
			html:
				text(
					linked
						? __("This ticket is linked to an outage; it moves to the one you choose.")
						: __("The author of this ticket gets what is known of the outage."),
				) +
				field(
					__("Outage (★: at this unit)"),
					select(
						`${id}-incident`,
						rows.map((row) => [row.incident, `${row.fits ? "★ " : ""}${row.where} · ${row.headline}`]),
					),
				),
			actions: [
				{
					label: __("Attach to this outage"),
					variant: "solid",
					onClick: (close) => run("attach", { incident: value(`${id}-incident`) }, close),
				},
			],
		});
	}

	function logCallback() {
		const pending = seen.callback;
		const id = `outage-${doc.name}-${Date.now()}-${made++}`;
		const request = `${id}-${Math.random().toString(36).slice(2)}`;
		let html = table([
			[__("Number to call"), pending.phone || __("no number")],
			[__("Reason"), pending.reason],
			[__("Call from"), pending.due],
		]);
		if (pending.offered) {
			html +=
				`<label style="display:block;margin-top:12px;font-size:14px">` +
				`<input type="checkbox" checked id="${id}-offered" style="margin-right:8px">${escape(
					__("It is the call that the telephony logged at"),
				)} ${escape(pending.offered_at)}</label>`;
		}
		html +=
			`<label style="display:block;margin-top:12px;font-size:14px">` +
			`<input type="checkbox" ${pending.resolves ? "checked" : ""} id="${id}-resolve" style="margin-right:8px">${escape(
				__("The ticket is about this outage alone: resolve it"),
			)}</label>`;
		html += field(__("Note"), `<textarea id="${id}-note" rows="3" maxlength="5000" style="${BOX}"></textarea>`);
		html += field(
			__("Satisfied with our work? (when reached)"),
			select(`${id}-rating`, [
				["", __("not asked")],
				["5", "5 ★★★★★"],
				["4", "4 ★★★★"],
				["3", "3 ★★★"],
				["2", "2 ★★"],
				["1", "1 ★"],
			]),
		);
		$dialog({
			title: __("Log callback"),
			html,
			actions: OUTCOMES.map((outcome) => ({
				label: __(outcome),
				variant: outcome === "Reached" ? "solid" : "subtle",
				onClick: (close) =>
					run(
						"log_callback",
						{
							outcome,
							note: value(`${id}-note`) || null,
							satisfaction: Number(value(`${id}-rating`)) || null,
							call_record: value(`${id}-offered`) ? pending.offered : null,
							resolve: outcome === "Reached" ? (value(`${id}-resolve`) ? 1 : 0) : null,
							request_id: `${request}-${outcome}`,
						},
						close,
					),
			})),
		});
	}

	const actions = [];
	if (seen.outage) {
		actions.push({ label: seen.outage.headline, iconLeft: "zap", onClick: once(show) });
	} else if (seen.proposal) {
		actions.push({
			label: __("Outage proposed"),
			iconLeft: "zap",
			onClick: once(() =>
				$dialog({
					title: __("Outage proposed"),
					message: seen.proposal.text,
				}),
			),
		});
	}
	if (seen.may.log_callback) {
		actions.push({
			label: __("Log callback…"),
			iconLeft: "phone",
			onClick: once(logCallback),
		});
	}
	const menu = [];
	if (seen.outage) menu.push([__("Show outage"), "eye", show]);
	if (seen.may.declare) {
		menu.push([__("Declare an outage…"), "alert-triangle", declare]);
	} else if (seen.may.propose) {
		menu.push([__("Tell the control room…"), "alert-triangle", propose]);
	}
	if (seen.may.attach) menu.push([__("Attach to an outage…"), "link", attach]);
	if (menu.length) {
		actions.push({
			group: "outage",
			hideLabel: true,
			buttonLabel: __("Outage"),
			items: menu.map(([label, icon, onClick]) => ({ label, icon, onClick })),
		});
	}
	return { actions };
}
