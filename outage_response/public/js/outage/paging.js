// Somebody is rung: a sound and a message in every open screen, until it is looked at.

frappe.provide("outage_response");

// Frappe's own play_sound leaves an error behind on a page that nobody has touched yet: browsers keep it silent
function sound(name) {
	const audio = document.getElementById(`sound-${name}`);
	if (!audio || frappe.boot.user.mute_sounds) return;
	audio.volume = audio.getAttribute("volume");
	Promise.resolve(audio.play()).catch(() => {}); // the message says the same
}

$(document).on("startup", () => {
	if (!frappe.realtime) return;
	frappe.realtime.on("outage_page", ({ text, link, urgent }) => {
		sound(urgent ? "alert" : "submit");
		const body = `${frappe.utils.escape_html(text)} <a href="${encodeURI(link)}">${__("Look")}</a>`;
		frappe.show_alert({ message: body, indicator: urgent ? "red" : "orange" }, urgent ? 60 : 20);
	});
});
