package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The baseline H: a net/http server that decodes the same JSON and encodes the same answers, checks nothing and stores
// nothing.

type baselineClaim struct {
	NamaNasabah, MediaTransaksi, JenisTransaksi, NomorRekening, NomorKartu     string
	ClaimReason, ClaimDate, TransactionID, ReferenceNumber, ATMID, Description string
	Nominal                                                                    json.Number
	Integration                                                                struct{ RequestID string }
}

type baselineTicket struct {
	Success      bool     `json:"success"`
	TicketNumber string   `json:"ticketNumber"`
	TicketID     string   `json:"ticketId"`
	Status       string   `json:"status"`
	Estimated    string   `json:"estimatedResolution"`
	AssignedTo   string   `json:"assignedTo"`
	SLAHours     int      `json:"slaHours"`
	TrackingURL  string   `json:"trackingUrl"`
	TrackingCode string   `json:"trackingCode"`
	Message      string   `json:"message"`
	RequestID    string   `json:"requestId"`
	Warnings     []string `json:"warnings,omitempty"`
}

// serveBaseline serves H until it is killed. It prints its address first.
func serveBaseline() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ticket := baselineTicket{true, "10001", "01m7zwy80s7ysw8x0jvnd3xpf0", "OPEN", "2026-01-05T10:30:00Z", "Claims Team", 72,
		"http://127.0.0.1:8080/tickets/10001", "ABCD-EFGH-JKLM", "Claim created successfully", "w2bmsyyui4chlfoylgf5", nil}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/omnichannel/claims", func(w http.ResponseWriter, r *http.Request) {
		var claim baselineClaim
		if err := json.NewDecoder(r.Body).Decode(&claim); err != nil || claim.NamaNasabah == "" {
			http.Error(w, "no claim", http.StatusBadRequest)
			return
		}
		answerBaseline(w, http.StatusCreated, ticket)
	})
	mux.HandleFunc("GET /api/omnichannel/tickets", func(w http.ResponseWriter, r *http.Request) {
		answerBaseline(w, http.StatusOK, ticket)
	})
	fmt.Println(listener.Addr())
	return http.Serve(listener, mux)
}

func answerBaseline(w http.ResponseWriter, status int, ticket baselineTicket) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(ticket) // a client that is gone is no matter
}

// server is something that is put under load.
type server struct {
	url  string
	key  string
	pids func() []int // whose CPU time is its
}

// startBaseline starts H in a process of its own, until the end of the test.
func startBaseline(t testing.TB) server {
	t.Helper()
	program, err := os.Executable()
	must(t, err)
	cmd := exec.Command(program, "-test.run=^$")
	cmd.Env = append(os.Environ(), baselineVariable+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // fails when it ended before
		_ = cmd.Wait()         // was killed
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	return server{url: "http://" + strings.TrimSpace(address), pids: func() []int { return []int{cmd.Process.Pid} }}
}

// syncedWrite is the baseline F: the median of appending 4 kB to a file of the folder and syncing its data, often.
func syncedWrite(t testing.TB, folder string, times int) time.Duration {
	t.Helper()
	file, err := os.Create(filepath.Join(folder, "synced"))
	must(t, err)
	defer os.Remove(file.Name())
	defer file.Close()
	page, took := make([]byte, 4<<10), make([]time.Duration, times)
	for i := range took {
		start := time.Now()
		_, err := file.Write(page)
		must(t, err)
		must(t, syscall.Fdatasync(int(file.Fd())))
		took[i] = time.Since(start)
	}
	return median(took)
}

func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
