// Planned outages. Nothing is moved here: times are changed by cancelling and declaring anew.
frappe.views.calendar["Outage Incident"] = {
	field_map: {
		start: "planned_start",
		end: "planned_end",
		id: "name",
		title: "title",
		allDay: "all_day",
		color: "color",
		editable: "movable", // else Frappe lets everybody drag an event who may create one
	},
	get_events_method: "outage_response.api.screens.get_planned",
	options: { editable: false, selectable: false },
};
