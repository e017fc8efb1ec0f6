package hosted

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
)

// defaultText is the consent text for a flow that names one we have no words for.
const defaultText = "identity-check"

// consentPage is the text that is agreed to, and the hash of its words.
type consentPage struct {
	progress
	Words   []string
	Hash    string // hex SHA-256 of all that the applicant reads and ticks, line by line
	Text    string // id and version of the text
	Face    string // words of the separate consent to looking at the face, or ""
	Decline string
}

// consentPage puts the text together from what the flow really does: what it does not do is not asked for.
func (t *turn) consentPage() consentPage {
	id := defaultText
	if st, ok := stepOf(t.s, usher.StepConsent); ok {
		if def, _, ok := t.s.Flow.Step(st.ID); ok && t.h.kit.Catalog().Has("consent."+def.Text+".version") {
			id = def.Text
		}
	}
	face := false
	parts := []string{"purpose"}
	for _, st := range t.s.Flow.Steps {
		face = face || slices.ContainsFunc(st.Checks, func(k usher.CheckKind) bool {
			return slices.Contains([]usher.CheckKind{usher.CheckFace, usher.CheckLiveness, usher.CheckFaceLogin}, k)
		})
		if slices.Contains(st.Checks, usher.CheckDocument) {
			parts = append(parts, "document")
		}
		if slices.Contains(st.Checks, usher.CheckWatchlist) {
			parts = append(parts, "lists")
		}
	}
	parts = append(parts, "stored", decidedBy(t.s.Flow), "rights")
	p := consentPage{progress: t.progress(), Decline: t.url(atDecline)}
	for _, part := range slices.Compact(parts) {
		p.Words = append(p.Words, t.text("consent."+id+"."+part, "client", t.client()))
	}
	p.Text = id + "/" + t.text("consent."+id+".version")
	lines := append([]string{p.Text, t.text("consent.title"), t.text("consent.lead")}, p.Words...)
	if face {
		p.Face = t.text(t.word("consent.face"), "client", t.client())
		lines = append(lines, p.Face, t.text("consent.face.hint"))
	}
	sum := sha256.Sum256([]byte(strings.Join(append(lines, t.text("consent.agree")), "\n")))
	p.Hash = hex.EncodeToString(sum[:])
	return p
}

// decidedBy names the words that say who decides, which the law wants told (GDPR, Articles 13 and 22).
func decidedBy(f usher.Flow) string {
	def, ok := f.First(usher.StepDecide)
	switch {
	case ok && def.OnReject == usher.ToReject:
		return "rule"
	case ok && def.Automatic:
		return "review"
	}
	return "person"
}

func (t *turn) showConsent() error { return t.render("consent", t.consentPage(), nil) }

// consent takes the agreement to the words that were on the page. When they are other words by now (another language picked in a second
// tab, a new version), the new ones are shown: nobody agrees to what they have not read.
func (t *turn) consent() error {
	p := t.consentPage()
	if t.r.PostFormValue("words") != p.Hash {
		return t.showConsent()
	}
	st, _ := stepOf(t.s, usher.StepConsent)
	given := usher.Consent{Text: p.Text, SHA256: p.Hash, Locale: t.lang(), Face: p.Face != "" && t.r.PostFormValue("face") == "yes"}
	if err := t.do(usher.Command{Kind: usher.CmdConsent, Step: st.ID, Consent: &given}); err != nil {
		return err
	}
	return t.goHome()
}

func (t *turn) showDecline() error {
	return t.render("decline", map[string]string{"Back": t.url(atConsent)}, nil)
}

// decline ends the session at the applicant's wish.
func (t *turn) decline() error {
	st, _ := stepOf(t.s, usher.StepConsent)
	if err := t.do(usher.Command{Kind: usher.CmdDecline, Step: st.ID}); err != nil {
		return err
	}
	return t.goHome()
}
