// Telling residents: how a notice will read before it goes out, and the proof that a public one hangs.
frappe.provide("outage_response");

const escape = outage_response.escape;
const LANGUAGES = { en: "English", zh: "中文" }; // each in its own words

function preview_html({ public: is_public, people, by_phone, texts }) {
	const told = [
		people ? __("Told one by one: {0}", [people]) : "",
		by_phone ? __("of them to be phoned: {0}", [by_phone]) : "",
	];
	const how = is_public
		? __("Public notice: print it, hang it up, prove it with a photo.")
		: __("Each household by itself.");
	const nobody = is_public || people ? "" : `<p class="outage-red">${__("There is nobody whom this would reach.")}</p>`;
	const notices = texts.map(
		({ language, subject, message }) =>
			`<blockquote class="outage-notice" lang="${escape(language)}"><small>${escape(
				LANGUAGES[language] || language,
			)}</small><strong>${escape(subject)}</strong><p>${escape(message)}</p></blockquote>`,
	);
	return `<p>${how} ${told.filter(Boolean).join(", ")}</p>${nobody}${notices.join("")}`;
}

// Asked again for each kind; an answer that a later question has overtaken is not shown
function show_preview(dialog, incident) {
	let asked;
	const place = dialog.get_field("preview").$wrapper[0];
	const read = async () => {
		const kind = dialog.get_value("kind");
		const mine = (asked = Symbol());
		if (!kind) return (place.innerHTML = "");
		let html;
		try {
			html = preview_html(await outage_response.read("screens.preview_notice", { incident, kind }));
		} catch (refusal) {
			html = outage_response.refused_html(refusal);
		}
		if (asked === mine) place.innerHTML = `<div class="outage-preview" role="status">${html}</div>`;
	};
	dialog.get_field("kind").$input.on("change", read);
	read();
}

Object.assign(outage_response, {
	notice_dialogs: {
		send_notice: (seen) => ({
			size: "large",
			fields: [
				{
					fieldtype: "Select",
					fieldname: "kind",
					label: __("What it is about"),
					reqd: 1,
					options: outage_response.options(seen.choices.notice_kinds, true),
				},
				{ fieldtype: "HTML", fieldname: "preview" },
				{
					fieldtype: "Small Text",
					fieldname: "message",
					label: __("In other words"),
					description: __("Sent to everybody in place of the text above, as it stands here. Empty: the text above."),
				},
			],
			happened: false,
			args: ({ kind, message }) => ({ kind, message }),
			said: ({ people }) => __("Notice issued. Told one by one: {0}", [people]),
			after: (dialog) => show_preview(dialog, seen.incident.name),
		}),

		prove_posting: (seen) => {
			const notices = seen.notices.filter((one) => one.public);
			const hanging = (one) => (one.posted_at ? __("hangs since {0}", [outage_response.moment(one.posted_at)]) : "");
			const text = (one) =>
				[__(one.kind), LANGUAGES[one.language], outage_response.moment(one.issued_at), hanging(one)]
					.filter(Boolean)
					.join(" · ");
			return {
				fields: [
					{
						fieldtype: "Select",
						fieldname: "notice",
						label: __("Notice"),
						reqd: 1,
						options: outage_response.options(notices.map((one) => [one.name, text(one)])),
						default: (notices.find((one) => !one.posted_at) || notices[0]).name,
					},
					{ fieldtype: "Attach Image", fieldname: "photo", label: __("Photo"), reqd: 1 },
				],
				happened: __("Hangs Since"),
				args: ({ notice, photo }) => ({ notice, photo }),
			};
		},
	},

	/** The notices of an incident as HTML. */
	notices_html(notices) {
		const rows = notices.map((one) => [
			`<a href="${this.desk_url("outage-notice", one.name)}">${this.moment(one.issued_at)}</a>`,
			escape(__(one.kind)),
			escape(one.public ? __("Public") : __("Individual")),
			escape(LANGUAGES[one.language] || one.language),
			escape(one.subject),
			one.public
				? one.posted_at
					? `${this.moment(one.posted_at)} ${one.photo ? `<a href="${escape(encodeURI(one.photo))}" target="_blank" rel="noopener">${__("Photo")}</a>` : ""}`
					: `<span class="outage-red">${__("not proved")}</span>`
				: "",
		]);
		const heads = [__("Issued At"), __("Kind"), __("Mode"), __("Language"), __("Subject"), __("Posted At")];
		return rows.length ? this.rows_html(heads, rows) : `<p class="text-muted">${__("None.")}</p>`;
	},

	/** What a resident of this unit depends on: `unit` is the form's document. */
	set_care_need(unit) {
		const residents = (unit.residents || []).map(({ contact }) => [
			contact,
			frappe.utils.get_link_title("Contact", contact) || contact,
		]);
		if (!residents.length)
			return frappe.msgprint(__("Nobody lives here as far as is known. Enter the residents on the unit first."));
		return this.ask({
			verb: "set_care_need",
			title: __("Somebody depends on power: {0}", [unit.unit_no]),
			intro: `<p>${__("What is known already is not shown here. What you save takes its place.")}</p>`,
			fields: [
				{
					fieldtype: "Select",
					fieldname: "contact",
					label: __("Who"),
					reqd: 1,
					options: this.options(residents, residents.length > 1),
					default: residents.length === 1 ? residents[0][0] : undefined,
				},
				{ fieldtype: "Small Text", fieldname: "what", label: __("What Depends on Power"), reqd: 1 },
				{
					fieldtype: "Int",
					fieldname: "equipment_minutes",
					label: __("Equipment Lasts (minutes)"),
					description: __("On its own battery; 0 if unknown"),
				},
			],
			happened: false,
			args: ({ contact, what, equipment_minutes }) => ({
				unit: unit.name,
				contact,
				what,
				equipment_minutes: equipment_minutes || 0,
			}),
		});
	},
});
