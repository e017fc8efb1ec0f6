package hosted_test

import (
	"net/url"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/web"
	assets "github.com/usher-kyc/usher/web"
)

// TestEveryLanguage looks at the pages in each language that no other test walks in, on the narrowest phone: no key instead of words, nothing
// wider than the window.
func TestEveryLanguage(t *testing.T) {
	t.Parallel()
	texts, err := web.LoadCatalog(assets.Files, "hosted")
	if err != nil {
		t.Fatal(err)
	}
	const source = "name: all\nsteps:\n  - consent: {text: identity-check}\n  - details\n  - document: {accept: [id_card, driving_licence]}\n  - selfie: {video: true}\n  - run: [document, face]\n  - decide: {}\n"
	for _, l := range texts.Languages() {
		if l.Tag == "en" || l.Tag == "sv" {
			continue
		}
		t.Run(l.Tag, func(t *testing.T) {
			t.Parallel()
			h, pics := open(t), draw(t)
			h.Publish(h.Tenant.ID, source)
			word := func(key string, args ...any) string { return texts.Text(l.Tag, key, args...) }
			a, err := h.Service.CreateApplicant(t.Context(), h.client, usher.NewApplicant{Kind: usher.Person})
			h.must(err)
			s, link, err := h.Service.StartSession(t.Context(), h.client, usher.NewSession{ApplicantID: a.ID, Flow: "all", Locale: l.Tag, ReturnURL: h.back.URL})
			h.must(err)
			// The session's language goes before the browser's.
			p := sit(t, "lang-"+l.Tag, browsertest.Options{Width: 320, Height: 640, Locale: "de-DE", DenyCamera: true})
			next := func() { t.Helper(); p.Click("main form .act button.button") }
			p.Visit(link.URL)
			p.seen(word("start.title", "client", "Example Bank"))
			next()
			p.seen(word("consent.title"))
			next()
			for _, topic := range []struct {
				title, wrong string
				fields       map[string]string
			}{
				{"details.name", "wrong.first_name", map[string]string{"first_name": "Anna", "last_name": "Eriksson"}},
				{"details.birth", "wrong.birth.empty", map[string]string{"birth_day": "12", "birth_month": word("month.8.alone"), "birth_year": "1974"}},
				{"details.address", "wrong.city", map[string]string{"country": "SE", "street": "Storgatan 1", "city": "Stockholm"}},
				{"details.contact", "wrong.phone", map[string]string{"email": "anna@example.com", "phone": "+46 70 123 45 67"}},
			} {
				p.seen(word(topic.title))
				next()
				p.WaitText(word(topic.wrong))
				p.seen(word(topic.title))
				for field, value := range topic.fields {
					p.Fill("#"+field, value)
				}
				next()
			}
			p.seen(word("document.title"))
			p.Click("[value=driving_licence]")
			next()
			p.seen(word("photo.front.title", "document", word("doc.driving_licence.your")))
			p.Click(word("photo.camera"))
			p.WaitText(word("camera.denied.title"))
			p.seen(word("camera.front.title", "document", word("doc.driving_licence.your")))
			p.Click("#problem-denied .button")
			for _, file := range []string{pics.front, pics.back} {
				p.SetFile("#file", file)
				p.Click(word("photo.upload.button"))
				p.seen(word("check.title"))
				next()
			}
			p.SetFile("#file", pics.selfie)
			p.Click(word("photo.upload.button"))
			p.seen(word("check.selfie.title"))
			next()
			p.seen(word("video.title"))
			webm, _, _, _ := clips(t)
			p.SetFile("#file", webm)
			p.Click(word("photo.upload.button"))
			p.seen(word("answers.title"))
			p.WaitText(word("month.8"))
			next()
			p.seen(word("wait.title"))
			h.Settle()
			p.seen(word("done.title"))
			p.Click("footer a")
			p.seen(word("help.title"))
			if got := h.now(s.ID).Steps[0].Consent.Locale; got != l.Tag {
				t.Errorf("agreed in %q", got)
			}
		})
	}
}

// seen sees that a page has words and fits, for languages in which axe would say what it says in English.
func (p *person) seen(title string) {
	p.t.Helper()
	p.read(title)
	p.fits(title)
	p.keep(title, "")
	p.count++
}

// TestLanguageOfTheBrowser holds that who comes without a language of the session gets their browser's, where we have it.
func TestLanguageOfTheBrowser(t *testing.T) {
	t.Parallel()
	h := open(t)
	_, link := h.session("everything")
	for accept, lang := range map[string]string{"lt": "lt", "pt-PT,pt;q=0.9": "pt-BR", "es-MX": "es", "de, es;q=0.5": "es", "de": "en", "sv-FI": "sv"} {
		r := h.visitor().request("GET", "/s/"+link.Token, nil)
		r.Header.Set("Accept-Language", accept)
		if got := h.visitor().do(r).header.Get("Content-Language"); got != lang {
			t.Errorf("a browser that asks for %q gets %s, want %s", accept, got, lang)
		}
	}
	v := h.visitor()
	v.get("/s/" + link.Token + "?" + url.Values{"lang": {"pt-BR"}}.Encode())
	if got := v.get("/help").header.Get("Content-Language"); got != "pt-BR" {
		t.Errorf("what was picked is forgotten: %s", got)
	}
}
