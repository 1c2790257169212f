package api

import (
	"maps"
	"strings"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// input is a JSON body that is being read.
type input struct {
	*web.Fields
	request *web.Request
	value   web.Value
	faults  *desk.Faults
	release func()
}

// read reads and parses the body of a request. Call release when nothing refers to it any more.
func (s *Server) read(r *web.Request) (*input, error) {
	body, err := s.door.ReadBody(r)
	if err != nil {
		return nil, err
	}
	in, err := parse(r, body.Bytes)
	if err != nil {
		body.Release()
		return nil, err
	}
	in.release = body.Release
	return in, nil
}

func parse(r *web.Request, body []byte) (*input, error) {
	value, err := web.ParseJSON(body)
	if err != nil {
		return nil, err
	}
	faults := &desk.Faults{}
	fields, err := web.ReadFields(value, faults)
	return &input{Fields: fields, request: r, value: value, faults: faults}, err
}

// warnings adds to what the verb warned of the fields that nobody asked for.
func (in *input) warnings(more desk.Faults) desk.Faults {
	for _, path := range in.Unknown() {
		shown, _ := desk.MaskCards(path)
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
	header := strings.Trim(strings.TrimSpace(in.request.Header.Get("Idempotency-Key")), `"`)
	desk.CheckLength(in.faults, "Idempotency-Key", header, desk.MaxReference)
	if desk.IsCard(header) {
		in.faults.Add("Idempotency-Key", desk.MustNotBeCard)
	}
	body := in.integration().RequestID
	switch {
	case header == "":
		return body
	case body != "" && body != header:
		in.faults.Add("integration.requestId", desk.RequestIDDiffers)
	}
	return header
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

// files reads the attachments of a body.
func (in *input) files() []desk.Attachment {
	var files []desk.Attachment
	for _, f := range in.Objects("attachments", desk.MaxAttachments) {
		files = append(files, readFile(f, in.faults))
	}
	return files
}

// readFile reads one attachment; what is wrong with it is noted.
func readFile(f *web.Fields, faults *desk.Faults) desk.Attachment {
	file := desk.Attachment{
		Filename:    f.Text("filename", desk.MaxTitle),
		MIME:        f.Text("mimeType", desk.MaxReference),
		Description: f.Text("description", desk.MaxReason),
	}
	for name, given := range map[string]string{"filename": file.Filename, "mimeType": file.MIME} {
		if given == "" {
			faults.Add(f.Path(name), desk.Required)
		}
	}
	content := f.Text("content", 0)
	if content == "" {
		faults.Add(f.Path("content"), desk.Required)
		return file
	}
	decoded, err := decodeBase64(content)
	if err != nil {
		faults.Add(f.Path("content"), desk.MustBeBase64)
		return file
	}
	file.Content, file.Size, file.DeclaredSize = decoded, int64(len(decoded)), declaredSize(f, faults)
	return file
}
