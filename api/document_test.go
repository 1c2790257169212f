package api

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
)

// described is what openapi.yaml says of an operation that routes.go says too.
type described struct {
	Operation  string
	Permission desk.Permission
}

func document(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(Document)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTheDocumentAndTheRoutesAreTheSame(t *testing.T) {
	inDocument, inRoutes := map[string]described{}, map[string]described{}
	for path, item := range document(t).Paths.Map() {
		for method, operation := range item.Operations() {
			inDocument[method+" "+strings.TrimPrefix(path, Base)] = described{operation.OperationID, permissionOf(t, operation)}
		}
	}
	for _, r := range (&Server{}).routes() {
		inRoutes[r.pattern] = described{r.operation, r.permission}
	}
	if diff := cmp.Diff(inRoutes, inDocument); diff != "" {
		t.Errorf("routes.go (-) and openapi.yaml (+) differ:\n%s", diff)
	}
}

// permissionOf reads the permission that an operation asks for in each of the two ways to send a key.
func permissionOf(t *testing.T, operation *openapi3.Operation) desk.Permission {
	t.Helper()
	if operation.Security == nil {
		t.Fatalf("%s does not say whether it needs a key", operation.OperationID)
	}
	if len(*operation.Security) == 0 {
		return public
	}
	var schemes []string
	scopes := map[string]bool{}
	for _, requirement := range *operation.Security {
		for scheme, needs := range requirement {
			schemes = append(schemes, scheme)
			scopes[strings.Join(needs, ",")] = true
		}
	}
	slices.Sort(schemes)
	if !slices.Equal(schemes, []string{"bearerKey", "headerKey"}) || len(scopes) != 1 {
		t.Errorf("%s does not ask for the same in both ways to send a key: %v", operation.OperationID, *operation.Security)
	}
	return desk.Permission(slices.Collect(maps.Keys(scopes))[0])
}

// open are the objects in answers whose members are not ours to name.
var open = []string{
	"TicketDetail.metadata", "EarlierRequest.response", "BatchResult.results.body", "EventList.events.data", // the last by EventDataByName
	"Warnings", "Error.errors", "ConnectorTicketWhole.edits",
}

func TestAnswersHaveNoOtherMembersThanTheDocumentNames(t *testing.T) {
	doc := document(t)
	for _, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			for status, answer := range operation.Responses.Map() {
				media := answer.Value.Content.Get("application/json")
				if media == nil || media.Schema == nil || operation.OperationID == "getOpenAPIJSON" && status == "200" {
					continue
				}
				wantClosed(t, strings.TrimPrefix(media.Schema.Ref, "#/components/schemas/"), media.Schema.Value)
			}
		}
	}
	for _, name := range []string{"TicketCreatedData", "StatusChangedData", "CommentAddedData", "TicketResolvedData", "TicketClosedData"} {
		wantClosed(t, name, doc.Components.Schemas[name].Value)
	}
}

// wantClosed walks a schema and fails the test at every object that allows members it does not name.
func wantClosed(t *testing.T, at string, schema *openapi3.Schema) {
	t.Helper()
	for name, property := range schema.Properties {
		inner := at + "." + name
		if strings.HasPrefix(property.Ref, "#/components/schemas/") {
			inner = strings.TrimPrefix(property.Ref, "#/components/schemas/")
		}
		wantClosed(t, inner, property.Value)
	}
	if schema.Items != nil {
		wantClosed(t, at, schema.Items.Value)
	}
	closed := schema.AdditionalProperties.Has != nil && !*schema.AdditionalProperties.Has
	if schema.Type.Includes("object") && !closed && !slices.Contains(open, at) {
		t.Errorf("%s allows members that it does not name", at)
	}
}

func TestEveryOperationDocumentsItsErrors(t *testing.T) {
	for path, item := range document(t).Paths.Map() {
		for method, operation := range item.Operations() {
			want := []string{"401", "403", "429", "500", "503"}
			switch {
			case permissionOf(t, operation) == public:
				want = []string{"304", "400"}
			case permissionOf(t, operation) == anyPermission:
				want = []string{"400", "401", "413", "415", "429", "500", "503"}
			case method == "DELETE": // without a body
				want = append(want, "400")
			case method == "GET":
				want = append(want, "304", "400")
			default:
				want = append(want, "400", "413", "415")
			}
			for _, status := range want {
				if operation.Responses.Value(status) == nil {
					t.Errorf("%s %s does not document %s", method, path, status)
				}
			}
		}
	}
}
