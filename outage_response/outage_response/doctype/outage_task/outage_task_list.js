function title_with_place({ title, title_zh, subject_label, life_safety }) {
	const said = (frappe.boot.lang?.startsWith("zh") && title_zh) || title;
	// where comes first: several steps have one title, and the column is narrow
	const where = subject_label ? `${subject_label}: ` : "";
	return `${life_safety ? "⚠ " : ""}${where}${said}`;
}

// A card of the board has one title, and Frappe asks nobody how it is written. Frappe 16 fails before it calls `refresh` of a board
const prepare = frappe.views.KanbanView.prototype.prepare_data;
frappe.views.KanbanView.prototype.prepare_data = function (answer) {
	prepare.call(this, answer);
	if (this.doctype !== "Outage Task" || !frappe.boot.lang?.startsWith("zh")) return;
	for (const row of this.data) row.title = row.title_zh || row.title;
};

frappe.listview_settings["Outage Task"] = {
	hide_name_column: true,
	add_fields: [
		"title_zh",
		"subject_label",
		"status",
		"life_safety",
		"started_at",
		"completed_at",
		"held_until",
		"optional",
	],
	filters: [["status", "in", ["Open", "Acknowledged", "In Progress", "On Post"]]],
	get_indicator(doc) {
		return [
			__(doc.status, null, "Outage Task"),
			outage_response.STATUS_COLOURS[doc.status] || "gray",
			`status,=,${doc.status}`,
		];
	},
	onload(list) {
		outage_response.write_subject(list, "title", title_with_place);
		outage_response.watch_alarm(list.page.wrapper[0], list.page.main[0]);
		list.page.add_inner_button(__("My outage tasks"), () => window.open("/my-outage-tasks"));
	},
	formatters: {
		due_at(value, _df, doc) {
			const stopped = doc.held_until ? doc.started_at : doc.completed_at;
			if (["Skipped", "Cancelled"].includes(doc.status) || !value) return outage_response.moment(value);
			const over = !stopped && !doc.optional && outage_response.minutes_until(value) < 0;
			return `<span class="${over ? "outage-red" : ""}">${outage_response.moment(value)}</span>`;
		},
	},
};
