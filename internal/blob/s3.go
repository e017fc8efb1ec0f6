package blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"path"
	"syscall"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	sweptFolder = ".swept" // what a sweep took away, kept until the next one; no tenant can have this name
	probeFolder = ".probe" // what the check at the start writes, reads and deletes

	// partSize is how many sealed bytes are held and sent at once; every S3 takes parts of 5 MB and more. Pictures, which are 15 MB at most, fit into
	// one; what has several costs the store a copy more.
	partSize = 16 << 20

	// What one request may take. A part of 16 MB in a minute is 280 KB/s, below which an upload has other troubles.
	dialTime   = 5 * time.Second
	answerTime = 20 * time.Second // until the first byte of an answer, and between two reads or writes of a connection
	callTime   = time.Minute
	tries      = 3
)

// S3Config is what an [S3] store needs. Bucket and Keys are required; ParseS3 reads the rest from an address.
type S3Config struct {
	Bucket   string
	Prefix   string // of every key, such as "usher/"; empty has none
	Endpoint string // HOST or HOST:PORT; Amazon's when empty
	Region   string // us-east-1 when empty
	Plain    bool   // http instead of https: to loopback addresses and those in Allow only, which is held when dialling
	Virtual  bool   // BUCKET.HOST instead of HOST/BUCKET, which is what Amazon gets in any case

	// AccessKey and SecretKey sign the requests. Without them the environment (AWS_ACCESS_KEY_ID …) and then the machine's or pod's role are asked.
	AccessKey, SecretKey string

	Allow []netip.Prefix // private networks that plain http may go to
	Keys  Keys
	// MaxSize is the largest file in bytes, 100 MB when zero.
	MaxSize int64
	// PartSize is how much is held in memory and sent at once, in bytes: 16 MB when zero, and never less than the 5 MB that S3 asks for.
	PartSize int
	// Pause is waited before a broken read is taken up again, 200 ms when zero, twice as long each time.
	Pause time.Duration
	// Transport carries the requests; nil is one with the time limits of this package.
	Transport http.RoundTripper
}

// S3 is the [Store] of many nodes: objects of a bucket at prefix/tenant/applicant/sha256, written by any number of servers at once. It rests on
// what every S3 promises today: an object is whole or not there, and who reads or lists after a write sees it.
type S3 struct {
	cfg  S3Config
	core minio.Core
}

var _ Store = (*S3)(nil)

// OpenS3 returns the store in a bucket after proving that it can be used: a small object is put, read and deleted, and may not be read without
// credentials. The error says what to change.
func OpenS3(ctx context.Context, cfg S3Config) (*S3, error) {
	if cfg.Bucket == "" || cfg.Keys == nil {
		return nil, errors.New("open evidence bucket: Bucket and Keys are required")
	}
	if cfg.MaxSize <= 0 {
		cfg.MaxSize = defaultMaxSize
	}
	cfg.MaxSize = min(cfg.MaxSize, math.MaxInt64-1) // Put reads one byte more
	if cfg.PartSize == 0 {
		cfg.PartSize = partSize
	}
	cfg.PartSize = max(cfg.PartSize, 5<<20)
	if cfg.Pause <= 0 {
		cfg.Pause = 200 * time.Millisecond
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.Endpoint == "" {
		cfg.Endpoint = "s3." + cfg.Region + ".amazonaws.com"
	}
	if cfg.Transport == nil {
		cfg.Transport = newTransport(cfg)
	}
	lookup := minio.BucketLookupAuto
	if cfg.Virtual {
		lookup = minio.BucketLookupDNS
	}
	core, err := minio.NewCore(cfg.Endpoint, &minio.Options{
		Creds: cfg.credentials(), Secure: !cfg.Plain, Region: cfg.Region, BucketLookup: lookup, Transport: cfg.Transport, MaxRetries: tries,
	})
	if err != nil {
		return nil, fmt.Errorf("open evidence bucket: %w", err)
	}
	s := &S3{cfg: cfg, core: *core}
	if err := s.probe(ctx); err != nil {
		return nil, fmt.Errorf("open evidence bucket %s at %s: %w", cfg.Bucket, cfg.Endpoint, err)
	}
	return s, nil
}

func (c S3Config) credentials() *credentials.Credentials {
	if c.AccessKey != "" {
		return credentials.NewStaticV4(c.AccessKey, c.SecretKey, "")
	}
	return credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.IAM{}})
}

// newTransport bounds every wait. There is no limit on a whole answer: a large file may take long to be read, as long as it moves.
func newTransport(cfg S3Config) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTime}
	if cfg.Plain {
		dialer.Control = func(_, address string, _ syscall.RawConn) error { return cfg.mayBePlain(address) }
	}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return moving{conn}, nil
		},
		MaxIdleConnsPerHost: 64, IdleConnTimeout: answerTime, TLSHandshakeTimeout: dialTime, ResponseHeaderTimeout: answerTime,
		ExpectContinueTimeout: time.Second, DisableCompression: true,
	}
}

// mayBePlain refuses to carry evidence, sealed as it is, over plain http to where others may listen: keys of the bucket are signed for there.
func (c S3Config) mayBePlain(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err == nil {
		ip := at.Addr().Unmap()
		if ip.IsLoopback() {
			return nil
		}
		for _, net := range c.Allow {
			if net.Contains(ip) && ip.IsPrivate() {
				return nil
			}
		}
	}
	return fmt.Errorf("plain http to %s is refused: use https, or name its private network in the setting allow", address)
}

// moving ends a connection on which nothing moves.
type moving struct{ net.Conn }

func (m moving) Read(p []byte) (int, error) {
	if err := m.SetReadDeadline(time.Now().Add(2 * answerTime)); err != nil {
		return 0, err
	}
	return m.Conn.Read(p)
}

func (m moving) Write(p []byte) (int, error) {
	if err := m.SetWriteDeadline(time.Now().Add(answerTime)); err != nil {
		return 0, err
	}
	return m.Conn.Write(p)
}

// Close is there so that a Folder and an S3 can be held alike.
func (s *S3) Close() error {
	if t, ok := s.cfg.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	return nil
}

// Ping tells whether the bucket answers. The caller bounds the time.
func (s *S3) Ping(ctx context.Context) error {
	there, err := s.core.BucketExists(ctx, s.cfg.Bucket)
	if err == nil && !there {
		err = errors.New("the bucket is not there")
	}
	return s.failed("ask for the bucket", err)
}

// Ping tells whether the folder is there.
func (f *Folder) Ping(context.Context) error {
	if _, err := f.root.Stat("."); err != nil {
		return fmt.Errorf("look at evidence folder: %w", err)
	}
	return nil
}

func (s *S3) key(name string) string { return path.Join(s.cfg.Prefix, name) }

// probe proves that objects can be put, read and deleted, and that nobody else can read them.
func (s *S3) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	key, content := s.key(path.Join(probeFolder, rand.Text())), []byte("usher looks whether it can keep evidence here")
	if err := s.put(ctx, key, content, nil); err != nil {
		return fmt.Errorf("%s: %w", cure(err, "s3:PutObject"), err)
	}
	defer func() { _ = s.remove(context.WithoutCancel(ctx), key) }() // once more, if something went wrong on the way
	got, err := s.get(ctx, key)
	if err != nil {
		return fmt.Errorf("%s: %w", cure(err, "s3:GetObject"), err)
	}
	if !bytes.Equal(got, content) {
		return fmt.Errorf("%w: it gives back something else than was put there; is this an S3 store?", ErrUnavailable)
	}
	if _, err := s.core.ListObjectsV2(s.cfg.Bucket, s.key(probeFolder), "", "", "", 1); err != nil {
		return fmt.Errorf("%s: %w", cure(err, "s3:ListBucket"), s.failed("list objects", err))
	}
	if err := s.hidden(ctx, key); err != nil {
		return err
	}
	if err := s.remove(ctx, key); err != nil {
		return fmt.Errorf("%s: %w", cure(err, "s3:DeleteObject"), err)
	}
	return nil
}

// hidden asks for an object without credentials and wants to be refused.
func (s *S3) hidden(ctx context.Context, key string) error {
	at := *s.core.EndpointURL()
	at.Path = path.Join("/", s.cfg.Bucket, key)
	if s.cfg.Virtual {
		at.Host, at.Path = s.cfg.Bucket+"."+at.Host, "/"+key
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), http.NoBody)
	if err != nil {
		return err
	}
	resp, err := s.cfg.Transport.RoundTrip(req)
	if err != nil {
		return s.failed("ask without credentials", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return errors.New("anybody can read this bucket without credentials: take public access away (its policy or ACL) before evidence is put there")
	}
	return nil
}

// cure names the way out of a refusal.
func cure(err error, right string) string {
	answer, _ := errors.AsType[minio.ErrorResponse](err)
	switch answer.Code {
	case minio.NoSuchBucket:
		return "the bucket is not there; create it, or correct the setting blob"
	case minio.AccessDenied:
		return "the credentials lack the right " + right + " on this bucket"
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "XMinioInvalidAccessKeyId", "XAdminUserNotFound":
		return "the store does not know these credentials; correct the settings blob-key or AWS_ACCESS_KEY_ID"
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return "the bucket is in another region; correct region= in the setting blob"
	case "":
		return "the store cannot be reached; correct endpoint= in the setting blob, or look at the network"
	}
	return "the store refuses"
}

// failed makes an error of the client one of ours. What the server said is kept, without the key it was about.
func (s *S3) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
	}
	if answer, ok := errors.AsType[minio.ErrorResponse](err); ok {
		switch answer.Code {
		case minio.NoSuchKey, "NoSuchUpload", "NotFound": // not the missing bucket, nor the unknown credentials that some answer with 404 as well
			return fmt.Errorf("%s: %w", doing, ErrNotFound)
		}
		answer.Key, answer.Resource, answer.Message = "", "", answer.Code+" "+http.StatusText(answer.StatusCode)
		return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, answer)
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
}

// get reads a small object.
func (s *S3) get(ctx context.Context, key string) ([]byte, error) {
	r, _, _, err := s.core.GetObject(ctx, s.cfg.Bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, s.failed("read object", err)
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, 2*partSize))
	return raw, s.failed("read object", err)
}

// remove deletes an object; that there is none is no error.
func (s *S3) remove(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	err := s.failed("delete object", s.core.RemoveObject(ctx, s.cfg.Bucket, key, minio.RemoveObjectOptions{}))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
