frappe.ui.form.on("Paging Channel", {
	refresh(frm) {
		if (frm.is_new() || !["HTTP", "SMS"].includes(frm.doc.kind)) return;
		frm.add_custom_button(__("Send a Test"), () => {
			if (frm.is_dirty()) return frappe.msgprint(__("Save first: the test is sent by what is saved."));
			if (frm.doc.audience === "Group") return send(frm);
			frappe.prompt(
				{ fieldname: "phone", fieldtype: "Data", label: __("Phone"), reqd: 1 },
				({ phone }) => send(frm, phone),
				__("Send a Test"),
			);
		});
	},
});

async function send(frm, phone) {
	const { message } = await frappe.call({
		method: "outage_response.api.paging.test_channel",
		args: { channel: frm.doc.name, phone },
		freeze: true,
	});
	const escape = frappe.utils.escape_html;
	frappe.msgprint({
		title: __("Send a Test"),
		message: [__(message.status), message.gateway_id, message.error].filter(Boolean).map(escape).join("<br>"),
		indicator: message.status === "Accepted" ? "green" : "red",
	});
}
