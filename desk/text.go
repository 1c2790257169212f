package desk

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Language is a language that people read: Indonesian or English.
type Language string

// The two languages of the desk. The API answers in English unless asked (clients may match its texts).
const (
	English    Language = "en"
	Indonesian Language = "id"
)

// Text is a sentence for the caller. Its value is the English wording, which is also its identity;
// `{field}` stands for the label of the field that it is about, `{0}`, `{1}` … for arguments.
type Text string

// Messages of the API document and, where it is silent, in its manner.
const (
	UnauthorizedText     Text = "Unauthorized"
	CannotCreate         Text = "Insufficient permissions to create omnichannel tickets"
	CannotRead           Text = "Insufficient permissions to read omnichannel tickets"
	CannotUpdate         Text = "Insufficient permissions to update omnichannel tickets"
	ValidationFailed     Text = "Validation failed"
	EitherReference      Text = "Either ticketNumber or channelReferenceId is required"
	TicketNotFound       Text = "Ticket not found"
	AttachmentNotFound   Text = "Attachment not found"
	RequestNotFound      Text = "Request not found"
	TargetNotFound       Text = "Webhook not found"
	DeliveryNotFound     Text = "Delivery not found"
	TooManyTargets       Text = "There are {0} webhooks already. Delete one that is not needed"
	DeliveryUnderWay     Text = "The delivery is under way. Look again in a minute"
	DeliveryNotNext      Text = "The next event of this ticket is {0}. Skip that one first"
	DeliveryDone         Text = "The event was delivered already"
	DeliverySkipped      Text = "The event was skipped already"
	DeliveryGivenUp      Text = "The event is not tried any more and holds up nothing"
	TicketTargetStays    Text = "This webhook comes from the tickets that name it. Disable it instead"
	TargetKeepsSecret    Text = "The secret of this webhook is that of the API key"
	NotForwarded         Text = "The ticket is not forwarded to Sociomile"
	ForwardUnderWay      Text = "Sociomile is being told of the ticket at this moment. Look again in a minute"
	ForwardSent          Text = "Sociomile has the ticket already"
	ForwardSentAs        Text = "Sociomile has the ticket already, as {0}"
	TargetChanged        Text = "The webhook was changed since it was read. Read it again and repeat the change"
	KeyNotFound          Text = "There is no such API key in use"
	AgentExists          Text = "An agent with this e-mail exists already"
	PathNotFound         Text = "Not found. The API is described at /docs"
	MethodNotAllowed     Text = "Method {0} is not allowed here. Allowed: {1}"
	TicketFinalized      Text = "Cannot update closed or resolved tickets"
	SystemUserNotFound   Text = "System user not found"
	ClaimServiceNotFound Text = "Claim service not found"
	ServiceNotFound      Text = "Service {0} not found"
	InvalidJSON          Text = "Invalid JSON: {0} at line {1}, column {2}"
	BodyTooLarge         Text = "The request body is larger than {0} MB"
	NotJSON              Text = "Content-Type must be application/json"
	BadEncoding          Text = "Content-Encoding must be gzip or absent, and the body must be what it says"
	BodyCut              Text = "The request body ended too early"
	NotHTTP              Text = "The request is no valid HTTP/1.1"
	HeaderTooLarge       Text = "The headers of the request are too large"
	BodySlow             Text = "The request body came too slowly. Send at least {0} kB in every {1} seconds"
	RequestIDReused      Text = "This requestId was already used with other content"
	RequestIDDiffers     Text = "Idempotency-Key and integration.requestId must be equal when both are given"
	ChangedElsewhere     Text = "The ticket was changed since it was read. Read it again and repeat the change"
	RateLimited          Text = "Too many requests. Try again in {0} seconds"
	TooManyStreams       Text = "{0} streams of events are open with this key already. Close one or try again in {1} seconds"
	TryLater             Text = "The service cannot answer at this moment. Try again in {0} seconds"
	InternalError        Text = "Internal server error"
)

// Rules that a field can break.
const (
	Required            Text = "{field} is required"
	RequiredFor         Text = "{field} is required for {0}" // {0} is a medium
	MustBePositive      Text = "{field} must be positive"
	ExceedsMaximum      Text = "{field} exceeds maximum limit"
	MustBeNumber        Text = "{field} must be a number"
	MustBeText          Text = "{field} must be a text"
	MustBeObject        Text = "{field} must be an object"
	MustBeArray         Text = "{field} must be an array"
	MustBeBoolean       Text = "{field} must be true or false"
	MustBeDecimals      Text = "{field} must have at most {0} decimals"
	MustBeISODate       Text = "{field} must be an ISO 8601 date or date-time"
	MustBeWhole         Text = "{field} must be a whole number from {0} to {1}"
	MustBeOneOf         Text = "Invalid {field}. Must be one of: {0}"
	TooLong             Text = "{field} must be at most {0} characters"
	TooShort            Text = "{field} must have at least {0} characters"
	MustBeUnique        Text = "{field} must be unique"
	TooManyKeys         Text = "{field} must have at most {0} keys"
	TooManyItems        Text = "{field} must have at most {0} items"
	TooManyBytes        Text = "{field} must be at most {0}"
	MustBeEmail         Text = "{field} must be a valid email address"
	MustBePhone         Text = "{field} must be a valid phone number"
	MustBeURL           Text = "{field} must be a valid http or https URL without user information"
	MustHaveNoSpaces    Text = "{field} must not contain spaces or control characters"
	MustHavePort        Text = "{field} must have a port from 1 to 65535, or none"
	MustHaveNoFragment  Text = "{field} must not have a fragment (#…), which no request carries"
	MustBeBase64        Text = "{field} must be valid base64"
	MustNotBeEmpty      Text = "{field} must not be empty"
	TypeRefused         Text = "{field} of type {0} is not accepted"
	TypeDiffers         Text = "{field} is {0}, but the content is {1}"
	MustNotBeCard       Text = "{field} must not be a card number"
	StatusNotAllowed    Text = "Status cannot change from {0} to {1}. Allowed: {2}"
	StatusNotAllowedEnd Text = "Status cannot change from {0} to {1}. {0} is final"
	CursorInvalid       Text = "{field} must be a cursor that this API gave out"
	BeyondFeed          Text = "{field} is beyond the end of the feed, which is at {0}"
	AgentUnknown        Text = "{field} does not name an active agent"
	GroupUnknown        Text = "{field} does not name a support group"
	NotAllowedForKey    Text = "{field} is not allowed for this API key"
	DiffersFromFirst    Text = "{field} differs from the first request with this id"
	PermissionUnknown   Text = "Unknown permission {0}. Known: {1}"
	OneIdentifier       Text = "One of email, phone, identifier and nomorRekening is required"
	OneWayAgain         Text = "Either undelivered, or both from and until, is required"
	NotForTicketTarget  Text = "{field} comes from the tickets that name this webhook and cannot be changed here"
	ForwardFieldUnknown Text = "{field} is no field that Sociomile is told. Known: {0}"
	ParameterUnknown    Text = "Unknown parameter {field}. Known: {0}"
	ParameterNone       Text = "Unknown parameter {field}. There are none here"
	ParameterRepeated   Text = "Parameter {field} is given more than once"
	QueryInvalid        Text = "The query cannot be read: write % as %25, & as %26 and ; as %3B"
	PathRefused         Text = "{field} must be a path of this API that a batch may use"
)

// Why a body is no JSON: with one of these the first argument of InvalidJSON begins.
const (
	JSONMark       Text = "byte order mark"
	JSONEmpty      Text = "the body is empty"
	JSONMore       Text = "more data after the end"
	JSONValues     Text = "more than 50000 values"
	JSONLevels     Text = "more than 64 levels"
	JSONProto      Text = `key "__proto__" is not allowed`
	JSONDuplicate  Text = "duplicate key"
	JSONUnexpected Text = "unexpected character"
	JSONEnd        Text = "unexpected end of the body"
	JSONComment    Text = "comments are not allowed"
	JSONNUL        Text = "NUL character"
	JSONUTF8       Text = "invalid UTF-8"
	JSONControl    Text = "control character in a string"
	JSONEscape     Text = "invalid escape"
	JSONSurrogate  Text = "lone surrogate"
)

// Warnings: told beside a success, never a refusal.
const (
	UnknownField       Text = "Unknown field, ignored"
	CardMasked         Text = "A full card number was masked before it was stored"
	SizeDiffers        Text = "The declared size is {0} bytes, the content has {1}; the content counts"
	BranchUnknown      Text = "Unknown branch code, kept as given"
	RecommendedMissing Text = "{field} is recommended for {0}"
	PartnerIDDiffers   Text = "The partner of this API key is {0}"
	AddressNotCalled   Text = "This address is not of the internet and is not called: no event arrives there, unless the bank allows its network"
	APIVersionUnknown  Text = "Unknown API version, answered as 1.0"
)

// How the desk does, for everybody (the spec, section 8).
const (
	AllWorking    Text = "Everything works"
	SomeDisturbed Text = "Part of the service is disturbed"
	AllDown       Text = "The service does not work at this moment"
	APIPart       Text = "API of the bank"
	WebhookPart   Text = "Webhooks"
	OmniPart      Text = "Connector"
	PartWorking   Text = "{0}: working"
	PartDelayed   Text = "{0}: delayed since {1}"
	PartDown      Text = "{0}: down since {1}"
)

// Label returns the name of the field at path: a listed label, or for an item of a list (`attachments.0.size`)
// the label of its last part, or the path itself. Alternatives (`customer.email|customer.phone`) are named all.
func Label(path string, l Language) string { return label(path, l, false) }

// label is Label, inside a sentence or at its beginning.
func label(path string, l Language, inside bool) string {
	or := " or "
	if l == Indonesian {
		or = " atau "
	}
	var names []string
	for part := range strings.SplitSeq(path, "|") {
		name, listed := labelOf(part, l)
		if listed && (inside || len(names) > 0) {
			name = lowerFirst(name)
		}
		names = append(names, name)
	}
	return strings.Join(names, or)
}

// labelOf returns the listed name of one field, or else its path.
func labelOf(path string, l Language) (name string, listed bool) {
	pair, listed := labels[path]
	if i := strings.LastIndexByte(path, '.'); !listed && strings.HasPrefix(path, "attachments.") {
		pair, listed = labels[path[i+1:]]
	}
	switch {
	case !listed:
		return path, false
	case l == Indonesian:
		return pair[1], true
	}
	return pair[0], true
}

// In words the text in a language, about the field at path, with its arguments. Nothing inside a path or an argument is
// taken for a place to fill in.
func (t Text) In(l Language, path string, args ...string) string {
	wording := string(t)
	if l == Indonesian && indonesian[t] != "" {
		wording = indonesian[t]
	}
	places := make([]string, 0, 2+2*len(args))
	places = append(places, "{field}", label(path, l, !strings.HasPrefix(wording, "{field}")))
	if t == InvalidJSON && len(args) > 0 {
		args = append([]string{reasonIn(l, args[0])}, args[1:]...)
	}
	for i, a := range args {
		place := "{" + strconv.Itoa(i) + "}"
		if a == "1" {
			places = append(places, place+" seconds", "1 second", place+" characters", "1 character", place+" decimals", "1 decimal",
				place+" minutes", "1 minute")
		}
		places = append(places, place, a)
	}
	return strings.NewReplacer(places...).Replace(wording)
}

// reasonIn words the reason that a sentence about JSON begins with; what follows it is the caller's own.
func reasonIn(l Language, s string) string {
	for _, reason := range []Text{JSONMark, JSONEmpty, JSONMore, JSONValues, JSONLevels, JSONProto, JSONDuplicate, JSONUnexpected,
		JSONEnd, JSONComment, JSONNUL, JSONUTF8, JSONControl, JSONEscape, JSONSurrogate} {
		if rest, ok := strings.CutPrefix(s, string(reason)); ok {
			return reason.In(l, "") + rest
		}
	}
	return s
}

// lowerFirst turns a label into one that stands inside a sentence, unless it begins with an abbreviation.
func lowerFirst(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if second, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(second) {
		return s
	}
	return string(unicode.ToLower(first)) + s[n:]
}
