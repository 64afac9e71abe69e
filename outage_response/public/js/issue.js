// ERPNext's Issue form: what is known of its outage, and what the agent may do about it.
frappe.provide("outage_response.issue");

frappe.ui.form.on("Issue", {
	refresh(frm) {
		// Who reads Issues by a role of the company's own is no agent: nothing is asked, and nothing refused aloud
		const agent = (frappe.user_roles || []).some((role) => role === "Support Team" || role.startsWith("Outage "));
		if (agent) outage_response.issue.refresh(frm).catch(() => {});
	},
});

Object.assign(outage_response.issue, {
	async call(frm, method, values) {
		const given = Object.entries(values || {}).filter(([, value]) => value !== null && value !== "");
		const answer = await frappe.call({
			method: `outage_response.api.agent.${method}`,
			args: {
				ticket_type: "Issue",
				ticket: frm.doc.name,
				...Object.fromEntries(given),
			},
		});
		return answer.message;
	},

	async refresh(frm) {
		if (frm.is_new()) return this.show_running(frm);
		const name = frm.doc.name;
		// a form may be refreshed again before the answer is there: what the last one brings is shown, once
		const asked = (this.asked = Symbol(name));
		const seen = await this.call(frm, "look");
		if (!seen || !seen.may || frm.doc.name !== name || this.asked !== asked) return;
		const group = __("Outage");
		if (seen.outage) {
			this.headline(frm, [seen.outage.headline], seen.outage.running ? "orange" : "green");
			frm.add_custom_button(__("Show outage"), () => this.show(seen), group);
		} else if (seen.proposal || seen.told) {
			this.headline(frm, [seen.proposal && seen.proposal.text, seen.told].filter(Boolean), "yellow");
		}
		if (seen.steps.length) {
			frm.add_custom_button(__("Steps: {0}", [seen.steps.length]), () => this.steps(frm, seen));
		}
		this.follow(frm, seen);
		if (seen.may.declare) {
			frm.add_custom_button(__("Declare an outage…"), () => this.declare(frm, seen), group);
		} else if (seen.may.propose) {
			frm.add_custom_button(__("Tell the control room…"), () => this.propose(frm, seen), group);
		}
		if (seen.may.attach) {
			frm.add_custom_button(__("Attach to an outage…"), () => this.attach(frm, seen), group);
		}
		if (seen.may.log_callback) {
			frm.add_custom_button(__("Log callback…"), () => this.log_callback(frm, seen.callback));
		}
	},

	async show_running(frm) {
		const answer = await frappe.call({
			method: "outage_response.api.agent.running",
			args: { ticket_type: "Issue" },
		});
		const lines = (answer.message || []).map((row) => frappe.utils.escape_html(`${row.where}: ${row.headline}`));
		if (lines.length && frm.is_new()) frm.set_intro(lines.join("<br>"), "orange");
	},

	async run(frm, dialog, method, values) {
		const answer = await this.call(frm, method, values);
		dialog.hide();
		const say = (text, indicator) => frappe.show_alert({ message: frappe.utils.escape_html(text), indicator });
		say(answer.message, "green");
		(answer.warnings || []).forEach((warning) => say(warning, "orange"));
		frm.reload_doc();
	},

	table(rows) {
		const lines = rows.map(
			([label, value]) =>
				`<tr><td class="text-muted pr-4">${frappe.utils.escape_html(
					label,
				)}</td><td>${frappe.utils.escape_html(value)}</td></tr>`,
		);
		return `<table>${lines.join("")}</table>`;
	},

	// Frappe adds one headline to the other: the one before goes first
	headline(frm, lines, color) {
		const MINE = "outage-response-headline";
		const before = $(frm.wrapper).find(`.${MINE}`);
		const boxed = before.closest(".form-message-container > *"); // since 16 each has a box of its own
		(boxed.length ? boxed : before.next(".close-message").addBack()).remove();
		const text = lines.map((line) => frappe.utils.escape_html(line)).join("<br>");
		frm.dashboard.set_headline(`<div class="${MINE}">${text}</div>`, color);
	},

	// What the control room does shows here within seconds, to those who may read outages
	follow(frm, seen) {
		const name = frm.doc.name;
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
		const look = frappe.utils.debounce(async () => {
			// asks which form is shown, and touches none
			// nosemgrep: frappe-cur-frm-usage
			if (cur_frm !== frm || frm.doc.name !== name || frm.is_dirty()) return;
			const now = await this.call(frm, "look");
			if (now && now.may && shown(now) !== shown(seen)) frm.reload_doc();
		}, 1000);
		this.unfollow?.();
		if (seen.may.follow) frappe.realtime.doctype_subscribe("Outage Incident");
		this.unfollow = outage_response.on_change(look);
	},

	steps(frm, seen) {
		const dialog = new frappe.ui.Dialog({
			title: __("Open steps of this outage"),
			fields: seen.steps.flatMap((step, index) => [
				{
					fieldtype: "HTML",
					options: this.table([[[step.due, step.status_label].filter(Boolean).join(" · "), step.where]]),
				},
				{
					fieldtype: "Button",
					fieldname: `step_${index}`,
					label: step.what,
					click: () => {
						dialog.hide();
						this.one_step(frm, step);
					},
				},
			]),
			primary_action_label: __("My outage tasks"),
			primary_action: () => window.open("/my-outage-tasks", "_blank"),
		});
		dialog.show();
	},

	one_step(frm, step) {
		const request_id = frappe.utils.get_random(20);
		const asks = step.asks || {};
		const elsewhere = asks.items || step.read_back || step.held || step.inside || step.completes_with;
		const facts = [
			[__("Where"), step.where],
			[__("Status"), step.status_label],
			[__("Due"), step.due],
			[__("Number to call"), step.phone],
			[__("Waits for"), step.waiting],
		];
		const fields = [{ fieldtype: "HTML", options: this.table(facts.filter(([, value]) => value)) }];
		const checks = elsewhere ? [] : asks.checks || [];
		if (!elsewhere && asks.outcomes) {
			fields.push({
				fieldtype: "Select",
				fieldname: "outcome",
				label: __("Outcome"),
				reqd: 1,
				options: asks.outcomes.map(([value, label]) => ({ value, label })),
			});
		}
		checks.forEach(([, label], index) => fields.push({ fieldtype: "Check", fieldname: `check_${index}`, label }));
		if (!elsewhere && asks.evidence && asks.evidence !== "none") {
			const label = __("Evidence: who was called, what was seen");
			fields.push({ fieldtype: "Small Text", fieldname: "evidence", label });
			if (asks.later) fields.push({ fieldtype: "Check", fieldname: "later", label: __("Evidence follows") });
		}
		const post = async (method, args, said) => {
			const answer = await frappe.call({ method: `outage_response.api.staff.${method}`, type: "POST", args });
			dialog.hide();
			frappe.show_alert({ message: said, indicator: "green" });
			(answer.message.warnings || []).forEach((warning) =>
				frappe.show_alert({ message: frappe.utils.escape_html(warning), indicator: "orange" }),
			);
			frm.reload_doc();
		};
		const dialog = new frappe.ui.Dialog({
			title: step.what,
			fields,
			primary_action_label: elsewhere ? __("My outage tasks") : __("Step done"),
			primary_action: (values) => {
				if (elsewhere) return window.open("/my-outage-tasks", "_blank");
				const args = {
					task: step.name,
					outcome: values.outcome || null,
					checks: JSON.stringify(checks.filter((_, index) => values[`check_${index}`]).map(([key]) => key)),
					evidence: values.evidence || null,
					evidence_later: values.later ? 1 : 0,
					request_id: `${request_id}-done`,
				};
				return post("complete", args, __("Step done"));
			},
		});
		if (step.status === "Open") {
			dialog.set_secondary_action_label(__("I take it"));
			dialog.set_secondary_action(() =>
				post("acknowledge", { task: step.name, request_id: `${request_id}-mine` }, __("It is yours.")),
			);
		}
		dialog.show();
	},

	show(seen) {
		const outage = seen.outage;
		let html = seen.told ? `<p>${frappe.utils.escape_html(seen.told)}</p>` : "";
		html += this.table(outage.facts);
		if (seen.called.length) html += `<h5 class="mt-3">${__("Who was called")}</h5>${this.table(seen.called)}`;
		const dialog = new frappe.ui.Dialog({
			title: __("Power outage"),
			fields: [{ fieldtype: "HTML", options: html }],
		});
		if (outage.url) {
			dialog.set_primary_action(__("Open in Desk"), () => {
				dialog.hide();
				frappe.set_route("Form", "Outage Incident", outage.incident);
			});
		}
		dialog.show();
	},

	place_fields(seen, line) {
		const fields = [
			{
				fieldtype: "HTML",
				options: `<p>${frappe.utils.escape_html(line)}</p>` + (seen.home ? this.table([[__("Unit"), seen.home]]) : ""),
			},
		];
		if (seen.places.length) {
			fields.push({
				fieldtype: "Select",
				fieldname: "node",
				label: __("Without power"),
				reqd: 1,
				options: seen.places.map((place) => ({
					value: place.node,
					label: place.label,
				})),
				default: (seen.places.find((place) => place.chosen) || seen.places[0]).node,
			});
		}
		return fields;
	},

	declare(frm, seen) {
		const request_id = frappe.utils.get_random(20);
		const dialog = new frappe.ui.Dialog({
			title: __("Declare an outage"),
			fields: [
				...this.place_fields(
					seen,
					__("This starts the response: tasks go to the people on duty at once. In doubt choose the larger area."),
				),
				{
					fieldtype: "Select",
					fieldname: "level",
					label: __("Level"),
					reqd: 1,
					default: seen.level,
					options: seen.levels.map(([value, label]) => ({ value, label })),
				},
				{
					fieldtype: "Check",
					fieldname: "all_the_same",
					label: __("Declare All the Same"),
					description: __("Where a part of it is running already: what is under way there is shared."),
				},
			],
			primary_action_label: __("Declare the outage"),
			primary_action: (values) => this.run(frm, dialog, "declare", { ...values, request_id }),
		});
		dialog.show();
	},

	propose(frm, seen) {
		const dialog = new frappe.ui.Dialog({
			title: __("Tell the control room"),
			fields: this.place_fields(
				seen,
				seen.places.length
					? __("The control room gets a proposal at once; it declares the outage.")
					: __("We do not know where this person lives. The control room is told of this ticket at once."),
			),
			primary_action_label: __("Tell the control room"),
			primary_action: (values) => this.run(frm, dialog, "propose", values),
		});
		dialog.show();
	},

	async attach(frm, seen) {
		const linked = seen.outage && seen.outage.incident;
		const rows = (await this.call(frm, "running")).filter((row) => row.incident !== linked);
		if (!rows.length) {
			frappe.msgprint(__("No other outage is running or planned there."));
			return;
		}
		const dialog = new frappe.ui.Dialog({
			title: __("Attach to an outage"),
			fields: [
				{
					fieldtype: "Select",
					fieldname: "incident",
					label: __("Outage (★: at this unit)"),
					reqd: 1,
					options: rows.map((row) => ({
						value: row.incident,
						label: `${row.fits ? "★ " : ""}${row.where} · ${row.headline}`,
					})),
					default: rows[0].incident,
				},
			],
			primary_action_label: __("Attach to this outage"),
			primary_action: (values) => this.run(frm, dialog, "attach", values),
		});
		dialog.show();
	},

	log_callback(frm, pending) {
		const request_id = frappe.utils.get_random(20);
		const fields = [
			{
				fieldtype: "HTML",
				options: this.table([
					[__("Number to call"), pending.phone || __("no number")],
					[__("Reason"), pending.reason],
					[__("Call from"), pending.due],
				]),
			},
			{
				fieldtype: "Select",
				fieldname: "outcome",
				label: __("Outcome"),
				reqd: 1,
				options: ["Reached", "No Answer", "Still Out", "Refused"].map((value) => ({ value, label: __(value) })),
			},
			{
				fieldtype: "Check",
				fieldname: "resolve",
				depends_on: 'eval:doc.outcome === "Reached"',
				default: pending.resolves ? 1 : 0,
				label: __("The ticket is about this outage alone: resolve it"),
			},
			{ fieldtype: "Small Text", fieldname: "note", label: __("Note") },
			{
				fieldtype: "Select",
				fieldname: "satisfaction",
				label: __("Satisfied with our work? (when reached)"),
				options: [
					{ value: "", label: __("not asked") },
					..."54321".split("").map((value) => ({
						value,
						label: `${value} ${"★".repeat(Number(value))}`,
					})),
				],
			},
		];
		if (pending.offered) {
			fields.splice(1, 0, {
				fieldtype: "Check",
				fieldname: "offered",
				default: 1,
				label: `${__("It is the call that the telephony logged at")} ${pending.offered_at}`,
			});
		}
		const dialog = new frappe.ui.Dialog({
			title: __("Log callback"),
			fields,
			primary_action_label: __("Log callback"),
			primary_action: (values) =>
				this.run(frm, dialog, "log_callback", {
					outcome: values.outcome,
					note: values.note || null,
					satisfaction: Number(values.satisfaction) || null,
					call_record: values.offered ? pending.offered : null,
					resolve: values.outcome === "Reached" ? values.resolve || 0 : null,
					request_id: `${request_id}-${values.outcome}`,
				}),
		});
		dialog.show();
	},
});
