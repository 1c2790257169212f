package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/desk"
)

// contractPage is the page that maps the API document to tests.
const contractPage = "../docs/contract.md"

// parts are what the page must have a row for, besides what other lists of the program name: the fields, messages and
// examples of the API document.
var parts = []string{
	"namaNasabah", "mediaTransaksi", "jenisTransaksi", "nominal", "nomorRekening", "nomorKartu", "claimReason", "claimDate", "transactionId", "referenceNumber", "atmId", "description",
	"channel", "channelReferenceId", "serviceType", "customer.name", "customer.email", "customer.phone", "customer.identifier", "customer.branchCode", "customer.department", "customer.preferredLanguage",
	"ticket.title", "ticket.description", "ticket.priority", "ticket.category", "ticket.metadata", "attachments[].filename", "attachments[].mimeType", "attachments[].size", "attachments[].content", "attachments[].description",
	"integration.webhookUrl", "integration.apiVersion", "integration.partnerId", "integration.requestId", "ticketNumber", "action", "comment", "status",
	"success", "ticketId", "estimatedResolution", "trackingUrl", "message", "metadata.createdAt", "metadata.assignedTo", "metadata.supportGroup", "metadata.slaHours", "trackingCode", "warnings",
	"priority", "createdAt", "updatedAt", "resolvedAt", "closedAt", "currentAssignee", "lastComment.content", "lastComment.author", "lastComment.timestamp",
	"sla.responseDeadline", "sla.resolutionDeadline", "sla.isBreached", "service.name", "service.supportGroup", "branch.name", "branch.code",
	"comments[].content", "comments[].author", "comments[].timestamp", "comments[].isFromSupport", "attachments[].uploadedAt", "metadata", "result.comment", "result.status", "result.attachments", "errors",
	"event", "timestamp", "data", "oldStatus", "newStatus", "assignedTo",
	"KLAIM-OMNI ticket created successfully", "Ticket created successfully", "Ticket updated successfully", "Unauthorized", "Insufficient permissions to create omnichannel tickets",
	"Insufficient permissions to read omnichannel tickets", "Insufficient permissions to update omnichannel tickets", "Validation failed", "Nama nasabah is required", "Nominal must be positive",
	"Nominal is required", "Nominal must be a number", "Nominal exceeds maximum limit", "Jenis transaksi is required for ATM", "Customer name is required", "Description is required",
	"Claim date must be an ISO 8601 date or date-time", "Either ticketNumber or channelReferenceId is required", "Ticket not found", "Request not found", "Attachment not found",
	"Cannot update closed or resolved tickets", "System user not found", "Claim service not found",
}

// listed adds the values of lists that the program has itself.
func listed[T ~string](values []T) (all []string) {
	for _, v := range values {
		all = append(all, string(v))
	}
	return all
}

// documentedStatuses are the statuses that openapi.yaml names anywhere, and 405, which it names in words.
func documentedStatuses(t *testing.T) []string {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"405"}
	for _, path := range doc.Paths.Map() {
		for _, operation := range path.Operations() {
			for status := range operation.Responses.Map() {
				if !slices.Contains(all, status) {
					all = append(all, status)
				}
			}
		}
	}
	return all
}

func TestThePageNamesEveryPartOfTheContract(t *testing.T) {
	want := slices.Concat(parts, listed(desk.Channels), listed(desk.ServiceTypes), listed(desk.Priorities), listed(desk.Categories), listed(desk.Statuses), listed(desk.MediaTransaksi),
		listed(desk.JenisTransaksi), []string{"ADD_COMMENT", "UPDATE_STATUS", "ADD_ATTACHMENT", "ASSIGN", "SET_PRIORITY"},
		listed([]desk.EventType{desk.TicketCreated, desk.StatusChanged, desk.CommentAdded, desk.TicketResolved, desk.TicketClosed}),
		listed([]desk.Permission{desk.MayCreate, desk.MayRead, desk.MayUpdate, desk.MayManage}), documentedStatuses(t))
	for _, route := range api.Routes() {
		want = append(want, route.Pattern)
	}
	page, err := os.ReadFile(contractPage)
	if err != nil {
		t.Fatal(err)
	}
	covered := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "|") && aTest.MatchString(line) {
			for _, match := range inCode.FindAllStringSubmatch(line, -1) {
				covered[match[1]] = true
			}
		}
	}
	for _, part := range want {
		if !covered[part] {
			t.Errorf("%s has no row for `%s` that names a test", contractPage, part)
		}
	}
}

func TestThePageNamesOnlyTestsThatExist(t *testing.T) {
	page, err := os.ReadFile(contractPage)
	if err != nil {
		t.Fatal(err)
	}
	exist := testsIn(t, "..")
	for _, name := range aTest.FindAllString(string(page), -1) {
		if !exist[name] {
			t.Errorf("%s names %s, which does not exist", contractPage, name)
		}
	}
}

// What the page names: tests by their names, parts of the contract in backquotes.
var (
	aTest  = regexp.MustCompile(`\bTest[A-Z]\w+`)
	inCode = regexp.MustCompile("`([^`\n]+)`")
)

// testsIn returns the names of all tests in the repository.
func testsIn(t *testing.T, root string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(root, "*", "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests found: %v", err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				found[f.Name.Name] = true
			}
		}
	}
	return found
}
