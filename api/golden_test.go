package api_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// The requests of the API document as it prints them. The desk's clock stands at the time of its examples.
const (
	claimExample = `{
  "namaNasabah": "John Doe",
  "mediaTransaksi": "ATM",
  "jenisTransaksi": "PEMBELIAN",
  "nominal": 500000,
  "nomorRekening": "1234567890",
  "nomorKartu": "****1234",
  "claimReason": "Transaction failed but amount was deducted",
  "claimDate": "2024-12-19T10:30:00Z",
  "transactionId": "TXN123456789",
  "referenceNumber": "REF987654321",
  "atmId": "ATM001",
  "description": "ATM transaction failed but money was debited from account"
}`
	ticketExample = `{
  "channel": "WHATSAPP",
  "channelReferenceId": "wa_msg_123456",
  "serviceType": "TECHNICAL_SUPPORT",
  "customer": {
    "name": "Jane Smith",
    "email": "jane.smith@email.com",
    "phone": "+628123456789",
    "identifier": "CIF123456",
    "branchCode": "001",
    "department": "Personal Banking",
    "preferredLanguage": "id"
  },
  "ticket": {
    "title": "Mobile Banking Login Issue",
    "description": "Unable to login to mobile banking app. Getting error code 500.",
    "priority": "HIGH",
    "category": "INCIDENT",
    "metadata": {
      "errorCode": "ERR_500",
      "deviceType": "Android",
      "applicationVersion": "2.1.5",
      "urgencyReason": "Need to transfer salary today",
      "customFields": {
        "customerSegment": "Premium",
        "lastSuccessfulLogin": "2024-12-18T15:30:00Z"
      }
    }
  },
  "attachments": [
    {
      "filename": "error_screenshot.png",
      "mimeType": "image/png",
      "size": 245760,
      "content": "iVBORw0KGgoAAAANSUhEUgAA...", // base64 encoded
      "description": "Screenshot of error message"
    }
  ],
  "integration": {
    "webhookUrl": "https://your-system.com/webhook",
    "apiVersion": "1.0",
    "partnerId": "PARTNER_001",
    "requestId": "req_123456789" // For idempotency
  }
}`
	attachmentExample = `{
  "action": "ADD_ATTACHMENT",
  "attachments": [
    {
      "filename": "system_logs.txt",
      "mimeType": "text/plain",
      "size": 1024,
      "content": "VGhpcyBpcyBhIHNhbXBsZSBsb2cgZmlsZQ==" // base64
    }
  ]
}`
)

// withoutComments drops what stands behind // outside the URLs of the examples.
func withoutComments(body string) string {
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		lines[i], _, _ = strings.Cut(line, " // ")
	}
	return strings.Join(lines, "\n")
}

// screenshot is a PNG of the size that the document's example declares.
func screenshot() string {
	return base64.StdEncoding.EncodeToString(append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), bytes.Repeat([]byte{0}, 245760-16)...))
}

// ticketAsMeant is the example with its two comments taken away and a whole picture.
func ticketAsMeant() string {
	return strings.Replace(withoutComments(ticketExample), "iVBORw0KGgoAAAANSUhEUgAA...", screenshot(), 1)
}

func TestAClaimIsAnsweredAsPrinted(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		wantBytes(t, documented(t, d).Post(t, "/claims", claimExample).Want(t, 201),
			`{"success":true,"ticketNumber":"10001","ticketId":"<id>","status":"OPEN","estimatedResolution":"2024-12-22T10:30:00Z",`+
				`"trackingUrl":"/tickets/10001","message":"KLAIM-OMNI ticket created successfully","trackingCode":"<code>"}`)
	})
}

func TestAFaultyClaimIsAnsweredAsPrinted(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := documented(t, d).With("X-Request-Id", "golden-1")
		wantBytes(t, c.Post(t, "/claims", `{"mediaTransaksi":"QRIS","nominal":-500000}`).Want(t, 400),
			`{"success":false,"message":"Validation failed","errors":{"namaNasabah":"Nama nasabah is required","nominal":"Nominal must be positive"},"requestId":"golden-1"}`)
	})
}

func TestATicketIsAnsweredAsPrinted(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		wantBytes(t, documented(t, d).Post(t, "/tickets", ticketAsMeant()).Want(t, 201),
			`{"success":true,"ticketNumber":"10001","ticketId":"<id>","status":"OPEN","estimatedResolution":"2024-12-20T10:30:00Z",`+
				`"trackingUrl":"/tickets/10001","message":"Ticket created successfully","metadata":{"createdAt":"2024-12-19T10:30:00Z",`+
				`"assignedTo":"IT Support Team","supportGroup":"Technical Support","slaHours":24},"trackingCode":"<code>"}`)
	})
}

func TestTheExceptionsOfTheExamplesAreRefusedForWhatTheyAre(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := documented(t, d)
		wantMessage(t, c.Post(t, "/tickets", ticketExample), 400, "Invalid JSON: comments are not allowed at line 35, column 49")
		wantFaults(t, c.Post(t, "/tickets", withoutComments(ticketExample)), map[string]string{"attachments.0.content": "Content must be valid base64"})
		number := opened(t, c, "/tickets", aTicket)
		wantMessage(t, c.Patch(t, "/tickets/"+number, attachmentExample), 400, "Invalid JSON: comments are not allowed at line 8, column 57")
	})
}

// conversation makes the ticket of the document's examples and lets happen to it what they show.
func conversation(t *testing.T, d *desktest.Desk) (customer *desktest.Client) {
	t.Helper()
	agent := desk.Agent{Email: "john.tech@banksulutgo.co.id", Name: "John Tech", Role: desk.RoleAgent}
	if _, err := d.App.CreateAgent(context.Background(), desk.System(), agent, false); err != nil {
		t.Fatal(err)
	}
	customer = documented(t, d)
	john := manager(t, d, "John Tech")
	customer.Post(t, "/tickets", ticketAsMeant()).Want(t, 201)
	john.Patch(t, "/tickets/10001", `{"action":"ASSIGN","assignee":"john.tech@banksulutgo.co.id"}`).Want(t, 200)
	d.Clock.Advance(232 * time.Minute)
	john.Patch(t, "/tickets/10001", `{"action":"UPDATE_STATUS","status":"IN_PROGRESS"}`).Want(t, 200)
	john.Patch(t, "/tickets/10001", `{"action":"ADD_COMMENT","comment":"We are investigating the login issue. Please try clearing app cache."}`).Want(t, 200)
	return customer
}

func TestTheStatusOfATicketIsAnsweredAsPrinted(t *testing.T) {
	const standing = `{"ticketNumber":"10001","status":"IN_PROGRESS","priority":"HIGH","createdAt":"2024-12-19T10:30:00Z","updatedAt":"2024-12-19T14:22:00Z",` +
		`"resolvedAt":null,"closedAt":null,"currentAssignee":"John Tech","lastComment":{"content":"We are investigating the login issue. Please try clearing app cache.",` +
		`"author":"John Tech","timestamp":"2024-12-19T14:22:00Z"},"sla":{"responseDeadline":"2024-12-19T16:30:00Z","resolutionDeadline":"2024-12-20T10:30:00Z",` +
		`"isBreached":false},"success":true,"title":"Mobile Banking Login Issue","channelReferenceId":"wa_msg_123456"}`
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := conversation(t, d)
		wantBytes(t, c.Get(t, "/tickets?ticketNumber=10001").Want(t, 200), standing)
		wantBytes(t, c.Get(t, "/tickets?channelReferenceId=wa_msg_123456").Want(t, 200), standing)
		wantBytes(t, c.Get(t, "/tickets?ticketNumber=10001&channelReferenceId=wa_msg_123456").Want(t, 200), standing)
	})
}

func TestATicketInDetailIsAnsweredAsPrinted(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := conversation(t, d)
		d.Clock.Advance(23 * time.Minute)
		c.Patch(t, "/tickets/wa_msg_123456", `{"action":"ADD_COMMENT","comment":"I tried clearing cache but still having the same issue."}`).Want(t, 200)
		const detail = `{"ticketNumber":"10001","status":"IN_PROGRESS","priority":"HIGH","createdAt":"2024-12-19T10:30:00Z","updatedAt":"2024-12-19T14:45:00Z",` +
			`"resolvedAt":null,"closedAt":null,"currentAssignee":"John Tech","service":{"name":"Technical Support","supportGroup":"Technical Support"},` +
			`"branch":{"name":"Cabang Utama","code":"001"},"comments":[` +
			`{"content":"We are investigating the login issue. Please try clearing app cache.","author":"John Tech","timestamp":"2024-12-19T14:22:00Z","isFromSupport":true,"id":"<id>"},` +
			`{"content":"[Via Omnichannel] I tried clearing cache but still having the same issue.","author":"Jane Smith","timestamp":"2024-12-19T14:45:00Z","isFromSupport":false,"id":"<id>"}],` +
			`"attachments":[{"filename":"error_screenshot.png","size":245760,"uploadedAt":"2024-12-19T10:30:00Z","id":"<id>","mimeType":"image/png"}],` +
			`"sla":{"responseDeadline":"2024-12-19T16:30:00Z","resolutionDeadline":"2024-12-20T10:30:00Z","isBreached":false},` +
			`"metadata":{"errorCode":"ERR_500","deviceType":"Android","applicationVersion":"2.1.5","urgencyReason":"Need to transfer salary today",` +
			`"customFields":{"customerSegment":"Premium","lastSuccessfulLogin":"2024-12-18T15:30:00Z"}},` +
			`"success":true,"ticketId":"<id>","title":"Mobile Banking Login Issue","description":"Unable to login to mobile banking app. Getting error code 500.",` +
			`"channel":"WHATSAPP","channelReferenceId":"wa_msg_123456","serviceType":"TECHNICAL_SUPPORT","category":"INCIDENT",` +
			`"customer":{"name":"Jane Smith","email":"j***@email.com","phone":"+62812****6789","identifier":"*****3456","branchCode":"001","department":"Personal Banking","preferredLanguage":"id"},` +
			`"requestedPriority":"HIGH","missingInformation":[]}`
		wantBytes(t, c.Get(t, "/tickets/10001").Want(t, 200), detail)
		wantBytes(t, c.Get(t, "/tickets/wa_msg_123456").Want(t, 200), detail)
	})
}

func TestUpdatesAreAnsweredAsPrinted(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := conversation(t, d)
		d.Clock.Advance(68 * time.Minute)
		wantBytes(t, c.Patch(t, "/tickets/10001", `{
  "action": "ADD_COMMENT",
  "comment": "I have restarted my phone and cleared all app data, but the issue persists."
}`).Want(t, 200),
			`{"success":true,"ticketNumber":"10001","action":"ADD_COMMENT","result":{"comment":{"id":"<id>","content":"[Via Omnichannel] I have restarted my phone and cleared all app data, but the issue persists.",`+
				`"author":"Jane Smith","timestamp":"2024-12-19T15:30:00Z"}},"message":"Ticket updated successfully"}`)
		wantBytes(t, c.Patch(t, "/tickets/10001", withoutComments(attachmentExample)).Want(t, 200),
			`{"success":true,"ticketNumber":"10001","action":"ADD_ATTACHMENT","result":{"attachments":[{"id":"<id>","filename":"system_logs.txt","size":25,"uploadedAt":"2024-12-19T15:30:00Z"}]},`+
				`"message":"Ticket updated successfully","warnings":{"attachments.0.size":"The declared size is 1024 bytes, the content has 25; the content counts"}}`)
		wantBytes(t, c.Patch(t, "/tickets/10001", `{
  "action": "UPDATE_STATUS",
  "status": "CANCELLED"
}`).Want(t, 200),
			`{"success":true,"ticketNumber":"10001","action":"UPDATE_STATUS","result":{"status":"CANCELLED"},"message":"Ticket updated successfully"}`)
	})
}

func TestTheUseCasesWorkAsPrinted(t *testing.T) {
	cases := []struct{ name, path, body, answer string }{
		{"simple transaction claim", "/claims", `{
  "namaNasabah": "Ahmad Suryanto",
  "mediaTransaksi": "ATM",
  "jenisTransaksi": "PEMBAYARAN",
  "nominal": 150000,
  "nomorKartu": "****5678",
  "claimReason": "ATM tidak mengeluarkan uang tetapi saldo terpotong",
  "atmId": "ATM_JKT_001",
  "description": "Transaksi pembayaran di ATM gagal, uang tidak keluar tapi saldo berkurang"
}`, `{"success":true,"ticketNumber":"10001","ticketId":"<id>","status":"OPEN","estimatedResolution":"2024-12-22T10:30:00Z","trackingUrl":"/tickets/10001",` +
			`"message":"KLAIM-OMNI ticket created successfully","trackingCode":"<code>"}`},
		{"technical support ticket", "/tickets", `{
  "channel": "EMAIL",
  "serviceType": "MOBILE_BANKING",
  "customer": {
    "name": "Sarah Johnson",
    "email": "sarah.j@email.com",
    "identifier": "CIF789123"
  },
  "ticket": {
    "title": "Cannot access mobile banking",
    "description": "App crashes every time I try to check balance",
    "priority": "MEDIUM",
    "metadata": {
      "deviceType": "iPhone 14",
      "applicationVersion": "3.2.1",
      "errorCode": "APP_CRASH_001"
    }
  }
}`, `{"success":true,"ticketNumber":"10002","ticketId":"<id>","status":"OPEN","estimatedResolution":"2024-12-20T10:30:00Z","trackingUrl":"/tickets/10002",` +
			`"message":"Ticket created successfully","metadata":{"createdAt":"2024-12-19T10:30:00Z","assignedTo":"IT Support Team","supportGroup":"Technical Support","slaHours":24},"trackingCode":"<code>"}`},
		{"customer complaint", "/tickets", `{
  "channel": "WEB_PORTAL",
  "serviceType": "COMPLAINT",
  "customer": {
    "name": "Robert Kim",
    "email": "robert.kim@email.com",
    "branchCode": "015"
  },
  "ticket": {
    "title": "Poor service at branch",
    "description": "Long waiting time and unprofessional staff behavior",
    "priority": "HIGH",
    "category": "SERVICE_REQUEST",
    "metadata": {
      "incidentDate": "2024-12-18",
      "branchVisited": "015",
      "staffInvolved": "Not specified"
    }
  }
}`, `{"success":true,"ticketNumber":"10003","ticketId":"<id>","status":"OPEN","estimatedResolution":"2024-12-21T10:30:00Z","trackingUrl":"/tickets/10003",` +
			`"message":"Ticket created successfully","metadata":{"createdAt":"2024-12-19T10:30:00Z","assignedTo":"Dukungan dan Layanan","supportGroup":"Customer Care","slaHours":48},"trackingCode":"<code>"}`},
	}
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := documented(t, d)
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) { wantBytes(t, c.Post(t, tc.path, tc.body).Want(t, 201), tc.answer) })
		}
	})
}
