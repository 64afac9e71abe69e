// How an outage begins: declared by what was seen, or proposed because several people called.
frappe.provide("outage_response");

const PARTS = [2, 3, 4]; // of planned work in one dialog; more of them are declared one after the other

Object.assign(outage_response, {
	/** Which of the verbs that need no incident this person may use. */
	verbs_anywhere() {
		return this.read("screens.get_verbs");
	},

	/**
	 * Declare by what was seen; the level follows from it, or is one of the site's.
	 *   seen      what is often seen, to choose from
	 *   fields    before the place: `occurred_at`, where it did not happen now
	 *   property  where it is known
	 */
	async declare({ seen = [], fields = [], property, on_done }) {
		// Without an answer the outage is declared all the same, by what was seen. No field that a level asks for is marked as
		// mandatory: Frappe writes those anew each time that another one changes, over what is just being typed; the site says
		// what is missing.
		const levels = await this.read("command.get_levels").catch(() => []);
		const planned = levels.filter(({ kind }) => kind === "Planned").map(({ name }) => name);
		const is_planned = `eval:${JSON.stringify(planned)}.includes(doc.level)`;
		const times = [
			{ fieldname: "planned_start", label: __("Planned Start"), fieldtype: "Datetime" },
			{ fieldname: "planned_end", label: __("Planned End"), fieldtype: "Datetime" },
		];
		// Further parts of the work, each asked for once the end of the one before it is there: [that field, start, end]
		const description = __(
			"Work of one day in several parts: each part becomes an outage of its own, and one notice names them all.",
		);
		const further = PARTS.map((part) => [
			part > PARTS[0] ? `planned_end_${part - 1}` : "planned_end",
			...times.map(({ fieldname, label, fieldtype }, place) => ({
				fieldname: `${fieldname}_${part}`,
				label: __("{0}, Part {1}", [label, part]),
				fieldtype,
				...(part === PARTS[0] && !place ? { description } : {}),
			})),
		]);
		const mine = (frappe.defaults.get_user_permissions()["Managed Property"] || []).map((one) => one.doc);
		const dialog = this.ask({
			verb: "declare_seen",
			title: __("Declare an Outage"),
			label: __("Declare"),
			happened: false,
			fields: [
				{
					fieldname: "property",
					fieldtype: "Link",
					options: "Managed Property",
					label: __("Property"),
					reqd: 1,
					default: property || (mine.length === 1 ? mine[0] : undefined),
				},
				...fields,
				{
					fieldname: "seen",
					fieldtype: "Data",
					label: __("What was seen?"),
					description: __("The level follows from it; empty: cause unknown."),
					depends_on: is_planned.replace("eval:", "eval:!"),
				},
				{
					fieldname: "level",
					fieldtype: "Select",
					label: __("Level"),
					options: [
						{ value: "", label: __("As it was seen") },
						...levels.map(({ name, title }) => ({ value: name, label: title })),
					],
				},
				{
					fieldname: "where",
					fieldtype: "Link",
					options: "Power Node",
					label: __("Where?"),
					description: __("Empty: the whole property."),
					get_query: () => ({ filters: { property: dialog.get_value("property") || "" } }),
				},
				{
					fieldname: "planned_by",
					fieldtype: "Select",
					label: __("Planned By"),
					options: this.options(
						[
							["Property", __("Property", null, "Plan Step")],
							["Supplier", __("Supplier", null, "Plan Step")],
						],
						true,
					),
					depends_on: is_planned,
				},
				{
					fieldname: "reason",
					fieldtype: "Data",
					label: __("Reason of the Work"),
					depends_on: is_planned,
				},
				...times.map((field) => ({ ...field, depends_on: is_planned })),
				...further.flatMap(([before, ...fields]) =>
					fields.map((field) => ({ ...field, depends_on: `${is_planned} && doc.${before}` })),
				),
			],
			args: (values) => {
				const { property, seen, where, level, planned_by, planned_start, planned_end, reason } = values;
				if (typed && !where) refuse_typed();
				const windows = further
					.map(([, start, end]) => ({ planned_start: values[start.fieldname], planned_end: values[end.fieldname] }))
					.filter((one) => one.planned_start || one.planned_end);
				const work = { planned_by, planned_start, planned_end, windows, reason };
				return { property, seen, where, level: level || undefined, ...(planned.includes(level) ? work : {}) };
			},
			said: ({ incident, further = [], level, tasks }) =>
				__("Declared: {0}, level {1}, {2} steps", [[incident, ...further].join(", "), level, tasks]),
			on_done,
		});
		// Frappe empties a place that was typed and not chosen; nobody who typed one means the whole property
		const place = dialog.fields_dict.where.$input;
		let typed = "";
		place.on("input", () => {
			typed = place.val().trim();
		});
		place.on("awesomplete-selectcomplete", () => {
			typed = "";
		});
		const refuse_typed = () => {
			const text = typed;
			place.val(text);
			this.refuse(
				__(
					'Where: "{0}" was not chosen from the list. Choose a place of the list, or empty the field for the whole property.',
					[text],
				),
			);
		};
		const list = document.createElement("datalist");
		list.id = "outage-seen";
		list.append(...seen.map((text) => new Option("", text)));
		dialog.fields_dict.seen.$input.attr("list", list.id).after(list);
	},

	async declare_proposal(proposal, on_done, more = {}) {
		try {
			const answer = await this.post("declare_proposal", { proposal, ...more });
			frappe.show_alert({ message: __("Declared: {0}", [answer.incident]), indicator: "green" });
			on_done?.(answer);
		} catch (refusal) {
			if (!refusal.overlap) return this.show_refusal(refusal);
			const dialog = new frappe.ui.Dialog({
				title: __("Part of it is running already"),
				fields: [{ fieldtype: "HTML", fieldname: "said", options: this.refusal_html(refusal) }],
			});
			dialog.show();
			this.choose_overlap(refusal.overlap, dialog.get_field("said").$wrapper[0], {
				all_the_same: () => {
					dialog.hide();
					return this.declare_proposal(proposal, on_done, { all_the_same: 1 });
				},
				done: (extended) => {
					dialog.hide();
					on_done?.(extended);
				},
			});
		}
	},

	/** Part of what is to be declared is running already: extend that outage, or declare all the same. */
	choose_overlap({ running }, place, { all_the_same, done }) {
		const buttons = document.createElement("p");
		const add = (text, kind, act) => {
			const button = document.createElement("button");
			Object.assign(button, { type: "button", className: `btn btn-sm btn-${kind}`, textContent: text });
			button.addEventListener("click", async () => {
				const all = [...buttons.children];
				all.forEach((one) => (one.disabled = true)); // a second touch means the same
				await act();
				all.forEach((one) => (one.disabled = false));
			});
			buttons.append(button, " ");
		};
		for (const { incident, nodes } of running)
			add(__("Extend {0}", [incident]), "primary", async () => {
				try {
					await this.post("extend_scope", { incident, nodes });
					frappe.show_alert({ message: __("Extended: {0}", [incident]), indicator: "green" });
					done({ incident });
				} catch (refusal) {
					this.show_refusal(refusal);
				}
			});
		add(__("Declare All the Same"), "default", all_the_same);
		place.append(buttons);
	},

	dismiss_proposal(proposal, on_done) {
		return this.ask({
			verb: "dismiss_proposal",
			title: __("Dismiss"),
			label: __("Dismiss"),
			happened: false,
			fields: [{ fieldtype: "Small Text", fieldname: "reason", label: __("Why is it no outage?"), reqd: 1 }],
			args: ({ reason }) => ({ proposal, reason }),
			on_done,
		});
	},
});
