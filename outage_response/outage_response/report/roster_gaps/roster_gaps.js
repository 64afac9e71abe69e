frappe.query_reports["Roster Gaps"] = {
	filters: [
		{ fieldname: "property", label: __("Property"), fieldtype: "Link", options: "Managed Property" },
		{ fieldname: "days", label: __("Days"), fieldtype: "Int", default: 14 },
	],
};
