// One small dialog per verb of an incident. `seen` is the situation (api/screens.py get_incident).
frappe.provide("outage_response");

const words = () => ({
	start: __("Start: supply is switched off"),
	confirm: __("Confirm the cause"),
	report_trapped: __("People trapped"),
	record_call: __("Record a call"),
	set_etr: __("Expected restoration"),
	extend_scope: __("More is dark"),
	take_over_changes: __("Take over changed records"),
	reclassify: __("Change the level"),
	permit_energise: __("Permit to switch on"),
	supply_back: __("Supply is back"),
	send_notice: __("Send a notice"),
	prove_posting: __("Prove that the notice hangs"),
	stand_down: __("Stand down"),
	file_report: __("File the report"),
	close: __("Close the incident"),
	cancel: __("Cancel the incident"),
	hand_over: __("Hand over my steps"),
	read_care_needs: __("Who depends on power"),
});

const etr_field = () => ({ fieldtype: "Datetime", fieldname: "etr", label: __("Expected Restoration") });

// Buttons under the field: the usual answers
const etr_buttons = () => ({
	fieldtype: "HTML",
	fieldname: "etr_buttons",
	options: `<div class="outage-quick">${[30, 60, 120, 240]
		.map(
			(minutes) =>
				`<button type="button" class="btn btn-xs btn-default" data-etr="${minutes}">${__("in {0}", [
					outage_response.duration(minutes),
				])}</button>`,
		)
		.join(" ")}</div>`,
});

// Engineers and guards cannot: residents stand on a unit
const can_read_units = () => frappe.model.can_read("Property Unit");

function wire_etr(dialog) {
	dialog.$wrapper.on("click", "[data-etr]", (event) => {
		dialog.set_value("etr", outage_response.site_time(Number(event.currentTarget.dataset.etr)));
	});
	return dialog;
}

// Shows of a long list of boxes only those that have what is typed above it
function wire_find(dialog) {
	dialog.fields_dict.find?.$input.on("input", (event) => {
		const wanted = event.target.value.trim().toLowerCase();
		dialog.$wrapper.find(".unit-checkbox").each((_index, box) => {
			box.hidden = !box.textContent.toLowerCase().includes(wanted);
		});
	});
}

// Open steps of the gate ahead, and the General Manager's reason where they may be passed
function gate_fields(seen, gate) {
	const open = seen.gate.gate === gate ? seen.gate.open : [];
	if (!open.length) return { intro: "", fields: [] };
	const fields = [];
	if (seen.gate.may_override)
		fields.push({
			fieldtype: "Small Text",
			fieldname: "override_reason",
			label: __("Override Reason"),
			description: __("You may pass over what is open, with a reason that stays on the timeline."),
		});
	return { intro: outage_response.open_html(open), fields };
}

// Affected nodes that are still dark, each once
function nodes_out(seen) {
	const found = new Map();
	for (const row of seen.nodes.filter((one) => !one.back_at)) {
		const known = found.get(row.power_node);
		found.set(row.power_node, known ? `${known}, ${row.label}` : row.label);
	}
	return [...found];
}

// All ticked means everywhere, which the server knows better than a list
const chosen = (ticked, all) => (!all.length || !ticked || ticked.length === all.length ? undefined : ticked);

// Of a choice of elevators: all of a building, since nobody knows in which of them people are
const BUILDING = "building:";
const not_known_which = (seen, building) => [
	`${BUILDING}${building}`,
	__("Not known which: {0}", [building || seen.incident.property]),
];

const DIALOGS = {
	...outage_response.notice_dialogs,

	confirm: (seen) => ({
		fields: [
			{
				fieldtype: "Select",
				fieldname: "cause_type",
				label: __("Cause Type"),
				reqd: 1,
				options: outage_response.options(seen.choices.cause_types, true),
				default: seen.incident.cause_type,
			},
			{ fieldtype: "Small Text", fieldname: "cause", label: __("Cause"), default: seen.incident.cause },
			{
				fieldtype: "Select",
				fieldname: "level",
				label: __("Level"),
				options: outage_response.options(seen.choices.levels),
				default: seen.incident.level,
			},
			etr_field(),
			etr_buttons(),
		],
		args: ({ cause_type, cause, level, etr }) => ({ cause_type, cause, level, etr }),
	}),

	start: (seen) => {
		const gate = gate_fields(seen, "start");
		return { ...gate, args: ({ override_reason }) => ({ override_reason }), happened: __("Switched Off At") };
	},

	reclassify: (seen) => ({
		fields: [
			{
				fieldtype: "Select",
				fieldname: "level",
				label: __("New Level"),
				reqd: 1,
				options: outage_response.options(
					seen.choices.levels.filter(([level]) => level !== seen.incident.level),
					true,
				),
			},
			{ fieldtype: "Small Text", fieldname: "reason", label: __("Reason"), reqd: 1 },
		],
		args: ({ level, reason }) => ({ level, reason }),
	}),

	extend_scope: (seen) => ({
		size: "large",
		fields: [
			{ fieldtype: "Data", fieldname: "find", label: __("Find") },
			outage_response.boxes("nodes", __("What else is dark"), seen.choices.tree, { ticked: false, select_all: false }),
		],
		args: ({ nodes }) => ({ nodes: JSON.stringify(nodes || []) }),
		after: wire_find,
	}),

	take_over_changes: () => ({
		fields: [
			{
				fieldtype: "HTML",
				fieldname: "what",
				options: `<p>${__("Units and residents that were entered or changed while it is dark count in this outage from now on: minutes, notices, callbacks. Nobody who was dark is taken out.")}</p>`,
			},
		],
		happened: false,
	}),

	set_etr: (seen) => ({
		fields: [
			{
				...etr_field(),
				default: seen.incident.etr,
				depends_on: "eval:!doc.unknown",
			},
			etr_buttons(),
			{ fieldtype: "Check", fieldname: "unknown", label: __("Nobody can say any more") },
		],
		happened: false,
		args: ({ etr, unknown }) => {
			if (!etr && !unknown)
				outage_response.refuse(__("Expected Restoration: enter a time, or tick Nobody can say any more."));
			return { etr: unknown ? undefined : etr };
		},
	}),

	report_trapped: (seen) => ({
		fields: [
			{
				fieldtype: "Select",
				fieldname: "elevator",
				label: __("Elevator"),
				reqd: 1,
				options: outage_response.options(
					[...seen.choices.elevators, ...seen.choices.elevator_buildings.map((one) => not_known_which(seen, one))],
					true,
				),
			},
			outage_response.people_field(),
			{ fieldtype: "Data", fieldname: "floor", label: __("Where the Car Stands") },
			{ fieldtype: "Small Text", fieldname: "words", label: __("What Was Said") },
			{ fieldtype: "Data", fieldname: "phone", label: __("Phone") },
			{ fieldtype: "Section Break", label: __("How They Are"), collapsible: 1 },
			...outage_response.condition_fields(),
			{ fieldtype: "Section Break" },
		],
		args: (values) => ({
			...(values.elevator.startsWith(BUILDING)
				? { building: values.elevator.slice(BUILDING.length) }
				: { elevator: values.elevator }),
			people: outage_response.people_of(values.people),
			floor: values.floor || undefined,
			words: values.words,
			phone: values.phone || undefined,
			conditions: outage_response.conditions_of(values).length
				? JSON.stringify(outage_response.conditions_of(values))
				: undefined,
		}),
	}),

	record_call: (seen) => ({
		args: ({ unit, words, danger, phone }) => ({
			incident: undefined,
			property: seen.incident.property,
			unit,
			words,
			danger: danger ? 1 : 0,
			phone,
		}),
		fields: [
			{
				fieldtype: "Link",
				fieldname: "unit",
				label: __("Unit"),
				options: "Property Unit",
				get_query: () => ({ filters: { property: seen.incident.property } }),
				hidden: !can_read_units(), // Frappe would answer each key with "Not permitted"
			},
			{
				fieldtype: "Small Text",
				fieldname: "words",
				label: __("What Was Said"),
				description: can_read_units() ? "" : __("Write the unit here too"),
			},
			{ fieldtype: "Data", fieldname: "phone", label: __("Phone") },
			{ fieldtype: "Check", fieldname: "danger", label: __("Danger") },
		],
	}),

	permit_energise: (seen) => {
		const all = nodes_out(seen);
		return {
			intro: gate_fields(seen, "energise").intro,
			fields: all.length > 1 ? [outage_response.boxes("nodes", __("Nodes"), all)] : [],
			args: ({ nodes }) => ({ nodes: chosen(nodes, all) && JSON.stringify(nodes) }),
		};
	},

	supply_back: (seen) => {
		const parts = seen.choices.inside;
		return {
			intro: `<p>${__("A fact: recorded whatever is still open.")}</p>`,
			fields: [
				...(parts.length > 1
					? [
							{ fieldtype: "Check", fieldname: "partly", label: __("Only some nodes, not everywhere") },
							{ fieldtype: "Data", fieldname: "find", label: __("Find"), depends_on: "eval:doc.partly" },
							outage_response.boxes("nodes", __("Where"), parts, {
								ticked: false,
								select_all: false,
								depends_on: "eval:doc.partly",
							}),
						]
					: []),
				{ fieldtype: "Check", fieldname: "by_itself", label: __("It came back by itself") },
				{ fieldtype: "Data", fieldname: "source", label: __("Who Says So"), depends_on: "eval:!doc.by_itself" },
			],
			happened: __("Back Since"),
			args: ({ partly, nodes, by_itself, source }) => ({
				nodes: partly ? JSON.stringify(nodes || []) : undefined,
				source: by_itself ? "by itself" : source, // each reader gets it in their own language
			}),
			after: wire_find,
		};
	},

	stand_down: (seen) => {
		const everywhere = seen.incident.status === "Restored";
		const posts = seen.choices.posts.map(([name, label, status]) => [
			name,
			`${label} (${__(status, null, "Outage Task")})`,
		]);
		const gate = gate_fields(seen, "stand_down");
		return {
			intro: everywhere ? gate.intro : "",
			fields: [
				...(everywhere && posts.length
					? [{ fieldtype: "Check", fieldname: "some", label: __("Only some posts, the others stay") }]
					: []),
				...(posts.length
					? [
							outage_response.boxes("areas", __("Posts that may leave"), posts, {
								ticked: false,
								depends_on: everywhere ? "eval:doc.some" : "",
							}),
						]
					: []),
				...(everywhere ? gate.fields : []),
			],
			args: ({ some, areas, override_reason }) => ({
				areas: some || !everywhere ? JSON.stringify(areas || []) : undefined,
				override_reason,
			}),
		};
	},

	file_report: (seen) => ({
		size: "large",
		intro: seen.figures.open
			? `<p>${__("Steps still open: {0}. They will stand in the report as open, and it cannot be changed later.", [
					seen.figures.open,
				])}</p>`
			: "",
		fields: [
			{ fieldtype: "Text", fieldname: "cause", label: __("Cause"), reqd: 1, default: seen.incident.cause },
			{ fieldtype: "Text", fieldname: "actions", label: __("Actions Taken"), reqd: 1 },
			{ fieldtype: "Text", fieldname: "follow_ups", label: __("Follow-ups") },
		],
		happened: false,
		args: ({ cause, actions, follow_ups }) => ({ cause, actions, follow_ups }),
	}),

	close: (seen) => ({
		...gate_fields(seen, "close"),
		args: ({ override_reason }) => ({ override_reason }),
	}),

	hand_over: () => ({
		intro: `<p>${__("Your open steps go to those who are on duty or come next, and ring until somebody takes them.")}</p>`,
		fields: [{ fieldtype: "Small Text", fieldname: "note", label: __("Where do things stand?"), reqd: 1 }],
		happened: false,
		args: ({ note }) => ({ note }),
	}),

	cancel: () => ({
		fields: [{ fieldtype: "Small Text", fieldname: "reason", label: __("Reason"), reqd: 1 }],
		args: ({ reason }) => ({ reason }),
	}),
};

Object.assign(outage_response, {
	incident_verb_label: (verb) => words()[verb],

	/** Open the dialog of an incident's verb. */
	open_incident_verb(verb, seen, on_done) {
		if (verb === "read_care_needs") return this.show_care_needs(seen);
		const { args = () => ({}), after, ...spec } = DIALOGS[verb](seen);
		const dialog = this.ask({
			verb,
			title: words()[verb],
			label: words()[verb],
			...spec,
			args: (values) => ({ incident: seen.incident.name, ...args(values) }),
			on_done,
		});
		after?.(dialog);
		return wire_etr(dialog);
	},

	/** Each look is recorded, so it is asked for first. */
	show_care_needs(seen) {
		const asked = frappe.confirm(
			__("Names and needs of residents. That you looked stands on the timeline. Show them?"),
			async () => {
				try {
					const rows = await this.post("read_care_needs", { incident: seen.incident.name });
					const heads = [
						__("Unit"),
						__("Floor"),
						__("Full Name"),
						__("Phone"),
						__("What Depends on Power"),
						__("Equipment Lasts (minutes)"),
					];
					const body = rows.map((row) => [
						row.unit_no,
						row.floor,
						row.full_name,
						row.mobile_no || row.phone,
						row.what,
						row.equipment_minutes || "?",
					]);
					frappe.msgprint({
						title: words().read_care_needs,
						message: rows.length ? this.table_html(heads, body) : __("Nobody here is known to depend on power."),
						wide: true,
					});
				} catch (refusal) {
					this.show_refusal(refusal);
				}
			},
		);
		this.name_parts(asked);
	},
});
