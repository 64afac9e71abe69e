frappe.query_reports["Outages by Month"] = {
	filters: [
		{ fieldname: "property", label: __("Property"), fieldtype: "Link", options: "Managed Property" },
		{ fieldname: "from_date", label: __("From"), fieldtype: "Date" },
		{ fieldname: "to_date", label: __("To"), fieldtype: "Date" },
	],
};
