frappe.ui.form.on("Paging Test", {
	async refresh(frm) {
		// a test begins with the list's button, which rings
		if (frm.is_new()) return frappe.set_route("List", "Paging Test");
		frm.disable_save();
		frm.add_custom_button(__("Refresh"), () => frm.trigger("refresh"));
		const { message } = await frappe.call({
			method: "outage_response.api.paging.get_test",
			type: "GET",
			args: { test: frm.doc.name },
		});
		const escape = frappe.utils.escape_html;
		const rows = message.people.map((person) => {
			const answered = person.answered_after === null ? __("Not yet") : __("after {0} s", [person.answered_after]);
			const channels = person.channels.map((one) => `${escape(one.channel)}: ${__(one.status)}`).join(", ");
			return `<tr><td>${escape(person.name)}</td><td>${channels}</td><td>${answered}</td></tr>`;
		});
		frm.dashboard.clear_headline();
		frm.dashboard.reset();
		frm.dashboard.add_section(
			`<table class="table table-bordered"><thead><tr><th>${__("Name")}</th><th>${__("Channels")}</th><th>${__(
				"Answered",
			)}</th></tr></thead><tbody>${rows.join("")}</tbody></table>`,
			__("Answered") + ` ${message.answered} / ${message.people.length}`,
		);
		frm.dashboard.show();
	},
});
