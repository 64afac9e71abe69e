frappe.listview_settings["Outage Incident"] = {
	add_fields: ["is_drill", "status", "level", "etr"],
	// The level stands with the state: on a screen of 1280 px Frappe shows only one column after it
	get_indicator(doc) {
		const label = `${doc.level} · ${__(doc.status, null, "Outage Incident")}`;
		return [
			doc.is_drill ? `${__("DRILL")}: ${label}` : label,
			outage_response.STATUS_COLOURS[doc.status] || "gray",
			`status,=,${doc.status}`,
		];
	},
	onload: (list) => outage_response.watch_alarm(list.page.wrapper[0], list.page.main[0]),
	formatters: {
		etr(value, _df, doc) {
			const over = value && ["Reported", "Active"].includes(doc.status) && outage_response.minutes_until(value) < 0;
			return `<span class="${over ? "outage-red" : ""}">${outage_response.moment(value)}</span>`;
		},
	},
};
