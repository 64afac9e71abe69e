// Clocks. Times come as the site's own time without a zone; what counts is the server's `now` beside them, so a computer
// whose clock or zone is off still shows the right minutes.
frappe.provide("outage_response");

const NEARLY_USED_UP = 15; // minutes
let known_ahead = null; // milliseconds between the site's time and this computer's clock

const parse = (text) => {
	const [date, time] = String(text).split(/[ T]/);
	const [year, month, day] = date.split("-").map(Number);
	const [hour, minute, second] = (time || "0:0:0").split(":").map(Number);
	return Date.UTC(year, month - 1, day, hour, minute, Math.floor(second || 0));
};

// Before a screen has said what its server's time is: by the zone alone
const ahead = () => known_ahead ?? parse(frappe.datetime.system_datetime()) - Date.now();

Object.assign(outage_response, {
	set_now(text) {
		known_ahead = parse(text) - Date.now();
	},

	/** Minutes from now until `text` (negative: past). */
	minutes_until(text) {
		return (parse(text) - Date.now() - ahead()) / 60000;
	},

	/** Site time as the server writes it, `minutes` from now. */
	site_time(minutes = 0) {
		return new Date(Date.now() + ahead() + minutes * 60000).toISOString().slice(0, 19).replace("T", " ");
	},

	/** 02:15, with the date when it is another day's. */
	moment(text) {
		if (!text) return "";
		const [date, time] = String(text).split(/[ T]/);
		const clock = (time || "").slice(0, 5);
		return date === this.site_time().slice(0, 10) ? clock : `${date.slice(5)} ${clock}`;
	},

	/** 95 -> "1 h 35 min" */
	duration(minutes) {
		const whole = Math.floor(Math.abs(minutes));
		if (whole < 60) return __("{0} min", [whole]);
		if (whole < 48 * 60 && !(whole % 60)) return __("{0} h", [whole / 60]);
		if (whole < 48 * 60) return __("{0} h {1} min", [Math.floor(whole / 60), whole % 60]);
		return __("{0} days {1} h", [Math.floor(whole / 1440), Math.floor((whole % 1440) / 60)]);
	},

	/** 40 s, then minutes. */
	seconds(count) {
		return count < 120 ? __("{0} s", [Math.round(count)]) : this.duration(count / 60);
	},

	/** How long until something is due, or since when it should be done; `left` in minutes. */
	due_text(left) {
		if (Math.abs(left) < 1) return __("due now");
		return left < 0 ? __("overdue by {0}", [this.duration(left)]) : __("due in {0}", [this.duration(left)]);
	},

	/** A clock that runs: how long until it is due, or over. With `stopped_at` it stands. */
	clock_html(due_at, stopped_at) {
		if (!due_at) return "";
		if (!stopped_at) return `<span class="outage-clock" data-due="${this.escape(due_at)}"></span>`;
		const late = (parse(stopped_at) - parse(due_at)) / 60000;
		const text = late > 0 ? __("{0} late", [this.seconds(late * 60)]) : __("in time");
		return `<span class="outage-clock">${text}</span>`;
	},

	/**
	 * Bring the clocks inside `root` up to now.
	 *   data-due    how long until then, or since
	 *   data-since  how long it has lasted (to `data-until`, where that stands)
	 *   data-left   how long something lasts
	 *   data-inside since when people are in an elevator, written with `data-car`, `data-people`, `data-certain`
	 *   data-quiet  since when nobody has talked to them; written once that is long
	 * What is over, or nearly used up, gets the class is-over: the clock, or the `.outage-timed` around it.
	 */
	tick(root) {
		const write = (clock, text, over = false) => {
			if (clock.textContent !== text) clock.textContent = text;
			(clock.closest(".outage-timed") || clock).classList.toggle("is-over", over);
		};
		root.querySelectorAll("[data-due]").forEach((clock) => {
			const left = this.minutes_until(clock.dataset.due);
			write(clock, this.due_text(left), left < 0);
		});
		root.querySelectorAll("[data-since]").forEach((clock) => {
			const { since, until } = clock.dataset;
			write(clock, this.duration(until ? (parse(until) - parse(since)) / 60000 : this.minutes_until(since)));
		});
		root.querySelectorAll("[data-inside]").forEach((line) => write(line, this.inside_words(line.dataset)));
		root.querySelectorAll("[data-quiet]").forEach((line) => write(line, this.quiet_words(line.dataset)));
		root.querySelectorAll("[data-left]").forEach((clock) => {
			const left = this.minutes_until(clock.dataset.left);
			write(clock, left > 0 ? this.duration(left) : __("used up"), left < NEARLY_USED_UP);
		});
	},
});
