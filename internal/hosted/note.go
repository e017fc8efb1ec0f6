package hosted

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
)

// note is what a browser remembers for us about one session: the choice of document until it is sent, and what was given in this browser,
// which decides what may be shown here after a visit was taken over from another. It is signed together with the visit's secret, so that
// nobody can claim to have typed what they only want to read.
type note struct {
	Document usher.DocumentType  `json:"d,omitempty"`
	From     int                 `json:"f,omitempty"` // place in the session's evidence where pictures of that document begin
	Typed    []usher.DetailField `json:"t,omitempty"` // details that were given in this browser, in this go
	Failed   int                 `json:"w,omitempty"` // pictures in a row that were refused or could be better
	Sent     []string            `json:"s,omitempty"` // evidence sent from this browser
	Lang     string              `json:"l,omitempty"` // picked in a frame
	Told     []usher.Moment      `json:"m,omitempty"` // what the framing page was told
}

func (n note) empty() bool {
	return n.Document == "" && n.From == 0 && n.Failed == 0 && n.Lang == "" && len(n.Sent)+len(n.Told)+len(n.Typed) == 0
}

func (n note) typed(f usher.DetailField) bool { return slices.Contains(n.Typed, f) }

func (n note) sent(id string) bool { return slices.Contains(n.Sent, id) }

// shortName gives the part of cookie names that keeps two sessions in one browser apart.
func shortName(session string) string {
	sum := sha256.Sum256([]byte(session))
	return hex.EncodeToString(sum[:6])
}

func visitCookie(session string) string { return "v-" + shortName(session) }
func noteCookie(session string) string  { return "n-" + shortName(session) }

// seal writes a note as a cookie's value.
func (h *Hosted) seal(n note, session, visit string) string {
	// A note is made of strings, numbers and booleans, which always marshal.
	body, _ := json.Marshal(n)
	return base64.RawURLEncoding.EncodeToString(body) + "." + base64.RawURLEncoding.EncodeToString(h.mac(body, session, visit))
}

// open reads a cookie's value; one that is not ours is an empty note.
func (h *Hosted) open(value, session, visit string) note {
	text, mac, _ := strings.Cut(value, ".")
	body, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return note{}
	}
	given, err := base64.RawURLEncoding.Strict().DecodeString(mac)
	if err != nil || !hmac.Equal(given, h.mac(body, session, visit)) {
		return note{}
	}
	var n note
	if json.Unmarshal(body, &n) != nil {
		return note{}
	}
	return n
}

func (h *Hosted) mac(body []byte, session, visit string) []byte {
	m := hmac.New(sha256.New, h.config.Key)
	for _, part := range []string{"usher-note-v1", session, visit} {
		m.Write([]byte(part))
		m.Write([]byte{0})
	}
	m.Write(body)
	return m.Sum(nil)
}
