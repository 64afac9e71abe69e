// Who knows of an outage: whom it rang, who answered, who cannot be reached. On the incident's form and in the command centre.
frappe.provide("outage_response");

Object.assign(outage_response, {
	/** See flows/screens/who_knows.py. */
	load_who_knows(incident) {
		return this.read("paging.get_who_knows", { incident });
	},

	/** "Who knows: 3 of 7 answered" and one line for each person; those who have not answered come first. */
	who_knows_html({ people }) {
		const answered = people.filter((row) => row.answered_at).length;
		const unreached = people.filter((row) => row.reached === false && !row.answered_at).length;
		const late = unreached ? ` <span class="outage-red">${__("not reached: {0}", [unreached])}</span>` : "";
		const heads = [__("Person"), __("On Duty"), __("Rung"), __("Answered after"), __("Where"), __("Doing")];
		const rows = people.map((row) => [
			`${this.escape(row.name)} <small class="text-muted">${this.escape(__(row.department || ""))}</small>`,
			row.on_duty ? __("Yes") : __("No"),
			this.rung_html(row),
			this.answered_html(row),
			this.escape(row.where),
			this.escape(row.doing),
		]);
		return {
			title: `${__("Who knows: {0} of {1} answered", [answered, people.length])}${late}`,
			table: rows.length ? this.rows_html(heads, rows) : `<p class="text-muted">${__("Nobody was rung.")}</p>`,
		};
	},

	rung_html(row) {
		if (!row.rung) return "–";
		const last = [row.last_channel, row.last_status].filter(Boolean).map((word) => this.escape(__(word)));
		return `${row.rung}× <small class="text-muted">${last.join(", ")}</small>`;
	},

	answered_html(row) {
		if (row.answered_at)
			return row.answered_after === null ? this.moment(row.answered_at) : this.seconds(row.answered_after);
		if (!row.rung) return "–";
		return `<span class="outage-red">${row.reached === false ? __("not reached") : __("not yet")}</span>`;
	},
});
