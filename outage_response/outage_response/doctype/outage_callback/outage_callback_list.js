frappe.listview_settings["Outage Callback"] = {
	hide_name_column: true,
	add_fields: ["status", "priority", "reason"],
	get_indicator(doc) {
		return [
			__(doc.status, null, "Outage Callback"),
			outage_response.STATUS_COLOURS[doc.status] || "gray",
			`status,=,${doc.status}`,
		];
	},
	onload(list) {
		outage_response.only_titles_to_read(list);
		outage_response.watch_alarm(list.page.wrapper[0], list.page.main[0]);
		list.page.add_inner_button(__("Calls to residents"), () => window.open("/outage-calls"));
	},
};
