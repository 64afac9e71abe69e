// The form of an incident. Buttons and their rules come from the server (public/js/outage/, flows/screens/incident_form.py).
frappe.ui.form.on("Outage Incident", {
	setup(frm) {
		frm.set_query("power_node", "affected_nodes", () => ({ filters: { property: frm.doc.property || "" } }));
		frm.set_query("unit", "affected_nodes", () => ({ filters: { property: frm.doc.property || "" } }));
	},

	refresh(frm) {
		if (frm.outage_view && frm.outage_view.incident !== frm.doc.name) {
			frm.outage_view.end();
			frm.outage_view = null;
		}
		const head = frm.outage_head || (frm.outage_head = document.createElement("div"));
		head.hidden = frm.is_new();
		if (frm.is_new()) return;
		if (!head.isConnected) frm.layout.wrapper.find(".form-tabs-list").first().before(head);
		if (!frm.outage_view) {
			const place = (fieldname) => frm.get_field(fieldname).$wrapper[0];
			const places = {
				head,
				tasks: place("tasks_html"),
				affected: place("affected_html"),
				timeline: place("timeline_html"),
				residents: place("residents_html"),
			};
			frm.outage_view = new outage_response.IncidentView(frm.doc.name, places, (seen) => {
				// what a verb changed also stands in the fields below; nothing typed is thrown away
				if (seen.incident.modified !== frm.doc.modified && !frm.is_dirty()) frm.reload_doc();
			});
		}
		frm.outage_view.read();
	},
});
