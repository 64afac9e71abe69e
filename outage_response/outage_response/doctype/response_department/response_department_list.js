frappe.listview_settings["Response Department"] = {
	hide_name_column: true,
	onload: (list) =>
		outage_response.write_subject(list, "department_name", ({ department_name }) => __(department_name)),
};
