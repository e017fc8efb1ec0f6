package crashtest_test

import (
	"bytes"
	"context"
	cryptorand "crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/usher-kyc/usher/internal/servertest"
)

// oracle knows what the server has acknowledged.
type oracle struct {
	*servertest.Client
	vendor vendor

	mu       sync.Mutex
	sessions map[string]servertest.Session // at the newest version that an answer spoke of
	files    map[string][]string           // session → "evidence id/sha256"
	scans    map[string]string             // processes of the vendor's that were finished: session → the vendor's name of it
	wrong    []string
}

func newOracle(c *servertest.Client) *oracle {
	return &oracle{Client: c, sessions: map[string]servertest.Session{}, files: map[string][]string{}, scans: map[string]string{}}
}

func (o *oracle) heard(s servertest.Session) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s.Version >= o.sessions[s.ID].Version {
		o.sessions[s.ID] = s
	}
}

func (o *oracle) fault(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wrong = append(o.wrong, fmt.Sprintf(format, args...))
}

// picture gives a small picture that differs from every other.
func picture(r *rand.Rand) []byte {
	img := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range img.Pix {
		img.Pix[i] = uint8(r.Uint32())
	}
	img.SetGray(0, 0, color.Gray{0xff})
	var b bytes.Buffer
	_ = png.Encode(&b, img) // a buffer takes every write
	return b.Bytes()
}

// work onboards people, one after the other, until it is told to stop.
func (o *oracle) work(ctx context.Context, caller int, stop <-chan struct{}) {
	r := rand.New(rand.NewPCG(uint64(caller), 7))
	for n := caller; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		ways := []func(context.Context, *rand.Rand) error{o.simulated, o.withFile, o.reviewed, o.rejected, o.cancelled, o.finished}
		if err := ways[n%len(ways)](ctx, r); err != nil {
			o.fault("%v", err)
			return
		}
	}
}

type fields map[string]any

// begin starts a session of a new person.
func (o *oracle) begin(ctx context.Context, lastName string) (servertest.Session, error) {
	var s servertest.Session
	err := o.Post(ctx, "/v1/sessions", fields{"applicant": fields{"first_name": "Ada", "last_name": lastName}, "reference": "r"}, &s)
	if err == nil {
		o.heard(s)
	}
	return s, err
}

// beginOnce sends one call for a session of a new person, whatever comes of it. What is kept beside the session needs room of its own.
func (o *oracle) beginOnce(ctx context.Context) (s servertest.Session, status int, answer []byte, err error) {
	much := fields{}
	for i := range 40 {
		much[fmt.Sprint(i)] = strings.Repeat("x", 1000)
	}
	body, err := json.Marshal(fields{"applicant": fields{"first_name": "Ada", "last_name": "Lovelace"}, "metadata": much})
	if err != nil {
		return s, 0, nil, err
	}
	status, answer, err = o.Once(ctx, http.MethodPost, "/v1/sessions", "application/json", cryptorand.Text(), body)
	if err == nil && status == http.StatusCreated {
		err = json.Unmarshal(answer, &s)
	}
	return s, status, answer, err
}

// do sends a command to a session.
func (o *oracle) do(ctx context.Context, path string, body any) error {
	var s servertest.Session
	err := o.Post(ctx, path, body, &s)
	if err == nil {
		o.heard(s)
	}
	return err
}

func (o *oracle) simulate(ctx context.Context, s servertest.Session, action string) error {
	return o.do(ctx, "/v1/simulate/session/"+s.ID, fields{"action": action})
}

func (o *oracle) simulated(ctx context.Context, _ *rand.Rand) error {
	s, err := o.begin(ctx, "Lovelace")
	if err != nil {
		return err
	}
	return o.simulate(ctx, s, "submit")
}

func (o *oracle) withFile(ctx context.Context, r *rand.Rand) error {
	s, err := o.begin(ctx, "Lovelace")
	if err != nil {
		return err
	}
	file := picture(r)
	id, sum, err := o.Upload(ctx, s.ID, "selfie", file)
	if err != nil {
		return err
	}
	want := sha256.Sum256(file)
	if sum != hex.EncodeToString(want[:]) {
		o.fault("evidence %s was acknowledged with another hash", id)
	}
	o.mu.Lock()
	o.files[s.ID] = append(o.files[s.ID], id+"/"+sum)
	o.mu.Unlock()
	return o.simulate(ctx, s, "submit")
}

// reviewed waits until the checks have sent the session to a reviewer, and approves.
func (o *oracle) reviewed(ctx context.Context, _ *rand.Rand) error {
	s, err := o.begin(ctx, "Review")
	if err != nil {
		return err
	}
	if err := o.simulate(ctx, s, "submit"); err != nil {
		return err
	}
	for limit := time.Now().Add(servertest.CallLimit); s.State != "in_review"; time.Sleep(20 * time.Millisecond) {
		if err := o.Get(ctx, "/v1/sessions/"+s.ID, &s); err != nil {
			return err
		}
		o.heard(s)
		if time.Now().After(limit) {
			return fmt.Errorf("session %s is never reviewed: it is %s", s.ID, s.State)
		}
	}
	return o.do(ctx, "/v1/sessions/"+s.ID+"/approve", fields{})
}

func (o *oracle) rejected(ctx context.Context, _ *rand.Rand) error {
	s, err := o.begin(ctx, "Lovelace")
	if err != nil {
		return err
	}
	if err := o.simulate(ctx, s, "submit_review"); err != nil {
		return err
	}
	return o.do(ctx, "/v1/sessions/"+s.ID+"/reject", fields{"reasons": []string{"document_expired"}})
}

func (o *oracle) cancelled(ctx context.Context, _ *rand.Rand) error {
	var person struct {
		ID string `json:"id"`
	}
	if err := o.Post(ctx, "/v1/applicants", fields{"last_name": "Lovelace"}, &person); err != nil {
		return err
	}
	var s servertest.Session
	if err := o.Post(ctx, "/v1/sessions", fields{"applicant_id": person.ID}, &s); err != nil {
		return err
	}
	o.heard(s)
	if err := o.do(ctx, "/v1/sessions/"+s.ID+"/link", fields{}); err != nil {
		return err
	}
	return o.do(ctx, "/v1/sessions/"+s.ID+"/cancel", fields{})
}
