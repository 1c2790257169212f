package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"banksulutgo.co.id/servicedesk/guard"
)

const (
	amazon   = "s3.amazonaws.com"
	maxTries = 3 // of one call; a person waits for the answer
)

// S3Options says who we are to an S3 server. It prints as "[redacted]".
type S3Options struct {
	AccessKeyID     string            // AWS_ACCESS_KEY_ID; required
	SecretAccessKey string            // AWS_SECRET_ACCESS_KEY; required
	Transport       http.RoundTripper // default: one with time-outs that verifies certificates
}

// Format writes "[redacted]" for every verb.
func (S3Options) Format(f fmt.State, _ rune) { io.WriteString(f, "[redacted]") }

// MarshalText returns "[redacted]", for encoders and log handlers.
func (S3Options) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// bucket keeps blobs as objects.
type bucket struct {
	client  *minio.Client
	bucket  string
	prefix  string
	options Options
}

// openBucket reads the location and makes the client; it does not reach the server yet.
func openBucket(location string, o Options) (*bucket, error) {
	b := &bucket{options: o}
	u, err := url.Parse(location)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		// The location is not repeated: somebody may have written a secret into it.
		return nil, errors.New("the place for attachments must be s3://bucket/prefix?endpoint=…&region=…, without user information")
	}
	if o.S3.AccessKeyID == "" || o.S3.SecretAccessKey == "" {
		return nil, errors.New("attachments in S3 need AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	b.bucket, b.prefix = u.Host, strings.Trim(u.Path, "/")
	host, secure, region, err := parseServer(u.RawQuery)
	if err != nil {
		return nil, err
	}
	if o.S3.Transport == nil {
		o.S3.Transport = s3Transport()
	}
	b.client, err = minio.New(host, &minio.Options{
		Creds:      credentials.NewStaticV4(o.S3.AccessKeyID, o.S3.SecretAccessKey, ""),
		Secure:     secure,
		Region:     region,
		Transport:  o.S3.Transport,
		MaxRetries: maxTries,
	})
	if err != nil {
		return nil, fmt.Errorf("the S3 server of the place for attachments: %w", err)
	}
	return b, nil
}

// s3Transport connects to what the operator configured, through the proxy of the environment when there is one, for many
// attachments at once.
func s3Transport() *http.Transport {
	t := guard.ForOperator(guard.Options{}).Transport()
	t.Proxy = http.ProxyFromEnvironment
	t.ForceAttemptHTTP2 = false // few servers of S3 speak it well
	t.MaxIdleConnsPerHost, t.ResponseHeaderTimeout, t.ExpectContinueTimeout = 16, time.Minute, 10*time.Second
	return t
}

// parseServer reads the parameters of a location. An endpoint without a scheme means https.
func parseServer(query string) (host string, secure bool, region string, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", false, "", errors.New("the parameters of the place for attachments cannot be read")
	}
	for name := range values {
		if name != "endpoint" && name != "region" {
			return "", false, "", fmt.Errorf("the place for attachments has the unknown parameter %q; known: endpoint, region", name)
		}
	}
	endpoint := values.Get("endpoint")
	if endpoint == "" {
		endpoint = amazon
	}
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", false, "", errors.New("the endpoint of the place for attachments must be https://host:port or http://host:port")
	}
	return u.Host, u.Scheme == "https", values.Get("region"), nil
}

// Put stores a content. It does not ask first whether the object is there: writing it again is one call instead
// of two, harms nobody, and repairs a damaged object.
func (b *bucket) Put(ctx context.Context, content []byte) (string, error) {
	name, err := NameOf(content)
	if err != nil {
		return "", err
	}
	if err := b.write(ctx, place(name), b.options.Seal(content, name)); err != nil {
		return "", err
	}
	return name, nil
}

// Get reads a content and verifies it.
func (b *bucket) Get(ctx context.Context, name string) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	sealed, err := b.read(ctx, place(name))
	if err != nil {
		return nil, err
	}
	return b.options.unseal(sealed, name)
}

// Sealed reads an object as it is stored.
func (b *bucket) Sealed(ctx context.Context, name string) ([]byte, error) {
	return readWhole(ctx, b, b.options, name)
}

// PutSealed stores what Sealed returned.
func (b *bucket) PutSealed(ctx context.Context, name string, sealed []byte) error {
	_, err := putWhole(ctx, b, b.options, name, sealed)
	return err
}

// Remove removes an object.
func (b *bucket) Remove(ctx context.Context, name string) error { return removeBlob(ctx, b, name) }

// Sweep finds nothing: an object is there whole or not at all.
func (b *bucket) Sweep(context.Context) (int, error) { return 0, nil }

// Check tries the bucket.
func (b *bucket) Check(ctx context.Context) error { return check(ctx, b, b.options) }

// write sends an object in one request, so that it is there whole or not at all.
func (b *bucket) write(ctx context.Context, at string, sealed []byte) error {
	_, err := b.client.PutObject(ctx, b.bucket, b.key(at), bytes.NewReader(sealed), int64(len(sealed)),
		minio.PutObjectOptions{
			ContentType:      "application/octet-stream",
			SendContentMd5:   true, // the server refuses what was damaged on the way
			DisableMultipart: true,
		})
	if err != nil {
		return unavailable(ctx, "store a blob", err)
	}
	return nil
}

func (b *bucket) read(ctx context.Context, at string) ([]byte, error) {
	object, info, _, err := minio.Core{Client: b.client}.GetObject(ctx, b.bucket, b.key(at), minio.GetObjectOptions{})
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if err != nil {
		return nil, unavailable(ctx, "read a blob", err)
	}
	defer object.Close()
	sealed, err := readSealed(object, info.Size)
	if err != nil && !errors.Is(err, ErrDamaged) {
		return nil, unavailable(ctx, "read a blob", err)
	}
	return sealed, err
}

func (b *bucket) remove(ctx context.Context, at string) error {
	if err := b.client.RemoveObject(ctx, b.bucket, b.key(at), minio.RemoveObjectOptions{}); err != nil {
		return unavailable(ctx, "remove a blob", err)
	}
	return nil
}

func (b *bucket) key(at string) string { return path.Join(b.prefix, at) }
