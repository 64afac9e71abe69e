// ERPNext's list of Issues shows the outage and its state. They are asked for here and not by the fields: what the fields ask for
// stands in residents' list in the portal as well, where nothing translates the state.
for (const df of frappe.get_meta("Issue").fields) {
	if (["outage_incident", "outage_state"].includes(df.fieldname)) df.in_list_view = 1;
}

// A filter by the outage asks for the names of outages, which an agent without a role in outages is refused, aloud and at each touch:
// they have the column alone.
if (!frappe.model.can_read("Outage Incident")) {
	const field = frappe.get_meta("Issue").fields.find((df) => df.fieldname === "outage_incident");
	if (field) field.in_standard_filter = 0;
}
