// The red line of every screen while nobody is rung: since when, why, whom to phone by hand; and where the site is another one
// than it was (a restored backup), the one button by which somebody on duty says that it is the site.
frappe.provide("outage_response");

const { escape } = outage_response;
const SHOWN = 3; // people; the others are folded, so that what is dangerous is still on the screen

Object.assign(outage_response, {
	/** Show the alarm in `element`, of one incident or of all; where it cannot be read, what stood there stays. */
	async show_alarm(element, incident = "") {
		const is_newest = this.begin_reading(element);
		let alarm;
		try {
			alarm = await this.read("paging.get_alarm", incident ? { incident } : {});
		} catch (refusal) {
			this.refusal_html(refusal); // what is none is thrown on
			return;
		}
		if (!is_newest()) return;
		element.classList.add("outage-alarm-place");
		element.setAttribute("role", "alert");
		this.fill(element, this.alarm_html(alarm));
		element.onclick = (event) => event.target.closest("[data-confirm-site]") && this.confirm_site(element, incident);
	},

	alarm_html({ lines, people, may_confirm }) {
		if (!lines.length) return "";
		const [head, ...more] = lines.map(escape);
		const button = may_confirm
			? `<button type="button" class="btn btn-danger" data-confirm-site data-key="confirm-site">${__(
					"This is the site: ring and mail again",
				)}</button>`
			: "";
		const rows = people.map(person_html);
		const more_rows = rows.slice(SHOWN);
		const fold = more_rows.length
			? `<details data-fold="alarm"><summary data-key="alarm">${__("and {0} more", [more_rows.length])}</summary><ul>${more_rows.join("")}</ul></details>`
			: "";
		const list = rows.length ? `<p>${__("Phone by hand:")}</p><ul>${rows.slice(0, SHOWN).join("")}</ul>${fold}` : "";
		return `<div class="outage-alarm"><p><b>${head}</b></p>${more.length ? `<p>${more.join(" ")}</p>` : ""}${button}${list}</div>`;
	},

	async confirm_site(element, incident) {
		element.querySelector("[data-confirm-site]").disabled = true;
		try {
			await this.post("confirm_site", {});
			frappe.show_alert({ message: __("Confirmed. Ringing and mails go on."), indicator: "green" });
		} catch (refusal) {
			this.show_refusal(refusal);
		}
		await this.show_alarm(element, incident);
	},

	/** The same above a list or a form of the Desk, looked at each half minute while it is shown. */
	watch_alarm(page_wrapper, before) {
		let element = page_wrapper.querySelector(":scope .outage-alarm-above");
		if (!element) {
			element = document.createElement("div");
			element.className = "outage-alarm-above";
			before.before(element);
			setInterval(() => element.offsetParent !== null && this.show_alarm(element), 30000);
		}
		return this.show_alarm(element);
	},
});

function person_html({ name, phone, what, where, property }) {
	const step = where ? outage_response.titled(where, what) : what;
	const number = phone ? outage_response.tel_html(phone) : `<i>${__("no number on record")}</i>`;
	return `<li><b>${escape(name)}</b> ${number} <small>${escape([property, step].filter(Boolean).join(" · "))}</small></li>`;
}
