package load

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

const base = "/api/omnichannel"

// Subject is what a workload is about.
type Subject struct {
	Run     string   // a word of this run alone: requests of several runs are not taken for repetitions
	Numbers []string // of tickets that may be read and changed
}

// ticket picks the ticket of a request: neighbours are far apart, so that each is about rows that nobody read just now.
func (s Subject) ticket(n int) string {
	const stride = 7919 // a prime
	return s.Numbers[n*stride%len(s.Numbers)]
}

// Workload is one kind of request to the OMNI API.
type Workload struct {
	Name    string
	Summary string
	Makes   bool // makes tickets, which stay
	Needs   bool // needs Subject.Numbers
	Source  func(Subject) Source
}

// Workloads lists what a desk can be asked, in the order of a ticket's life.
func Workloads() []Workload {
	get := func(path func(s Subject, n int) string) func(Subject) Source {
		return func(s Subject) Source {
			return func(n int) Request { return Request{Method: http.MethodGet, Path: base + path(s, n)} }
		}
	}
	return []Workload{
		{"claims", "POST /claims, each with a request id", true, false, claims},
		{"tickets", "POST /tickets, each with a request id", true, false, tickets},
		{"status", "GET /tickets?ticketNumber=", false, true, get(func(s Subject, n int) string { return "/tickets?ticketNumber=" + s.ticket(n) })},
		{"details", "GET /tickets/{ticketNumber}", false, true, get(func(s Subject, n int) string { return "/tickets/" + s.ticket(n) })},
		{"comments", "PATCH /tickets/{ticketNumber} with ADD_COMMENT", false, true, comments},
		{"list", "GET /tickets/list, 20 open tickets", false, false, get(func(Subject, int) string { return "/tickets/list?status=OPEN&limit=20" })},
		{"search", "POST /tickets/search by e-mail address", false, false, search},
		{"feed", "GET /events, 20 of them", false, false, get(func(_ Subject, n int) string { return "/events?limit=20&after=" + strconv.Itoa(n%500) })},
		{"requests", "GET /requests/{requestId} of claims of the same run", false, false, get(func(s Subject, n int) string { return "/requests/" + requestID(s, "claim", n%100) })},
		{"batch", "POST /batch with 10 status requests", false, true, batch},
	}
}

// FindWorkload returns the workload of a name; false when there is none.
func FindWorkload(name string) (Workload, bool) {
	all := Workloads()
	i := slices.IndexFunc(all, func(w Workload) bool { return w.Name == name })
	return all[max(i, 0)], i >= 0
}

func requestID(s Subject, kind string, n int) string { return fmt.Sprintf("%s-%s-%d", s.Run, kind, n) }

// claims makes the claim of the API document (Create Simplified Claim), with a request id.
func claims(s Subject) Source {
	return func(n int) Request {
		body := fmt.Appendf(nil, `{"namaNasabah":"John Doe","mediaTransaksi":"ATM","jenisTransaksi":"PEMBELIAN","nominal":500000,"nomorRekening":"12%08d",`+
			`"nomorKartu":"****1234","claimReason":"Transaction failed but amount was deducted","claimDate":"2024-12-19T10:30:00Z","transactionId":"TXN%09d",`+
			`"referenceNumber":"REF%09d","atmId":"ATM%03d","description":"ATM transaction failed but money was debited from account","integration":{"requestId":%q}}`,
			n, n, n, n%1000, requestID(s, "claim", n))
		return Request{Method: http.MethodPost, Path: base + "/claims", Body: body}
	}
}

// tickets makes the ticket of the API document (Create Ticket), with a request id.
func tickets(s Subject) Source {
	return func(n int) Request {
		body := fmt.Appendf(nil, `{"channel":"WHATSAPP","channelReferenceId":"wa_%s","serviceType":"TECHNICAL_SUPPORT","customer":{"name":"Jane Smith","email":%q,`+
			`"phone":"+62812%07d","identifier":"CIF%07d","branchCode":"001","department":"Personal Banking","preferredLanguage":"id"},"ticket":{"title":"Mobile Banking Login Issue",`+
			`"description":"Unable to login to mobile banking app. Getting error code 500.","priority":"HIGH","category":"INCIDENT","metadata":{"errorCode":"ERR_500",`+
			`"deviceType":"Android","applicationVersion":"2.1.5"}},"integration":{"requestId":%q}}`,
			requestID(s, "ticket", n), customer(n), n, n, requestID(s, "ticket", n))
		return Request{Method: http.MethodPost, Path: base + "/tickets", Body: body}
	}
}

func customer(n int) string { return fmt.Sprintf("customer-%d@example.org", n) }

func comments(s Subject) Source {
	return func(n int) Request {
		body := fmt.Appendf(nil, `{"action":"ADD_COMMENT","comment":"Additional information number %d","integration":{"requestId":%q}}`, n, requestID(s, "comment", n))
		return Request{Method: http.MethodPatch, Path: base + "/tickets/" + s.ticket(n), Body: body}
	}
}

func search(Subject) Source {
	return func(n int) Request {
		return Request{Method: http.MethodPost, Path: base + "/tickets/search", Body: fmt.Appendf(nil, `{"email":%q}`, customer(n%100))}
	}
}

func batch(s Subject) Source {
	return func(n int) Request {
		body := []byte(`{"operations":[`)
		for i := range 10 {
			body = fmt.Appendf(body, `%s{"id":"%d","method":"GET","path":"/api/omnichannel/tickets/%s"}`, map[bool]string{i > 0: ","}[true], i, s.ticket(n*10+i))
		}
		return Request{Method: http.MethodPost, Path: base + "/batch", Body: append(body, "]}"...)}
	}
}

// Range returns the ticket numbers from one on, so many.
func Range(from int64, count int) []string {
	numbers := make([]string, count)
	for i := range numbers {
		numbers[i] = strconv.FormatInt(from+int64(i), 10)
	}
	return numbers
}
