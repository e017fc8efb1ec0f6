package mobbscan

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
)

// shelf is one list of the vendor's names for evidence, each with our kind.
type shelf []struct {
	name string
	kind usher.EvidenceKind
}

// faceDocument is no evidence of its own: it is cut out of the document's front each time.
const faceDocument = "face_document"

// What can be read of a process, in the order in which data lists it.
var (
	images = shelf{
		{"document_front", usher.DocumentFront}, {"document_back", usher.DocumentBack}, {faceDocument, usher.DocumentFront}, {"face_now", usher.Selfie},
	}
	recordings = shelf{{"video_liveness", usher.SelfieVideo}}
)

// namesOf gives the vendor's names of what a process has of a shelf; the face on the document once the face check has found it.
func (s *server) namesOf(of usher.Session, on shelf) []string {
	names := []string{}
	for _, item := range on {
		if of.Has(item.kind) && (item.name != faceDocument || (s.Portrait != nil && showsFace(of))) {
			names = append(names, item.name)
		}
	}
	return names
}

// showsFace tells whether the face check found a face on the document's front.
func showsFace(s usher.Session) bool {
	return slices.ContainsFunc(s.Checks(), func(r usher.CheckResult) bool {
		return r.Kind == usher.CheckFace && slices.ContainsFunc(r.Findings, func(f usher.Finding) bool {
			return f.Name == string(usher.DocumentFront)+"_faces" && f.Read != "0"
		})
	})
}

// find gives the newest evidence that a name means, for a cut with the type that the cut has.
func (on shelf) find(s usher.Session, name string) (usher.Evidence, bool) {
	for _, item := range on {
		if item.name != name {
			continue
		}
		held := s.InForce()
		i := slices.IndexFunc(held, func(e usher.Evidence) bool { return e.Kind == item.kind })
		if i < 0 {
			continue
		}
		e := held[i]
		if name == faceDocument {
			e.ContentType, e.Size = "image/jpeg", 0
		}
		return e, true
	}
	return usher.Evidence{}, false
}

// evidence answers with one piece of evidence.
func (s *server) evidence(on shelf) func(request) error {
	return func(r request) error {
		found, err := s.named(r)
		if err != nil {
			return err
		}
		name := r.PathValue("type")
		e, ok := on.find(found, name)
		if !ok {
			return refuse(http.StatusNotFound, codeNoEvidence, "the process has no evidence of this type")
		}
		f := file{verification: found.ID, kind: name, contentType: e.ContentType, size: e.Size}
		return r.send(f, func(w io.Writer) error { return s.copyNamed(r, w, found, name, e) })
	}
}

// copyNamed writes what a name means of a piece of evidence: all of it, or the face cut out.
func (s *server) copyNamed(r request, w io.Writer, of usher.Session, name string, e usher.Evidence) error {
	if name != faceDocument {
		return s.copyEvidence(r, w, of, e)
	}
	if s.Portrait == nil {
		return refuse(http.StatusNotFound, codeNoEvidence, "this server cuts out no faces")
	}
	var document bytes.Buffer
	if err := s.copyEvidence(r, &document, of, e); err != nil {
		return err
	}
	cut, err := s.Portrait(r.Context(), document.Bytes())
	if hasCode(err, usher.CodeNotFound) {
		return refuse(http.StatusNotFound, codeNoEvidence, "there is no face on the document")
	}
	if err != nil {
		return err
	}
	_, err = w.Write(cut)
	return err
}

// copyEvidence writes the bytes of one piece of evidence.
func (s *server) copyEvidence(r request, w io.Writer, of usher.Session, e usher.Evidence) error {
	_, body, err := s.Service.OpenEvidence(r.Context(), r.tenant(), of.ID, e.ID, 0, r.p.Actor())
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(w, body)
	return err
}

// file is what a body of bytes is called.
type file struct {
	verification, kind, contentType string
	name                            string // "" is the kind
	size                            int64  // 0 when it is not known before
}

// send answers with bytes, as they are or in JSON as the Accept header asks. The first byte written sends the status with it, so that what fails
// before is answered with an error; after it the connection is cut, for half a file must not look whole.
func (r request) send(f file, write func(io.Writer) error) error {
	asJSON, ok := wanted(r.Header.Get("Accept"), f.contentType)
	if !ok {
		return refuse(http.StatusNotAcceptable, codeNotAcceptable, "this is there as "+f.contentType+" and as application/json")
	}
	out := &lateHead{w: r.w, head: func(h http.Header) {
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		if asJSON {
			h.Set("Content-Type", "application/json")
			return
		}
		h.Set("Content-Type", f.contentType)
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": cmp.Or(f.name, f.kind) + extension(f.contentType)}))
		if f.size > 0 {
			h.Set("Content-Length", strconv.FormatInt(f.size, 10))
		}
	}}
	err := f.write(out, asJSON, write)
	if err != nil && out.sent {
		panic(http.ErrAbortHandler)
	}
	return err
}

func (f file) write(w io.Writer, asJSON bool, write func(io.Writer) error) error {
	if !asJSON {
		return write(w)
	}
	head, err := json.Marshal(struct {
		VerificationID string `json:"verificationId"`
		Type           string `json:"type"`
		ContentType    string `json:"contentType"`
	}{f.verification, f.kind, f.contentType})
	if err != nil {
		return err
	}
	return spliced(w, head, "content", func(w io.Writer) error { return quoted(w, write) })
}

// spliced writes a JSON object with one member more, whose value is written by a function: files are never held in memory whole.
func spliced(w io.Writer, object []byte, name string, value func(io.Writer) error) error {
	if _, err := io.WriteString(w, strings.TrimSuffix(string(object), "}")+`,"`+name+`":`); err != nil {
		return err
	}
	if err := value(w); err != nil {
		return err
	}
	_, err := io.WriteString(w, "}")
	return err
}

// quoted writes bytes as a JSON string of base64.
func quoted(w io.Writer, write func(io.Writer) error) error {
	if _, err := io.WriteString(w, `"`); err != nil {
		return err
	}
	encoder := base64.NewEncoder(base64.StdEncoding, w)
	if err := write(encoder); err != nil {
		return err
	}
	if err := encoder.Close(); err != nil {
		return err
	}
	_, err := io.WriteString(w, `"`)
	return err
}

// lateHead sends the header of an answer with its first byte.
type lateHead struct {
	w    http.ResponseWriter
	head func(http.Header)
	sent bool
}

func (l *lateHead) Write(b []byte) (int, error) {
	if !l.sent {
		l.sent = true
		l.head(l.w.Header())
	}
	return l.w.Write(b)
}

// dataWithImages answers with the data of a process and the bytes of its pictures.
func (s *server) dataWithImages(r request, of usher.Session, data processData) error {
	head, err := json.Marshal(data)
	if err != nil {
		return err
	}
	out := &lateHead{w: r.w, head: func(h http.Header) { h.Set("Content-Type", "application/json") }}
	err = spliced(out, head, "images", func(w io.Writer) error {
		between := "{"
		for _, name := range data.Evidence.Images {
			e, _ := images.find(of, name)
			if _, err := io.WriteString(w, between+`"`+name+`":`); err != nil {
				return err
			}
			if err := quoted(w, func(w io.Writer) error { return s.copyNamed(r, w, of, name, e) }); err != nil {
				return err
			}
			between = ","
		}
		_, err := io.WriteString(w, strings.TrimPrefix(between, ",")+"}")
		return err
	})
	if err != nil && out.sent {
		panic(http.ErrAbortHandler)
	}
	return err
}

// extension gives the end of a file's name for a content type.
func extension(contentType string) string {
	switch contentType {
	case "image/jpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "application/pdf":
		return ".pdf"
	case "application/zip":
		return ".zip"
	case "video/mp4":
		return ".mp4"
	case "video/webm":
		return ".webm"
	}
	return ""
}

const jsonType = "application/json"

// wanted reads an Accept header (RFC 9110, section 12.5.1): whether the caller prefers JSON to the bytes as they are, and whether either will do.
// Of equal weight what stands first counts; the bytes where one range means both.
func wanted(accept, contentType string) (asJSON, ok bool) {
	if strings.TrimSpace(accept) == "" {
		return false, true
	}
	best := 0.0
	for entry := range strings.SplitSeq(accept, ",") {
		kind, params, err := mime.ParseMediaType(entry)
		if err != nil {
			continue
		}
		weight, err := strconv.ParseFloat(cmp.Or(params["q"], "1"), 64)
		raw := fits(kind, contentType)
		if err != nil || weight <= best || !(raw || fits(kind, jsonType)) {
			continue
		}
		best, asJSON, ok = weight, !raw, true
	}
	return asJSON, ok
}

// fits tells whether a media range takes in a type.
func fits(kind, contentType string) bool {
	family, _, _ := strings.Cut(contentType, "/")
	return kind == "*/*" || kind == family+"/*" || kind == contentType
}
