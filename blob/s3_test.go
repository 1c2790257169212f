package blob_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/desk"
)

const (
	testBucket = "attachments"
	testPrefix = "desk/blobs/"
)

// startBucket makes a place in a bucket of a server of its own.
func startBucket(t *testing.T) place {
	return bucketBehind(t, func(s3 http.Handler) http.Handler { return s3 })
}

// bucketBehind is startBucket with something between us and the server.
func bucketBehind(t *testing.T, between func(s3 http.Handler) http.Handler) place {
	backend := s3mem.New()
	if err := backend.CreateBucket(testBucket); err != nil {
		t.Fatal(err)
	}
	// Over TLS as in production: over plain HTTP the client signs in a form that this server does not take apart.
	server := httptest.NewUnstartedServer(between(gofakes3.New(backend).Server()))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections are cut on purpose
	server.StartTLS()
	t.Cleanup(server.Close)
	o := options(t)
	o.S3 = blob.S3Options{AccessKeyID: "id", SecretAccessKey: "very-secret", Transport: server.Client().Transport}
	return place{
		location: "s3://" + testBucket + "/" + testPrefix + "?region=ap-southeast-3&endpoint=" + server.URL,
		options:  o,
		list:     func() []string { return objects(t, backend) },
		load: func(at string) []byte {
			object, err := backend.GetObject(testBucket, testPrefix+at, nil)
			if err != nil {
				t.Fatal(err)
			}
			stored, err := io.ReadAll(object.Contents)
			if err != nil {
				t.Fatal(err)
			}
			return stored
		},
		save: func(at string, stored []byte) {
			_, err := backend.PutObject(testBucket, testPrefix+at, map[string]string{}, bytes.NewReader(stored), int64(len(stored)), nil)
			if err != nil {
				t.Fatal(err)
			}
		},
	}
}

// objects returns the keys of all objects in the bucket, without the prefix that they must have.
func objects(t *testing.T, backend gofakes3.Backend) []string {
	t.Helper()
	list, err := backend.ListBucket(testBucket, nil, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, object := range list.Contents {
		at, ok := strings.CutPrefix(object.Key, testPrefix)
		if !ok {
			t.Errorf("%s is outside the prefix", object.Key)
		}
		found = append(found, at)
	}
	slices.Sort(found)
	return found
}

// fault is something that goes wrong on the way for requests of one method, while it is on.
type fault struct {
	on     atomic.Bool
	method string
	answer http.HandlerFunc
}

func (f *fault) before(s3 http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.on.Load() && r.Method == f.method {
			f.answer(w, r)
			return
		}
		s3.ServeHTTP(w, r)
	})
}

// s3Error answers with an error in the manner of S3.
func s3Error(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>refused</Message></Error>`, code)
	}
}

func TestServerThatRefusesWritesMakesThemUnavailable(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"no permission": s3Error(http.StatusForbidden, "AccessDenied"),
		"no bucket":     s3Error(http.StatusNotFound, "NoSuchBucket"),
		"overloaded":    s3Error(http.StatusServiceUnavailable, "SlowDown"),
		"hangs up":      func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			broken := &fault{method: http.MethodPut, answer: answer}
			p := bucketBehind(t, broken.before)
			store := mustOpen(t, p)
			broken.on.Store(true)
			if _, err := store.Put(t.Context(), []byte("content")); !desk.Is(err, desk.Unavailable) {
				t.Errorf("Put: got %v, want Unavailable", err)
			}
			if err := store.Check(t.Context()); !desk.Is(err, desk.Unavailable) {
				t.Errorf("Check: got %v, want Unavailable", err)
			}
			if _, err := blob.Open(t.Context(), p.location, p.options); err == nil {
				t.Error("Open did not try the bucket")
			}
			broken.on.Store(false)
			mustHold(t, store, mustPut(t, store, "content"), "content")
		})
	}
}

func TestReadThatFailsIsNotAMissingBlob(t *testing.T) {
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "44")
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		io.WriteString(w, "only a part")
	}
	for name, answer := range map[string]http.HandlerFunc{
		"no permission": s3Error(http.StatusForbidden, "AccessDenied"),
		"no bucket":     s3Error(http.StatusNotFound, "NoSuchBucket"),
		"cut answer":    cut,
	} {
		t.Run(name, func(t *testing.T) {
			broken := &fault{method: http.MethodGet, answer: answer}
			store := mustOpen(t, bucketBehind(t, broken.before))
			id := mustPut(t, store, "content")
			broken.on.Store(true)
			content, err := store.Get(t.Context(), id)
			if !desk.Is(err, desk.Unavailable) || errors.Is(err, blob.ErrNotFound) || content != nil {
				t.Errorf("got %q, %v; want Unavailable", content, err)
			}
		})
	}
}

func TestObjectTooLargeForABlobIsNotReadIntoMemory(t *testing.T) {
	large := &fault{method: http.MethodGet, answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "4398046511104")
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		io.WriteString(w, "the first of many bytes")
	}}
	store := mustOpen(t, bucketBehind(t, large.before))
	name := mustPut(t, store, "content")
	large.on.Store(true)
	if _, err := store.Get(t.Context(), name); !errors.Is(err, blob.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

func TestProbeThatCannotBeRemovedIsReported(t *testing.T) {
	broken := &fault{method: http.MethodDelete, answer: s3Error(http.StatusForbidden, "AccessDenied")}
	p := bucketBehind(t, broken.before)
	broken.on.Store(true)
	if _, err := blob.Open(t.Context(), p.location, p.options); !desk.Is(err, desk.Unavailable) {
		t.Errorf("got %v, want Unavailable", err)
	}
}

func TestWrongLocationsOfABucketAreRefusedWithoutRepeatingThem(t *testing.T) {
	whole := startBucket(t)
	server := whole.location[strings.Index(whole.location, "https://"):]
	for _, edit := range [][2]string{
		{"s3://", "s3://user:very-secret@"}, {"s3://" + testBucket, "s3://"}, {testBucket, "bu very-secret"},
		{"?", "?secret=very-secret&"}, {"?", "?very;secret&"}, {server, server + "#very-secret"},
		{"https://", "ftp://"}, {"https://", "https://user:very-secret@"}, {server, server + "/very-secret"},
		{server, "https://"}, {server, "%zzvery-secret"}, {server, "very%00secret"},
	} {
		location := strings.Replace(whole.location, edit[0], edit[1], 1)
		_, err := blob.Open(t.Context(), location, whole.options)
		if err == nil {
			t.Errorf("%q was opened", location)
		} else if strings.Contains(err.Error(), "very-secret") {
			t.Errorf("%q: the error repeats the secret: %v", location, err)
		}
	}
	for _, s3 := range []blob.S3Options{{}, {AccessKeyID: "id"}, {SecretAccessKey: "very-secret"}} {
		o := whole.options
		o.S3 = s3
		_, err := blob.Open(t.Context(), whole.location, o)
		if err == nil || !strings.Contains(err.Error(), "AWS_ACCESS_KEY_ID") {
			t.Errorf("half of the credentials: got %v", err)
		}
	}
}

func TestEndpointWithoutASchemeIsHTTPS(t *testing.T) {
	p := startBucket(t)
	p.location = strings.Replace(p.location, "https://", "", 1)
	mustOpen(t, p)
}

func TestEndpointWithHTTPIsReachedWithoutTLS(t *testing.T) {
	server := httptest.NewServer(s3Error(http.StatusForbidden, "AccessDenied"))
	t.Cleanup(server.Close)
	p := startBucket(t)
	p.location = "s3://" + testBucket + "?region=x&endpoint=" + server.URL
	_, err := blob.Open(t.Context(), p.location, p.options)
	if !desk.Is(err, desk.Unavailable) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v, want the server's own refusal", err)
	}
}

func TestTheMetadataOfACloudIsNoPlaceForAttachments(t *testing.T) {
	o := startBucket(t).options
	o.S3.Transport = nil
	_, err := blob.Open(t.Context(), "s3://"+testBucket+"?region=x&endpoint=http://169.254.169.254", o)
	if err == nil || !strings.Contains(err.Error(), "link-local") {
		t.Errorf("got %v, want to hear that the address is not called", err)
	}
}

func TestAnswerWithoutASizeIsUnavailable(t *testing.T) {
	chunked := &fault{method: http.MethodGet, answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		io.WriteString(w, "a part")
		w.(http.Flusher).Flush()
	}}
	store := mustOpen(t, bucketBehind(t, chunked.before))
	name := mustPut(t, store, "content")
	chunked.on.Store(true)
	if _, err := store.Get(t.Context(), name); !desk.Is(err, desk.Unavailable) {
		t.Errorf("got %v, want Unavailable", err)
	}
}

func TestCredentialsArePrintedByNothing(t *testing.T) {
	o := blob.S3Options{AccessKeyID: "id", SecretAccessKey: "very-secret"}
	encoded, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	out.Write(encoded)
	for _, v := range []any{o, &o, blob.Options{S3: o}} {
		fmt.Fprintf(&out, "%[1]v %+[1]v %#[1]v %[1]s %[1]q %[1]x", v)
	}
	if text := out.String(); strings.Contains(text, "very-secret") || strings.Contains(text, fmt.Sprintf("%x", "very-secret")) {
		t.Errorf("the secret was printed: %s", text)
	}
}
