package api

import (
	"maps"
	"strings"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
	"banksulutgo.co.id/servicedesk/web"
)

// input is a JSON body that is being read.
type input struct {
	*web.Fields
	request *web.Request
	value   web.Value
	faults  *desk.Faults
	masked  []string // paths of what the door itself had to mask
	release func()
}

// read reads and parses the body of a request, and makes sure of the memory for the files in it. Call release when
// nothing refers to it any more.
func (s *Server) read(r *web.Request) (*input, error) { return s.readAs(r, false) }

// readOptional is read for an operation that can do without a body: none is an object without members, and needs no type.
func (s *Server) readOptional(r *web.Request) (*input, error) { return s.readAs(r, true) }

// withoutBody is read for an operation that has no body; one that comes is not looked at.
func withoutBody(r *web.Request) (*input, error) {
	faults, none := &desk.Faults{}, web.ObjectValue(nil)
	fields, err := web.ReadFields(none, faults)
	return &input{Fields: fields, request: r, value: none, faults: faults, release: func() {}}, err
}

func (s *Server) readAs(r *web.Request, optional bool) (*input, error) {
	value, release, err := s.parse(r, optional)
	if err != nil {
		return nil, err
	}
	faults := &desk.Faults{}
	fields, err := web.ReadFields(value, faults)
	if err == nil {
		err = s.door.Reserve(r, min(attachedBytes(value), desk.MaxAttachmentBytes))
	}
	if err != nil {
		release()
		return nil, err
	}
	return &input{Fields: fields, request: r, value: value, faults: faults, release: release}, nil
}

// parse returns the body of a request, and what gives its memory back. Requests inside a batch share that of the batch.
func (s *Server) parse(r *web.Request, optional bool) (web.Value, func(), error) {
	if r.Inner() && r.Parsed.Kind() != web.Null {
		return r.Parsed, func() {}, nil
	}
	if optional && r.ContentLength == 0 {
		return web.ObjectValue(nil), func() {}, nil
	}
	body, err := s.door.ReadBody(r)
	if err != nil {
		return web.Value{}, nil, err
	}
	if optional && len(body.Bytes) == 0 { // its length was not announced
		return web.ObjectValue(nil), body.Release, nil
	}
	value, err := web.ParseJSON(body.Bytes)
	if err != nil {
		body.Release()
	}
	return value, body.Release, err
}

// warnings adds to what the verb warned of what the door masked, and the fields that nobody asked for.
func (in *input) warnings(more desk.Faults) desk.Faults {
	for _, path := range in.masked {
		more.Add(path, desk.CardMasked)
	}
	for _, path := range in.Unknown() {
		shown, _ := mask.Cards(path)
		more.Add(shown, desk.UnknownField)
	}
	return more
}

// integration reads the integration object (API document, Create Full Ticket).
func (in *input) integration() desk.Integration {
	f := in.Object("integration")
	return desk.Integration{
		WebhookURL: f.Text("webhookUrl", desk.MaxURL),
		APIVersion: f.Text("apiVersion", desk.MaxReference),
		PartnerID:  f.Text("partnerId", desk.MaxReference),
		RequestID:  f.Text("requestId", desk.MaxReference),
	}
}

// requestID is what the partner calls this request: `integration.requestId`, or the header Idempotency-Key. Both
// given and different is a fault.
func (in *input) requestID() string {
	header := in.idempotencyKey()
	body := in.integration().RequestID
	switch {
	case header == "":
		return body
	case body != "" && body != header:
		in.faults.Add("integration.requestId", desk.RequestIDDiffers)
	}
	return header
}

// idempotencyKey reads the header of that name, which may be in quotes, and notes what is wrong with it.
func (in *input) idempotencyKey() string {
	const name = "Idempotency-Key"
	key := strings.Trim(strings.TrimSpace(in.request.Header.Get(name)), `"`)
	if !utf8.ValidString(key) {
		in.faults.Add(name, desk.MustBeText)
	}
	desk.CheckLength(in.faults, name, key, desk.MaxReference)
	if mask.IsCard(key) {
		in.faults.Add(name, desk.MustNotBeCard)
	}
	return key
}

// onceOf says how the write that in asks for is known again.
func onceOf[T any](in *input, word func(T) (web.Answer, error)) app.Once[T] {
	id := in.requestID()
	if id == "" {
		return app.Once[T]{}
	}
	return app.Once[T]{
		ID:        id,
		Operation: in.request.Method + " " + strings.TrimPrefix(in.request.URL.Path, Base),
		Content:   maps.Collect(in.value.Leaves()),
		Word: func(result T) (app.Answer, error) {
			answer, err := word(result)
			return app.Answer{Status: answer.Status, Body: answer.Body}, err
		},
	}
}

// write answers a write: it reads the body, calls a verb, and words what came of it; the same words are kept under the
// request's id.
func write[T any](r *web.Request, read func(*web.Request) (*input, error), do func(*input, app.Once[T]) (T, error), word func(*input, T) (web.Answer, error)) (web.Answer, error) {
	in, err := read(r)
	if err != nil {
		return web.Answer{}, err
	}
	defer in.release()
	worded := func(made T) (web.Answer, error) { return word(in, made) }
	made, err := do(in, onceOf(in, worded))
	if err != nil {
		return web.Answer{}, err
	}
	return worded(made)
}

// files reads the attachments of a body. Of too many bytes none is decoded.
func (in *input) files() []desk.Attachment {
	var files []desk.Attachment
	if attachedBytes(in.value) > desk.MaxAttachmentBytes {
		in.faults.Add("attachments", desk.TooManyBytes, "50 MB")
		in.Value("attachments") // it is known
		return nil
	}
	for _, f := range in.Objects("attachments", desk.MaxAttachments) {
		files = append(files, in.file(f))
	}
	return files
}

// file reads one attachment; what is wrong with it is noted.
func (in *input) file(f *web.Fields) desk.Attachment {
	file := desk.Attachment{
		Filename:    f.Text("filename", desk.MaxTitle),
		MIME:        f.Text("mimeType", desk.MaxReference),
		Description: f.Text("description", desk.MaxReason),
	}
	if file.Filename == "" {
		in.faults.Add(f.Path("filename"), desk.Required)
	}
	if file.MIME == "" {
		in.faults.Add(f.Path("mimeType"), desk.Required)
	}
	if clean, found := mask.Cards(file.MIME); found { // any subtype of text is accepted
		file.MIME, in.masked = clean, append(in.masked, f.Path("mimeType"))
	}
	file.DeclaredSize = declaredSize(f, in.faults)
	content := f.Text("content", 0)
	if content == "" {
		in.faults.Add(f.Path("content"), desk.Required)
		return file
	}
	if decodedBytes(content) > desk.MaxAttachment {
		in.faults.Add(f.Path("content"), desk.TooManyBytes, "10 MB")
		return file
	}
	decoded, err := decodeBase64(content)
	if err != nil {
		in.faults.Add(f.Path("content"), desk.MustBeBase64)
		return file
	}
	file.Content, file.Size = decoded, int64(len(decoded))
	return file
}
