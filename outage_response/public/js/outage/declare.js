// How an outage begins: declared by what was seen, or proposed because several people called.
frappe.provide("outage_response");

Object.assign(outage_response, {
	/** Which of the verbs that need no incident this person may use. */
	verbs_anywhere() {
		return this.read("screens.get_verbs");
	},

	/**
	 * Declare by what was seen; the level follows from it.
	 *   seen      what is often seen, to choose from
	 *   fields    before the place: `occurred_at`, where it did not happen now
	 *   property  where it is known
	 */
	declare({ seen = [], fields = [], property, on_done }) {
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
				},
				{
					fieldname: "where",
					fieldtype: "Link",
					options: "Power Node",
					label: __("Where?"),
					description: __("Empty: the whole property."),
					get_query: () => ({ filters: { property: dialog.get_value("property") || "" } }),
				},
			],
			args: ({ property, seen, where }) => {
				if (typed && !where) refuse_typed();
				return { property, seen, where };
			},
			said: ({ incident, level, tasks }) => __("Declared: {0}, level {1}, {2} steps", [incident, level, tasks]),
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

	async declare_proposal(proposal, on_done) {
		try {
			const answer = await this.post("declare_proposal", { proposal });
			frappe.show_alert({ message: __("Declared: {0}", [answer.incident]), indicator: "red" });
			on_done?.(answer);
		} catch (refusal) {
			this.show_refusal(refusal);
		}
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
