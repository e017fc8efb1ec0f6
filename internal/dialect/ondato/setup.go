package ondato

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// usable tells whether a flow is a setup of this dialect: it onboards people, by a document.
func usable(f usher.Flow) bool {
	_, ok := f.First(usher.StepDocument)
	return ok && f.Purpose == usher.ForOnboarding
}

// setupFlows gives the flows of a tenant that are setups.
func (d *dialect) setupFlows(ctx context.Context, tenant string) ([]usher.Flow, error) {
	flows, err := d.Service.Flows(ctx, tenant)
	return slices.DeleteFunc(flows, func(f usher.Flow) bool { return !usable(f) }), err
}

// flowOf finds the flow that an IDV setup stands for.
func (d *dialect) flowOf(ctx context.Context, tenant, id string) (usher.Flow, error) {
	const field = "setupId"
	if id == "" {
		return usher.Flow{}, usher.Invalid(field, "is required")
	}
	id, ok := canonical(id)
	if !ok {
		return usher.Flow{}, usher.Invalid(field, "must be a UUID")
	}
	flows, err := d.setupFlows(ctx, tenant)
	if err != nil {
		return usher.Flow{}, err
	}
	for _, f := range flows {
		switch id {
		case setupID(idvSetup, tenant, f.Name):
			return f, nil
		case setupID(kycSetup, tenant, f.Name):
			return f, usher.Invalid(field, "is the id of a KYC identification setup; give that of the IDV setup it belongs to")
		}
	}
	return usher.Flow{}, usher.Invalid(field, "must be the id of an active setup")
}

const defaultLanguage = "en-GB"

// setupOf gives the IDV setup that a session of a flow is bound to, with what the session has of its own.
func (d *dialect) setupOf(s usher.Session) setup {
	ref, texts := refOf(idvSetup, s), localisationOf(s)
	main := texts.choose(texts.DefaultLanguage)
	others := slices.DeleteFunc(slices.Clone(texts.LocalisationSettings), func(l language) bool { return l.Language == main.Language })
	v := setup{
		ID: ref.ID, VersionID: ref.VersionID, ApplicationID: s.TenantID, Name: s.FlowName, ModifiedUTC: at(s.Flow.At), IsLive: s.Mode == usher.Live,
		Steps:             []setupStep{{Order: 1, SetupID: refOf(kycSetup, s).ID, Type: "KycIdentification"}},
		EndScreen:         enabled{true}, // the page says that all is done, and then goes to the client's by itself
		GeneralAppSetting: generalApp{SupportEmail: s.Flow.Settings["support_email"]},
		WebAppSetting: webApp{
			BaseURL: d.BaseURL + "/idv/", DefaultLocalisationSetting: main, LocalisationSettings: others,
		},
	}
	if s.FlowVersion == 1 { // of later versions it is not known when the first was made
		v.CreatedUTC = v.ModifiedUTC
	}
	return v
}

// localisationOf gives the titles and addresses of a session: its own, or else those in the settings of its flow.
func localisationOf(s usher.Session) localisation {
	if own, ok := kept[localisation](s, keptLocalisation); ok {
		return own
	}
	given := s.Flow.Settings
	l := language{
		Language: cmp.Or(given["language"], defaultLanguage), PageTitle: given["page_title"], SuccessRedirectURL: given["success_url"],
		FailureRedirectURL: given["failure_url"], ConsentDeclinedRedirectURL: given["consent_declined_url"],
	}
	return localisation{DefaultLanguage: l.Language, LocalisationSettings: []language{l}}
}

func (d *dialect) getSetup(c call) (any, error) {
	s, _, err := d.find(c.Context(), c.tenant(), c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	t, err := d.Service.Tenant(c.Context(), c.tenant())
	s.Mode = t.Mode // which an erased session has lost
	return d.setupOf(s), err
}

const mostSetups = 100

// window is the part of a list that a query asks for.
type window struct{ limit, offset int }

func readWindow(q url.Values) (window, error) {
	w := window{limit: mostSetups}
	var f faults
	for _, p := range []struct {
		name        string
		into        *int
		least, most int
	}{{"limit", &w.limit, 1, mostSetups}, {"offset", &w.offset, 0, 1_000_000}} {
		text := q.Get(p.name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < p.least || n > p.most {
			f.note(usher.Invalid(p.name, "must be a whole number from %d to %d", p.least, p.most))
		}
		*p.into = n
	}
	return w, f.err()
}

// cut gives the part of a list that lies in the window.
func cut[T any](list []T, w window) []T {
	list = list[min(w.offset, len(list)):]
	return list[:min(w.limit, len(list))]
}

// filterSetups lists the tenant's IDV setups in their newest versions, by name.
func (d *dialect) filterSetups(c call) (any, error) {
	if err := c.read(&struct{}{}); err != nil {
		return nil, err
	}
	q := c.URL.Query()
	w, err := readWindow(q)
	if err != nil {
		return nil, err
	}
	order := q.Get("orderDirection")
	var f faults
	if by := q.Get("orderBy"); by != "" && by != "Name" {
		f.note(usher.Invalid("orderBy", "must be Name"))
	}
	if order != "" && order != "Asc" && order != "Desc" {
		f.note(usher.Invalid("orderDirection", "must be Asc or Desc"))
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	t, err := d.Service.Tenant(c.Context(), c.tenant())
	if err != nil {
		return nil, err
	}
	flows, err := d.setupFlows(c.Context(), c.tenant())
	if err != nil {
		return nil, err
	}
	slices.SortFunc(flows, func(a, b usher.Flow) int { return strings.Compare(a.Name, b.Name) })
	if order == "Desc" {
		slices.Reverse(flows)
	}
	setups := []setup{}
	for _, flow := range cut(flows, w) {
		setups = append(setups, d.setupOf(usher.Session{
			TenantID: t.ID, Mode: t.Mode, Flow: flow, FlowName: flow.Name, FlowVersion: flow.Version,
		}))
	}
	return setups, nil
}

func (d *dialect) getKYCSetup(c call) (any, error) {
	s, _, err := d.findKYC(c.Context(), c.tenant(), c.PathValue("id"))
	return kycSetupOf(s), err
}

// kycSetupOf tells what the flow asks for, and of liveness what has really been tested: clients approve people by these members.
func kycSetupOf(s usher.Session) kycSetupShape {
	ref := refOf(kycSetup, s)
	_, document := s.Flow.First(usher.StepDocument)
	_, selfie := s.Flow.First(usher.StepSelfie)
	liveness, tested := resultOf(s, usher.CheckLiveness)
	tested = tested && liveness.Assurance != usher.Simulated
	return kycSetupShape{
		ID: ref.ID, VersionID: ref.VersionID, ApplicationID: s.TenantID, Document: enabled{document},
		Face: kycFace{
			Enabled: selfie, ActiveLivenessEnabled: tested && slices.Contains(liveness.Examined, activeLiveness), PassiveLivenessEnabled: tested && passive(liveness),
		},
	}
}

// mostLanguages bounds the settings of one session.
const mostLanguages = 50

// localise keeps page titles and redirect addresses for one session.
func (d *dialect) localise(c call) (any, error) {
	var in localisation
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if err := d.checkLocalisation(in, c.p.Client); err != nil {
		return nil, err
	}
	s, erased, err := d.find(c.Context(), c.tenant(), c.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !erased.IsZero() {
		return nil, usher.Conflict("the personal data of the identity verification was redacted")
	}
	if !slices.Contains([]string{pending, inProgress}, standings[s.State].idv) {
		return nil, usher.Conflict("the identity verification is %s; its localisation can no longer be changed", standings[s.State].idv)
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encode localisation: %w", err)
	}
	_, err = d.Service.Do(c.Context(), c.tenant(), s.ID, usher.Command{
		Kind: usher.CmdAnnotate, By: c.p.Actor(), Metadata: map[string]string{keptLocalisation: string(raw)}, Locale: in.DefaultLanguage,
	})
	return nil, err
}

func (d *dialect) checkLocalisation(in localisation, client usher.APIClient) error {
	var f faults
	f.note(api.Locale("defaultLanguage", in.DefaultLanguage))
	if n := len(in.LocalisationSettings); n == 0 || n > mostLanguages {
		f.note(usher.Invalid("localisationSettings", "must have 1 to %d entries", mostLanguages))
		return f.err()
	}
	for i, l := range in.LocalisationSettings {
		entry := fmt.Sprintf("localisationSettings[%d].", i)
		if l.Language == "" {
			f.note(usher.Invalid(entry+"language", "is required"))
		}
		f.note(api.Locale(entry+"language", l.Language))
		f.note(text(entry+"pageTitle", l.PageTitle))
		for _, u := range []struct{ name, url string }{
			{"successRedirectUrl", l.SuccessRedirectURL},
			{"failureRedirectUrl", l.FailureRedirectURL},
			{"consentDeclinedRedirectUrl", l.ConsentDeclinedRedirectURL},
		} {
			f.note(api.ReturnURL(entry+u.name, u.url, client.ReturnURLs, d.Dev))
		}
	}
	return f.err()
}

// choose gives the settings of a language: the very one, else one of the same tongue, else the default's, else the first.
func (l localisation) choose(tag string) language {
	tongue, _, _ := strings.Cut(tag, "-")
	for _, fits := range []func(string) bool{
		func(t string) bool { return t == tag },
		func(t string) bool { return tag != "" && (t == tongue || strings.HasPrefix(t, tongue+"-")) },
		func(t string) bool { return t == l.DefaultLanguage },
		func(string) bool { return true },
	} {
		if i := slices.IndexFunc(l.LocalisationSettings, func(s language) bool { return fits(s.Language) }); i >= 0 {
			return l.LocalisationSettings[i]
		}
	}
	return language{}
}
