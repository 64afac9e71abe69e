frappe.listview_settings["Trouble Call"] = {
	hide_name_column: true,
	add_fields: ["danger", "incident", "proposal", "waiting"],
	onload: (list) => outage_response.only_titles_to_read(list),
	get_indicator(doc) {
		if (doc.danger) return [__("Danger"), "red", "danger,=,1"];
		if (doc.incident) return [__("Linked"), "green", "incident,is,set"];
		if (doc.proposal) return [__("Proposed"), "orange", "proposal,is,set"];
		return [__("Waiting"), "yellow", "incident,is,not set"];
	},
};
