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

	// Of a text with a place in it Helpdesk 1.14 makes something that is to be formatted, later ones leave the text
	function filled(text, value) {
		return text.format ? text.format(value) : String(text).replace("{0}", value);
	}

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
	function run(method, values, close) {
		return post(API + method, { ...ticket, ...values }, close);
	}

	async function post(method, values, close, said) {
		if (busy) return; // a second touch is the same request
		busy = true;
		try {
			const answer = await call(method, values);
			close();
			toast.success(said || answer.message);
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
		let html = seen.told ? text(seen.told) : "";
		html += table(seen.outage.facts);
		if (seen.called.length) html += heading(__("Who was called")) + table(seen.called);
		$dialog({ title: __("Power outage"), html, actions });
	}

	function heading(line) {
		return `<p style="font-size:14px;font-weight:600;margin-top:12px">${escape(line)}</p>`;
	}

	function showTold() {
		const lines = [seen.proposal && seen.proposal.text, seen.told].filter(Boolean);
		$dialog({ title: __("The control room knows"), html: lines.map(text).join("") });
	}

	function steps() {
		const lines = seen.steps.map((step) => [
			[step.due, step.status_label].filter(Boolean).join(" · "),
			[step.what, step.where].filter(Boolean).join(" · "),
		]);
		$dialog({
			title: __("Open steps of this outage"),
			html: table(lines),
			actions: [
				...seen.steps.slice(0, 8).map((step) => ({
					label: step.what,
					theme: step.late ? "red" : "gray",
					variant: "subtle",
					onClick: (close) => {
						close();
						oneStep(step);
					},
				})),
				{ label: __("My outage tasks"), onClick: () => window.open("/my-outage-tasks", "_blank") },
			],
		});
	}

	function oneStep(step) {
		const asks = step.asks || {};
		const id = `outage-${step.name}-${Date.now()}-${made++}`;
		const request = `${id}-${Math.random().toString(36).slice(2)}`;
		const elsewhere = asks.items || step.read_back || step.held || step.inside || step.completes_with;
		const facts = [
			[__("Where"), step.where],
			[__("Status"), step.status_label],
			[__("Due"), step.due],
			[__("Number to call"), step.phone],
			[__("Waits for"), step.waiting],
		];
		let html = table(facts.filter(([, value]) => value));
		if (elsewhere) html += text(__("This step is ended on the page My outage tasks."));
		if (!elsewhere && asks.outcomes) {
			html += field(
				__("Outcome"),
				select(
					`${id}-outcome`,
					asks.outcomes.map(([key, label]) => [key, label]),
				),
			);
		}
		const checks = elsewhere ? [] : asks.checks || [];
		checks.forEach(([key, label], index) => {
			html += tick(`${id}-check-${index}`, label);
		});
		if (!elsewhere && asks.evidence && asks.evidence !== "none") {
			html += field(
				__("Evidence: who was called, what was seen"),
				`<textarea id="${id}-evidence" rows="2" maxlength="5000" style="${BOX}"></textarea>`,
			);
			if (asks.later) html += tick(`${id}-later`, __("Evidence follows"));
		}
		const STAFF = "outage_response.api.staff.";
		const actions = [];
		if (!elsewhere) {
			actions.push({
				label: __("Step done"),
				variant: "solid",
				onClick: (close) =>
					post(
						`${STAFF}complete`,
						{
							task: step.name,
							outcome: asks.outcomes ? value(`${id}-outcome`) : null,
							checks: checks.filter((_, index) => value(`${id}-check-${index}`)).map(([key]) => key),
							evidence: value(`${id}-evidence`) || null,
							evidence_later: Boolean(value(`${id}-later`)),
							request_id: `${request}-done`,
						},
						close,
						__("Step done"),
					),
			});
		}
		if (step.status === "Open") {
			actions.push({
				label: __("I take it"),
				variant: "subtle",
				onClick: (close) =>
					post(`${STAFF}acknowledge`, { task: step.name, request_id: `${request}-mine` }, close, __("It is yours.")),
			});
		}
		if (elsewhere) {
			actions.push({
				label: __("My outage tasks"),
				variant: "subtle",
				onClick: () => window.open("/my-outage-tasks", "_blank"),
			});
		}
		$dialog({ title: step.what, html, actions });
	}

	function tick(id, label, set) {
		return (
			`<label style="display:block;margin-top:12px;font-size:14px">` +
			`<input type="checkbox" ${set ? "checked" : ""} id="${id}" style="margin-right:8px">${escape(label)}</label>`
		);
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
			const shared = __("Where a part of it is running already: what is under way there is shared.");
			html += tick(`${id}-all`, `${__("Declare All the Same")}. ${shared}`);
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
			const logged = __("It is the call that the telephony logged at");
			html += tick(`${id}-offered`, `${logged} ${pending.offered_at}`, true);
		}
		html += tick(`${id}-resolve`, __("The ticket is about this outage alone: resolve it"), pending.resolves);
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

	// What the control room does shows here within seconds, where the reader may hear of it: Helpdesk says only that the
	// ticket itself changed.
	function follow() {
		const app = document.querySelector("#app");
		const socket = app && app.__vue_app__ && app.__vue_app__.config.globalProperties.$socket;
		if (!socket) return;
		const shown = (one) =>
			JSON.stringify([
				one.outage && one.outage.headline,
				one.proposal,
				one.told,
				one.called,
				one.steps.map((step) => [step.name, step.status]),
				one.callback,
				one.may,
			]);
		let waits;
		function heard() {
			clearTimeout(waits);
			waits = setTimeout(async () => {
				if (!window.location.pathname.includes(`/tickets/${doc.name}`)) return;
				const now = await call(API + "look", ticket).catch(() => null);
				if (now && now.may && shown(now) !== shown(seen)) refresh();
			}, 1000);
		}
		if (window.outage_response_stop) window.outage_response_stop();
		if (seen.may.follow) socket.emit("doctype_subscribe", "Outage Incident");
		socket.on("outage_changed", heard);
		window.outage_response_stop = () => socket.off("outage_changed", heard);
	}
	follow();

	const actions = [];
	if (seen.outage) {
		actions.push({ label: seen.outage.headline, iconLeft: "zap", onClick: once(show) });
	} else if (seen.proposal || seen.told) {
		actions.push({ label: __("The control room knows"), iconLeft: "zap", onClick: once(showTold) });
	}
	if (seen.steps.length) {
		actions.push({
			label: filled(__("Steps: {0}"), seen.steps.length),
			iconLeft: "check-square",
			onClick: once(steps),
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
