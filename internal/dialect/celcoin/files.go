package celcoin

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/picture"
)

// The types of file that mean something here; the others are kept as they come.
const (
	typeSelfie   = "SELFIE"
	typeContract = "CONTRATO_SOCIAL"
	typeAddress  = "COMPROVANTE_RESIDENCIA"
	typeOther    = "OUTROS"
	cardFront    = "RG_FRONT"
	cardBack     = "RG_BACK"
	front, back  = "_FRONT", "_BACK"
)

// personal are the documents that say who a person is, by the first part of their types.
func personal() []string { return []string{"CNH", "RG", "RNE", "RNM", "PASSPORT", "CTPS"} }

// fileTypes lists every type a client may send.
func fileTypes() []string {
	types := []string{
		typeSelfie, "CRLV_FRONT", "CRLV_BACK", typeOther, "OUTROS_FRONT", "OUTROS_BACK", typeContract, "DOCUMENTO_FINANCEIRO",
		"PROCURACAO_PODERES", "DRE", typeAddress, "COMPROVANTE_RENDA", "DOCUMENTO_LEGAL", "DECLARACAO_ANUAL", "DECLARACAO_CONFIRMACAO",
	}
	for _, document := range personal() {
		types = append(types, document+front, document+back)
	}
	return types
}

// fileRules are those of the files of any proposal: known types, one of each, and an address that can be asked.
func fileRules(list []file) []rule {
	var rules []rule
	seen := map[string]bool{}
	for _, f := range list {
		u, err := url.Parse(f.Data)
		rules = append(
			rules,
			rule{slices.Contains(fileTypes(), f.Type), "OBE081"},
			rule{!seen[f.Type], "OBE083"},
			rule{err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http"), "OBE079"},
		)
		seen[f.Type] = true
	}
	return rules
}

// lacking tells what a proposal without our page still needs, or nil when its files are complete.
func lacking(kind string, list []file) error {
	has := func(t string) bool { return slices.ContainsFunc(list, func(f file) bool { return f.Type == t }) }
	fronts := slices.ContainsFunc(personal(), func(t string) bool { return has(t + front) })
	return firstBroken([]rule{
		{has(typeSelfie), "OBE078"},
		{fronts || !has(cardBack), "OBE088"},
		{fronts, "OBE075"},
		{has(typeContract) || kind != typeCompany, "OBE076"},
	})
}

// fetched is a file that came with a proposal, read from where the client keeps it.
type fetched struct {
	kind, contentType string
	data              []byte
}

func (f fetched) reader() io.Reader { return bytes.NewReader(f.data) }

// The bounds of what a proposal may bring: of one file and of all together, in bytes, and of the time it takes.
const (
	largestFile = 15 << 20
	largestAll  = 60 << 20
	fetchTime   = 10 * time.Second
	fetchAll    = 45 * time.Second
)

// fetchAll reads the files that a proposal names.
func (d *dialect) fetchAll(ctx context.Context, list []file) ([]fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchAll)
	defer cancel()
	var got []fetched
	total := 0
	for _, f := range list {
		data, err := d.fetch(ctx, f.Data)
		if err != nil {
			return nil, err
		}
		types := map[string]string{picture.KindJPEG: "image/jpeg", picture.KindPNG: "image/png", picture.KindPDF: "application/pdf"}
		contentType := types[picture.Sniff(data)]
		if total += len(data); contentType == "" || total > largestAll {
			return nil, refusal("OBE081")
		}
		got = append(got, fetched{kind: f.Type, contentType: contentType, data: data})
	}
	return got, nil
}

// fetch reads one file. The client of the server refuses addresses that are not public, and follows no redirect.
func (d *dialect) fetch(ctx context.Context, from string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, refusal("OBE079")
	}
	answer, err := d.Fetch.Do(r)
	if err != nil {
		return nil, refusal("OBE079") // why not is between the client and its file server
	}
	defer func() { _ = answer.Body.Close() }() // read to its end, or not wanted
	if answer.StatusCode != http.StatusOK {
		return nil, refusal("OBE079")
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, largestFile+1))
	switch {
	case len(data) > largestFile:
		return nil, refusal("OBE081")
	case err != nil:
		return nil, refusal("OBE079")
	}
	return data, nil
}

// kindOf gives the kind of evidence that a file is. A person has one identity document here: the first of those sent; what comes beside it is
// kept as a report.
func kindOf(fileType string, all []fetched) usher.EvidenceKind {
	name := strings.TrimSuffix(strings.TrimSuffix(fileType, front), back)
	first := slices.IndexFunc(all, func(f fetched) bool {
		document, ok := strings.CutSuffix(f.kind, front)
		return ok && slices.Contains(personal(), document)
	})
	switch {
	case fileType == typeSelfie:
		return usher.Selfie
	case fileType == typeAddress:
		return usher.ProofOfAddress
	case first < 0 || all[first].kind != name+front:
	case strings.HasSuffix(fileType, front):
		return usher.DocumentFront
	case strings.HasSuffix(fileType, back):
		return usher.DocumentBack
	}
	return usher.ReportFile
}

// typedEvidence gives the newest evidence of each type of file, in the order in which they came first.
func typedEvidence(s usher.Session) (types []string, newest map[string]usher.Evidence) {
	newest = map[string]usher.Evidence{}
	sent := strings.Split(s.Metadata[metaFiles], ",")
	for _, ev := range s.Evidence {
		t := typeOfEvidence(s, ev)
		if ev.Source == usher.FromClient && len(sent) > 0 && sent[0] != "" {
			t, sent = sent[0], sent[1:]
		}
		if t == "" {
			continue
		}
		if _, ok := newest[t]; !ok {
			types = append(types, t)
		}
		newest[t] = ev
	}
	return types, newest
}

// typeOfEvidence gives the type of a file by what the applicant said it is, or "" for what the vendor has no type for.
func typeOfEvidence(s usher.Session, ev usher.Evidence) string {
	names := map[usher.DocumentType]string{
		usher.DrivingLicence: "CNH", usher.IDCard: "RG", usher.ResidencePermit: "RNM", usher.Passport: "PASSPORT",
	}
	name := typeOther
	if ev.IsSimulated() {
		name = "RG" // made up, and marked so; nobody chose what it is
	}
	for _, st := range s.Steps {
		if st.Document != nil && names[st.Document.Type] != "" {
			name = names[st.Document.Type]
		}
	}
	switch ev.Kind {
	case usher.DocumentFront:
		return name + front
	case usher.DocumentBack:
		return name + back
	case usher.Selfie:
		return typeSelfie
	case usher.ProofOfAddress:
		return typeAddress
	case usher.ReportFile:
		return typeOther
	case usher.SelfieVideo, usher.LivenessFrames:
	}
	return ""
}

const filePath = "/files/"

// filesOf gives the addresses of a session's files, which need no token and end with fileLife.
func (r Renderer) filesOf(s usher.Session, now time.Time) []fileURL {
	until := now.Add(fileLife).Truncate(time.Second)
	list := []fileURL{}
	types, newest := typedEvidence(s)
	for _, t := range types {
		list = append(list, fileURL{
			Type: t, URL: r.BaseURL + filePath + r.Stamps.Stamp(stampFile, strings.Join([]string{s.TenantID, s.ID, newest[t].ID}, "/"), until),
			ExpirationTime: until.UTC().Format(time.RFC3339),
		})
	}
	return list
}

func (d *dialect) readFiles(r request) (any, error) {
	if !r.q.named() {
		return nil, refusal("OBE054")
	}
	s, err := d.find(r, "OBE055")
	if err != nil {
		return nil, err
	}
	list := d.renderer.filesOf(s, d.Now())
	if len(list) == 0 {
		return nil, refusal("OBE055")
	}
	return files{Files: list, ClientCode: codeOf(s), DocumentNumber: s.Metadata[metaDocument], ProposalID: s.ID}, nil
}

// download gives the bytes of a file to whoever has its address. They are never shown in a browser as a page of ours.
func (d *dialect) download(w http.ResponseWriter, r *http.Request) {
	subject, err := d.Stamps.Stamped(stampFile, r.PathValue("stamp"))
	if err != nil {
		api.WriteJSON(w, http.StatusForbidden, gateway{StatusCode: http.StatusForbidden, Message: "Link is not valid or has expired"})
		return
	}
	names := strings.Split(subject, "/")
	s, err := d.Service.Session(r.Context(), names[0], names[1])
	if err != nil {
		fail(w, r, err)
		return
	}
	// Whoever holds the address holds it from the client, which is what the audit trail can say.
	by := usher.Actor{Kind: usher.ByClient, ID: s.ClientID}
	ev, body, err := d.Service.OpenEvidence(r.Context(), names[0], names[1], names[2], 0, by)
	if err != nil {
		fail(w, r, err)
		return
	}
	defer func() { _ = body.Close() }() // read-only
	h := w.Header()
	h.Set("Content-Type", ev.ContentType)
	h.Set("Content-Length", strconv.FormatInt(ev.Size, 10))
	_, extension, _ := strings.Cut(ev.ContentType, "/")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", ev.ID+"."+extension))
	if r.Method != http.MethodHead {
		_, _ = io.Copy(w, body) // the caller hung up; there is nobody to tell
	}
}
