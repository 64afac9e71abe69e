// Planned outages. Nothing is moved here: times are changed by cancelling and declaring anew.
frappe.views.calendar["Outage Incident"] = {
	field_map: { start: "planned_start", end: "planned_end", id: "name", title: "property", status: "status" },
	style_map: { Scheduled: "info", Active: "danger", Reported: "danger", Restored: "success" },
	order_by: "planned_start",
	get_events_method: "frappe.desk.calendar.get_events",
	options: { editable: false, selectable: false },
};
