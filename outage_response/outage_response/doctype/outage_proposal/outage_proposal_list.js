frappe.listview_settings["Outage Proposal"] = {
	hide_name_column: true,
	add_fields: ["status", "danger"],
	get_indicator(doc) {
		const label = doc.danger ? `${__("Danger")}: ${__(doc.status)}` : __(doc.status);
		return [label, outage_response.STATUS_COLOURS[doc.status] || "gray", `status,=,${doc.status}`];
	},
};
