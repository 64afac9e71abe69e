frappe.listview_settings["Notice Delivery"] = {
	onload: (list) => outage_response.only_titles_to_read(list),
};
