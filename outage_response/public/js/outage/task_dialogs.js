// The verbs of one task, and the callback's. `row` is a task of the situation (flows/situation.py task_rows).
frappe.provide("outage_response");

const words = () => ({
	acknowledge: __("Mine"),
	acknowledge_for: __("Answered by radio"),
	arrive: __("I am here"),
	on_post: __("On post"),
	complete: __("Done"),
	read_back: __("Read back"),
	move: __("Moved on command"),
	withdraw: __("Danger: leave"),
	relieve: __("Relieve"),
	reassign: __("Give to…"),
	skip: __("Skip"),
	add_evidence: __("Add evidence"),
});

const evidence_label = (asks_for) =>
	({
		call: __("Who Was Called"),
		note: __("Note"),
		reading: __("Reading"),
		photo: __("Note"),
		none: __("Note"),
	})[asks_for];

// What the step asks for
function evidence_fields(row) {
	const fields = [];
	if (row.asks_for === "photo") fields.push({ fieldtype: "Attach Image", fieldname: "photo", label: __("Photo") });
	fields.push({
		fieldtype: "Small Text",
		fieldname: "evidence",
		label: evidence_label(row.asks_for),
		default: row.given,
	});
	if (row.may_follow)
		fields.push({ fieldtype: "Check", fieldname: "evidence_later", label: __("No time now: I add it later") });
	return fields;
}

// A checklist: all normal, except those ticked here, each with what is wrong
function item_fields(row) {
	if (!row.items.length) return [];
	const fields = [
		{
			fieldtype: "Section Break",
			fieldname: "items",
			label: __("All normal except…"),
			collapsible: row.items.length > 6,
		},
	];
	row.items.forEach(([, label, result, note], index) => {
		fields.push(
			{
				fieldtype: "Check",
				fieldname: `not_normal_${index}`,
				label: outage_response.escape(label),
				default: result === "Defect" ? 1 : 0,
			},
			{
				fieldtype: "Data",
				fieldname: `wrong_${index}`,
				label: __("What is wrong"),
				default: note,
				depends_on: `eval:doc.not_normal_${index}`,
			},
			{
				fieldtype: "Check",
				fieldname: `mended_${index}`,
				label: __("Already mended"),
				depends_on: `eval:doc.not_normal_${index}`,
			},
		);
	});
	fields.push({ fieldtype: "Section Break", fieldname: "after_items" });
	return fields;
}

const exceptions = (row, values) =>
	row.items
		.map(([item], index) => ({ item, index }))
		.filter(({ index }) => values[`not_normal_${index}`])
		.map(({ item, index }) => ({
			item,
			note: values[`wrong_${index}`] || "",
			fixed: Boolean(values[`mended_${index}`]),
		}));

const reason_dialog = (fieldname, label) => () => ({
	fields: [{ fieldtype: "Small Text", fieldname, label, reqd: 1 }],
	args: (values) => ({ [fieldname]: values[fieldname] }),
});

function person_dialog(row, seen, label = __("Who takes it")) {
	const people = seen.choices.people[row.role] || [];
	return {
		fields: [
			{
				fieldtype: "Select",
				fieldname: "user",
				label,
				reqd: 1,
				options: outage_response.options(
					people.map(({ user, full_name, on_duty }) => [user, on_duty ? `${full_name} (${__("on duty")})` : full_name]),
					true,
				),
			},
		],
		args: ({ user }) => ({ user }),
	};
}

// A guard goes on to a post of the same department where nobody stands
function move_dialog(row, seen) {
	const posts = seen.tasks.filter(
		(other) => other.held && other.department === row.department && ["Open", "Acknowledged"].includes(other.status),
	);
	return {
		fields: [
			{
				fieldtype: "Select",
				fieldname: "to",
				label: __("Where to?"),
				reqd: 1,
				options: outage_response.options(
					posts.map((post) => [post.name, post.where || post.title]),
					true,
				),
			},
		],
		args: ({ to }) => ({ to }),
	};
}

// Who stands on a post is asked only where the control room writes it down for guards who are not on duty
const arrive_dialog = (row, seen) => person_dialog(row, seen, __("Who stood there"));
const asks = (verb, row) => DIALOGS[verb] && (verb !== "arrive" || (row.held && row.stood_in_for));

const DIALOGS = {
	move: move_dialog,
	arrive: arrive_dialog,
	acknowledge_for: person_dialog,

	complete: (row) => ({
		intro: row.waits_for.length
			? `<p>${__("These come first:")} ${outage_response.escape(row.waits_for.join("; "))}</p>`
			: "",
		fields: [
			...(row.outcomes.length
				? [
						{
							fieldtype: "Select",
							fieldname: "outcome",
							label: __("Outcome"),
							reqd: 1,
							options: outage_response.options(row.outcomes, true),
						},
					]
				: []),
			...row.checks.map(([key, label]) => ({
				fieldtype: "Check",
				fieldname: `check_${key}`,
				label: outage_response.escape(label),
			})),
			...item_fields(row),
			...evidence_fields(row),
		],
		args: (values) => ({
			outcome: values.outcome,
			checks: JSON.stringify(row.checks.map(([key]) => key).filter((key) => values[`check_${key}`])),
			exceptions: JSON.stringify(exceptions(row, values)),
			evidence: values.evidence,
			photo: values.photo,
			evidence_later: values.evidence_later ? 1 : undefined,
		}),
	}),

	read_back: (row) => ({
		intro: `<p>${__("Read these back to the person who confirmed them. Each must be answered with yes.")}</p>
			<ul>${row.checks.map(([, label]) => `<li>${outage_response.escape(label)}</li>`).join("")}</ul>`,
		args: () => ({}),
	}),

	add_evidence: (row) => ({
		fields: evidence_fields(row).filter((field) => field.fieldname !== "evidence_later"),
		happened: false,
		args: ({ evidence, photo }) => ({ evidence, photo }),
	}),

	skip: reason_dialog("reason", __("Reason")),
	withdraw: reason_dialog("danger", __("What the danger is")),
	reassign: person_dialog,
	relieve: person_dialog,
};

Object.assign(outage_response, {
	task_verb_label: (verb, row) => words()[verb === "arrive" && row.held ? "on_post" : verb],

	/** Do a verb of a task: at once where nothing is to be asked, else by its dialog. */
	async open_task_verb(verb, row, seen, on_done) {
		const label = this.task_verb_label(verb, row);
		if (!asks(verb, row)) {
			try {
				on_done?.(await this.post(verb, { task: row.name }));
				frappe.show_alert({ message: this.escape(`${label}: ${row.title}`), indicator: "green" });
			} catch (refusal) {
				this.show_refusal(refusal);
			}
			return;
		}
		const { args, ...spec } = DIALOGS[verb](row, seen);
		return this.ask({
			verb,
			title: `${label}: ${row.title}${row.where ? ` (${row.where})` : ""}`,
			label,
			...spec,
			args: (values) => ({ task: row.name, ...args(values) }),
			on_done,
		});
	},

	/** One attempt to call a resident back. */
	open_callback(callback, on_done) {
		return this.ask({
			verb: "log_attempt",
			title: __("Callback"),
			label: __("Log the call"),
			fields: [
				{
					fieldtype: "Select",
					fieldname: "outcome",
					label: __("Outcome"),
					reqd: 1,
					options: this.options(
						["Reached", "No Answer", "Still Out", "Refused"].map((one) => [one, __(one)]),
						true,
					),
				},
				{
					fieldtype: "Select",
					fieldname: "satisfaction",
					label: __("Satisfaction (1-5)"),
					options: ["", "1", "2", "3", "4", "5"],
					depends_on: "eval:doc.outcome == 'Reached'",
				},
				{ fieldtype: "Small Text", fieldname: "note", label: __("Note") },
			],
			args: ({ outcome, satisfaction, note }) => ({ callback: callback.name, outcome, satisfaction, note }),
			on_done,
		});
	},

	/** Somebody whom all attempts did not reach is called no more: a decision, with its reason. */
	give_up_callback(callback, on_done) {
		return this.ask({
			verb: "give_up_callback",
			title: __("Give up the callback"),
			label: __("Give up"),
			fields: [{ fieldtype: "Small Text", fieldname: "reason", label: __("Reason"), reqd: 1 }],
			args: ({ reason }) => ({ callback: callback.name, reason }),
			on_done,
		});
	},
});
