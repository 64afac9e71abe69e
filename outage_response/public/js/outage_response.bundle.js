// What every screen of an outage shares: asking the server, following it, clocks, the dialogs of the verbs, the parts of a screen.
import "./outage/server";
import "./outage/live";
import "./outage/time";
import "./outage/parts";
import "./outage/select_words";
import "./outage/alarm";
import "./outage/who_knows";
import "./outage/dialog";
import "./outage/notice_dialogs";
import "./outage/units";
import "./outage/incident_dialogs";
import "./outage/task_dialogs";
import "./outage/declare";
import "./outage/trapped";
import "./outage/call_line";
import "./outage/incident_view";
import "./outage/paging";
