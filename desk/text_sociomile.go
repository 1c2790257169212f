package desk

// What came of a call to Sociomile, for the operator: what it means, what happens, and whom to call (the spec, Sociomile).
const (
	SociomileSent      Text = "Sociomile took it. There is nothing to do"
	SociomileNoRoute   Text = "Sociomile answers, but its application has no such path. Ask the provider to register the route. What waits is sent by itself when it is there"
	SociomileSecret    Text = "Sociomile refuses the client secret. Check OMNI_API_TOKEN and OMNI_AUTH, then ask the provider whether the secret is active"
	SociomileField     Text = "Sociomile does not accept a field of this ticket. A person must correct the ticket or the field map, and then send it again"
	SociomileRefused   Text = "Sociomile refuses this ticket. A person must read what it says, and ask the provider when that is not clear"
	SociomileLimit     Text = "Sociomile asks for fewer calls. It is tried again by itself after the pause. When it happens often, ask the provider for a higher limit"
	SociomileFault     Text = "Sociomile's application failed. It is tried again by itself. When it lasts, tell the provider the time and the trace id"
	SociomileProxy     Text = "A proxy answered instead of Sociomile's application. It is tried again by itself. When it lasts, check OMNI_API_URL, then ask the provider"
	SociomileNetwork   Text = "Sociomile could not be reached, and nothing was sent. It is tried again by itself. When it lasts, ask the bank's network team about DNS, firewall and certificates"
	SociomileUnknown   Text = "The call was sent, but no whole answer came: the ticket may exist twice. It is tried again by itself. When it happens often, ask the provider and the bank's network team"
	SociomileBadBody   Text = "Sociomile reported success without a usable answer. It is tried five times in all. Then a person must ask the provider whether the ticket exists"
	SociomileExists    Text = "Sociomile has this ticket already. There is nothing to do"
	LeftOutAsNumber    Text = "{field} was not sent to Sociomile: as a number it would lose digits"
	LeftOutUnreadable  Text = "{field} of the ticket was not sent to Sociomile: it is not of the kind that Sociomile takes"
	SociomileSilent    Text = "Nothing has reached Sociomile since {0}. Waiting: {1}. For a person: {2}"
	SociomileBack      Text = "Sociomile takes tickets again, or nothing waits any more. It had taken nothing since {0}. Waiting: {1}. For a person: {2}"
	SociomilePaused    Text = "The connector is paused. Somebody has to let it go on"
	SociomileUnread    Text = "The desk itself failed before the call. It is tried again by itself. The log says why"
	SociomileUnchanged Text = "Sociomile has this status already. There is nothing to do"
	SociomileSkipped   Text = "A person made the ticket at Sociomile by hand. There is nothing to do"
	SociomileParked    Text = "A person took the ticket out of the queue. It is sent when a person asks for it"
)
