// Somebody is rung: a sound and a message in every open screen, until it is looked at.

frappe.provide("outage_response");

$(document).on("startup", () => {
	if (!frappe.realtime) return;
	frappe.realtime.on("outage_page", ({ text, link, urgent }) => {
		frappe.utils.play_sound(urgent ? "alert" : "submit");
		const body = `${frappe.utils.escape_html(text)} <a href="${encodeURI(link)}">${__("Look")}</a>`;
		frappe.show_alert({ message: body, indicator: urgent ? "red" : "orange" }, urgent ? 60 : 20);
	});
});
