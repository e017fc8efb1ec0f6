package receipt

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Where the issuer's addresses are, below that of the server.
const (
	KeysPath     = "/.well-known/jwks.json"
	MetadataPath = "/.well-known/jwt-vc-issuer" // draft-ietf-oauth-sd-jwt-vc, 5
	StatusPath   = "/receipts/status/"
)

// Metadata is the issuer's own record.
type Metadata struct {
	Issuer  string `json:"issuer"`
	JWKSURI string `json:"jwks_uri"`
}

// Handler serves keys, metadata and status lists to anybody.
func (i *Issuer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+KeysPath, func(w http.ResponseWriter, r *http.Request) {
		keys, err := i.Public(r.Context())
		if err != nil {
			fail(w)
			return
		}
		set, err := JWKSOf(keys)
		answer(w, "application/jwk-set+json", set, err)
	})
	mux.HandleFunc("GET "+MetadataPath, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, "application/json", Metadata{Issuer: i.c.URL(), JWKSURI: i.c.URL() + KeysPath}, nil)
	})
	mux.HandleFunc("GET "+StatusPath+"{n}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseInt(r.PathValue("n"), 10, 32)
		if err != nil || n < 0 || strconv.FormatInt(n, 10) != r.PathValue("n") {
			http.NotFound(w, r)
			return
		}
		text, ok, err := i.list(r.Context(), n)
		switch {
		case err != nil:
			fail(w)
		case !ok:
			http.NotFound(w, r)
		default:
			public(w, StatusType)
			_, _ = w.Write([]byte(text)) // a caller that went away
		}
	})
	return mux
}

// list gives a status list, made at most once a minute.
func (i *Issuer) list(ctx context.Context, n int64) (string, bool, error) {
	now := i.c.Now()
	i.mu.Lock()
	had, ok := i.lists[n]
	i.mu.Unlock()
	if ok && now.Sub(had.made) < listAge {
		return had.text, true, nil
	}
	_, key, err := i.signing(ctx)
	if err != nil {
		return "", false, err
	}
	from := n * ListSize
	given, err := i.c.Places.Receipts(ctx)
	if err != nil || (n > 0 && from >= given) { // the first list is always there
		return "", false, err
	}
	revoked, err := i.c.Places.RevokedReceipts(ctx, from, from+ListSize)
	if err != nil {
		return "", false, err
	}
	for at := range revoked {
		revoked[at] -= from
	}
	text, err := statusList(key.Private, key.KID, listURI(i.c.URL(), n), revoked, now, listAge)
	if err != nil {
		return "", false, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lists[n] = kept{text, now}
	return text, true, nil
}

func public(w http.ResponseWriter, kind string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(listAge/time.Second)))
	h.Set("Access-Control-Allow-Origin", "*") // they are for everybody, a page of another site among them
	h.Set("X-Content-Type-Options", "nosniff")
}

func answer(w http.ResponseWriter, kind string, v any, err error) {
	raw, marshalErr := json.Marshal(v)
	if err != nil || marshalErr != nil {
		fail(w)
		return
	}
	public(w, kind)
	_, _ = w.Write(raw) // a caller that went away
}

func fail(w http.ResponseWriter) { http.Error(w, "try again", http.StatusServiceUnavailable) }
