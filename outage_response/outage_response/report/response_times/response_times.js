frappe.query_reports["Response Times"] = {
	filters: [
		{ fieldname: "property", label: __("Property"), fieldtype: "Link", options: "Managed Property" },
		{
			fieldname: "from_date",
			label: __("From"),
			fieldtype: "Date",
			default: frappe.datetime.add_months(frappe.datetime.get_today(), -6),
		},
		{ fieldname: "to_date", label: __("Until"), fieldtype: "Date", default: frappe.datetime.get_today() },
	],
};
