// The verbs of one task, and the callback's. `row` is a task of the situation (flows/screens/steps_on_form.py task_rows).
frappe.provide("outage_response");

const words = () => ({
	acknowledge: __("Mine"),
	acknowledge_for: __("Answered by radio"),
	arrive: __("I am here"),
	on_post: __("On post"),
	complete: __("Done"),
	complete_for: __("By radio…"),
	correct_outcome: __("Correct…"),
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

// What an outcome means, whatever words the plan has for it: [key, words, meaning]
const TRAPPED = "trapped";
const EMPTY = "empty";

// Of an elevator: how many are inside, or out. The end of a rescue counts them; what is known of them stands there already.
function people_fields(row, seen) {
	if (!row.elevator) return [];
	const known = (seen.trapped || []).find((one) => Object.values(one.tasks).includes(row.name));
	if (row.rescue_part === "release")
		return [
			outage_response.people_field({
				label: __("How many are out"),
				reqd: 1,
				default: known?.people || undefined,
			}),
		];
	const found = row.outcomes.flatMap(([outcome, , meaning]) => (meaning === TRAPPED ? [outcome] : []));
	if (!found.length) return [];
	return [
		outage_response.people_field({
			default: known?.people || undefined,
			depends_on: `eval:${JSON.stringify(found)}.includes(doc.outcome)`,
		}),
	];
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

// Of a Select: the people who can do the step
const people_options = (row, seen) =>
	outage_response.options(
		(seen.choices.people[row.role] || []).map(({ user, full_name, on_duty }) => [
			user,
			on_duty ? `${full_name} (${__("on duty")})` : full_name,
		]),
		true,
	);

function person_dialog(row, seen, label = __("Who takes it")) {
	return {
		fields: [{ fieldtype: "Select", fieldname: "user", label, reqd: 1, options: people_options(row, seen) }],
		args: ({ user }) => ({ user }),
	};
}

const ways_to_see = () => [
	["door_open", __("Saw into the open car")],
	["intercom", __("Asked by intercom")],
	["camera", __("Looked by camera")],
];

// A step and one of its outcomes, as the value of a choice; a step without outcomes is simply done
const radio_choice = (row, outcome, meaning) => JSON.stringify({ task: row.name, outcome, meaning });

function radio_options(row) {
	if (!row.outcomes.length) return [[radio_choice(row, "", ""), row.title]];
	return row.outcomes.map(([outcome, label, meaning]) => [
		radio_choice(row, outcome, meaning),
		label,
		meaning === TRAPPED ? "danger" : "default",
	]);
}

/**
 * What somebody says by radio of an elevator, written down for them: `rows` are its open steps. People inside are sent at the
 * touch; what else is said asks who saw it, and an empty car also for its number, how it was seen, and that it was read back.
 */
function radio_dialog(rows, seen) {
	const of = (part) => rows.find((row) => row.rescue_part === part);
	const release = of("release");
	const known = (seen.trapped || []).find((one) => rows.some((row) => Object.values(one.tasks).includes(row.name)));
	const chosen = (choice) => (choice ? JSON.parse(choice) : {});
	const is_empty = "eval:doc.choice && JSON.parse(doc.choice).meaning == 'empty'";
	const needs_proof = `eval:doc.choice && JSON.parse(doc.choice).meaning != '${TRAPPED}'`;
	const is_release = release ? `eval:doc.choice && JSON.parse(doc.choice).task == '${release.name}'` : "eval:0";
	return {
		happened: __("Happened At"),
		fields: [
			outage_response.people_field({ default: known?.people || undefined }),
			...outage_response.choices(
				rows.map((row) => ({ title: rows.length > 1 ? row.title : "", options: radio_options(row) })),
				(value) => chosen(value).meaning === TRAPPED,
			),
			{
				fieldtype: "Data",
				fieldname: "elevator_no",
				label: __("Elevator number, as they read it"),
				description: __("Its name, or the number plate in the car"),
				depends_on: needs_proof,
			},
			{
				fieldtype: "Select",
				fieldname: "how",
				label: __("How it was seen"),
				options: outage_response.options(ways_to_see(), true),
				depends_on: is_empty,
			},
			{
				fieldtype: "Select",
				fieldname: "user",
				label: __("Who Looked"),
				options: people_options(rows[0], seen),
				depends_on: "eval:doc.choice",
			},
			{
				fieldtype: "Data",
				fieldname: "who",
				label: __("Or, without a login: who"),
				depends_on: "eval:doc.choice && !doc.user",
			},
			...(release?.checks || []).map(([key, label]) => ({
				fieldtype: "Check",
				fieldname: `check_${key}`,
				label: outage_response.escape(label),
				depends_on: is_release,
			})),
			{
				fieldtype: "Check",
				fieldname: "read_back",
				label: __("Read back to them (which elevator, what they say): they said yes"),
				depends_on: needs_proof,
			},
			{ fieldtype: "Data", fieldname: "evidence", label: __("Note"), depends_on: "eval:doc.choice" },
		],
		args: (values) => {
			const { task, outcome, meaning } = chosen(values.choice);
			if (!task) outage_response.refuse(__("Choose what they said."));
			const empty = meaning === EMPTY;
			const proved = meaning !== TRAPPED;
			const counts = meaning === TRAPPED || task === release?.name;
			const checks = task === release?.name ? release.checks.map(([key]) => key) : [];
			return {
				task,
				outcome: outcome || undefined,
				user: values.user || undefined,
				who: values.user ? undefined : values.who,
				how: empty ? values.how || undefined : undefined,
				elevator_no: proved ? values.elevator_no : undefined,
				read_back: proved && values.read_back ? 1 : undefined,
				people: counts ? outage_response.people_of(values.people) : undefined,
				checks: JSON.stringify(checks.filter((key) => values[`check_${key}`])),
				evidence: values.evidence,
			};
		},
	};
}

/** What was said of a step turns out otherwise. People inside after all: one touch. */
function correct_dialog(row) {
	const danger = row.corrections.flatMap(([key, , meaning]) => (meaning === TRAPPED ? [key] : []));
	const of_people = row.elevator && row.corrections.some(([key]) => [...danger, ...row.second_person].includes(key));
	const waits = row.second_person.length ? `eval:${JSON.stringify(row.second_person)}.includes(doc.choice)` : "eval:0";
	return {
		intro: `<p>${__("So far: {0}", [outage_response.escape(row.outcome)])}</p>`,
		fields: [
			...(of_people ? [outage_response.people_field()] : []),
			...outage_response.choices(
				[
					{
						options: row.corrections.map(([key, label]) => [key, label, danger.includes(key) ? "danger" : "default"]),
					},
				],
				(value) => danger.includes(value),
			),
			{
				fieldtype: "Data",
				fieldname: "who",
				label: __("Who saw the open, empty car"),
				description: __("A second person must read it back; until then the rescue goes on."),
				depends_on: waits,
			},
			{ fieldtype: "Data", fieldname: "note", label: __("Note"), depends_on: "eval:doc.choice" },
		],
		args: ({ choice, people, who, note }) => {
			if (!choice) outage_response.refuse(__("Choose what is right."));
			const second = row.second_person.includes(choice);
			return {
				outcome: choice,
				people: outage_response.people_of(people),
				who: second ? who || "" : undefined,
				how: second ? "door_open" : undefined,
				note,
			};
		},
		said: ({ waiting_for }) =>
			waiting_for === "read_back"
				? __("Said. A second person reads it back; until then the rescue goes on.")
				: __("Corrected: {0}", [row.title]),
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

	complete_for: (row, seen) => radio_dialog([row], seen), // opened by open_radio
	correct_outcome: correct_dialog,

	complete: (row, seen) => ({
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
			...people_fields(row, seen),
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
			people: outage_response.people_of(values.people),
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
		if (verb === "complete_for") return this.open_radio([row], seen, on_done);
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

	/** What was said by radio of one elevator: `rows` are its open steps. */
	open_radio(rows, seen, on_done) {
		return this.ask({
			verb: "complete_for",
			title: this.titled(words().complete_for.replace("…", ""), rows[0].where),
			label: __("Write it down"),
			...radio_dialog(rows, seen),
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
