// ERPNext's list of Issues. A filter by the outage asks for the names of outages, which an agent without a role in outages is
// refused, aloud and at each touch: they have the column alone.
if (!frappe.model.can_read("Outage Incident")) {
	const field = frappe.get_meta("Issue").fields.find((df) => df.fieldname === "outage_incident");
	if (field) field.in_standard_filter = 0;
}
