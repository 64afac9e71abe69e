frappe.views.calendar["Duty Shift"] = {
	field_map: { start: "starts_at", end: "ends_at", id: "name", title: "title", allDay: "all_day", color: "color" },
	filters: [
		{ fieldtype: "Link", fieldname: "property", options: "Managed Property", label: __("Property") },
		{ fieldtype: "Link", fieldname: "department", options: "Response Department", label: __("Department") },
	],
	get_events_method: "outage_response.api.paging.get_shifts",
};
