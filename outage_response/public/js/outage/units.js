// The affected units of an incident, floor by floor; read when somebody unfolds them.
frappe.provide("outage_response");

const escape = outage_response.escape;

const unit_html = ([name, unit_no], may_open) =>
	may_open ? `<a href="${outage_response.desk_url("property-unit", name)}">${escape(unit_no)}</a>` : escape(unit_no);

Object.assign(outage_response, {
	/** `seen`: api/screens.py get_units; `scheduled`: nothing is switched off yet. */
	units_html({ floors, count, may_open }, scheduled) {
		if (!count) return `<p class="text-muted">${__("No unit of the records hangs on the affected nodes.")}</p>`;
		const buildings = new Map();
		for (const row of floors) buildings.set(row.building, [...(buildings.get(row.building) || []), row]);
		const heads = [__("Floor"), __("Out Since"), __("Back At"), __("Count"), __("Units")];
		const tables = [...buildings].map(([building, rows]) =>
			this.rows_html(
				heads,
				rows.map((row) => [
					row.floor || "",
					this.moment(row.out_since),
					row.back_at
						? this.moment(row.back_at)
						: scheduled || !row.out_since
							? ""
							: `<span class="outage-red">${__("still out")}</span>`,
					row.units.length,
					row.units.map((unit) => unit_html(unit, may_open)).join(", "),
				]),
				{ caption: building },
			),
		);
		return tables.join("");
	},
});
