package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// words speaks one language: the desk's words for what a case is made of, and the report's own for the rest.
type words struct {
	catalog *web.Catalog
	lang    string
}

// words gives the language of a locale where both the desk and the report have it, or English: half a language serves nobody.
func (r *Report) words(locale string) words {
	lang := r.catalog.Match(locale)
	if texts[lang] == nil {
		lang = web.DefaultLanguage
	}
	return words{catalog: r.catalog, lang: lang}
}

// worth gives one of the report's texts that speaks of what results are worth, in the desk's words for it.
func (w words) worth(key string) string {
	var args []any
	for _, a := range []usher.Assurance{usher.Verified, usher.Assisted, usher.Simulated} {
		args = append(args, a, w.name("desk.assurance.", string(a)))
	}
	return w.own(key, args...)
}

// own gives one of the report's texts, with its placeholders filled in.
func (w words) own(key string, args ...any) string {
	var fill []string
	for i := 0; i+1 < len(args); i += 2 {
		fill = append(fill, fmt.Sprintf("{%v}", args[i]), fmt.Sprint(args[i+1]))
	}
	return strings.NewReplacer(fill...).Replace(texts[w.lang][key])
}

// name gives the desk's words for an id, or the id itself: what a new check says must be shown all the same.
func (w words) name(prefix, id string) string {
	if key := prefix + id; id != "" && w.catalog.Has(key) {
		return w.catalog.Text(w.lang, key)
	}
	return strings.ReplaceAll(id, "_", " ")
}

func (w words) names(prefix string, ids []string) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = w.name(prefix, id)
	}
	return strings.Join(list, ", ")
}

func (w words) reasons(rs []usher.Reason) string {
	list := make([]string, len(rs))
	for i, r := range rs {
		list[i] = w.name("desk.reason.", string(r.Code)) + " (" + string(r.Code)
		if r.Field != "" {
			list[i] += ": " + w.name("desk.field.", r.Field)
		}
		list[i] += ")"
	}
	return strings.Join(list, "; ")
}

// formatted gives a time in UTC, or "" for none.
func formatted(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(layout)
}

// stamp gives a time to the second and says that it is UTC; clock leaves that to the label, and day gives the day alone.
func stamp(t time.Time) string { return formatted(t, "2006-01-02 15:04:05 UTC") }
func clock(t time.Time) string { return formatted(t, time.DateTime) }
func day(t time.Time) string   { return formatted(t, time.DateOnly) }

func (w words) actor(a usher.Actor, staff map[string]string) string {
	who := w.name("desk.actor.", string(a.Kind))
	switch {
	case staff[a.ID] != "":
		return staff[a.ID]
	case a.ID != "":
		return who + " (" + a.ID + ")"
	}
	return who
}

// texts are the report's own words, by language and key; a test holds the languages to one another.
var texts = map[string]map[string]string{
	"en": {
		"title": "Evidence report", "summary": "Summary", "applicant": "Applicant", "checks": "Checks", "hits": "Watchlist hits",
		"decisions": "Decisions", "corrections": "Corrections by reviewers", "files": "Pictures and files", "history": "History",
		"accounts": "Accounts", "consent": "Consent",
		"sandbox":   "Made in a sandbox. The person and everything about them may be made up; this report proves nothing about anybody.",
		"simulated": "Some of what follows was simulated: made up by this server for a test, and not examined. It is marked “{simulated}”.",
		"made":      "Made {at} for {by}", "page": "page {n} of {of}",
		"case": "Case", "reference": "Reference", "person": "Name", "applicant_id": "Applicant’s id", "flow": "Flow", "flow_of": "{name}, version {version}",
		"purpose": "Purpose", "state": "State", "attempt": "Attempt", "created": "Created", "started": "Started", "submitted": "Sent in", "decided": "Decided",
		"dialect": "Came in through", "kind": "Kind", "company": "Company", "register_number": "Number in the register", "owners": "Owners",
		"national_id": "National number", "given": "said", "read": "found", "verdict": "Outcome", "assurance": "Assurance", "score": "Score",
		"provider": "Checked by", "reasons": "Reasons", "examined": "Examined", "not_examined": "Not examined", "fields": "Read", "findings": "Findings",
		"ok": "in order", "not_ok": "not in order", "rests_on": "Rests on", "took": "Took", "when": "When (UTC)", "what": "What", "who": "Who", "about": "About",
		"by": "By", "note": "To the applicant", "internal": "To colleagues", "overturn": "overturns the decision before it", "field": "Field", "old": "Was",
		"new": "Corrected to", "list": "List", "listed": "Listed name", "judged": "Judged", "open": "nobody has judged it", "cleared": "somebody else",
		"confirmed": "the applicant", "hits_none": "Nobody was found.", "hits_time": "Searched {at} by {algorithm} in: {lists}",
		"stale": "out of date", "never_in": "never brought in",
		"received": "Received", "size": "{n} bytes", "replaced": "replaced by a later one", "not_shown": "Not a picture; it is in the pack as {name}.",
		"unreadable": "It cannot be shown as a picture.", "text_agreed": "Text agreed to", "hash": "SHA-256 of the words", "face": "Looking at the face",
		"yes": "agreed", "no": "not agreed", "agreed_at": "Agreed", "language": "Language", "none": "None.",
		"not_yet": "not finished",
		"foot":    "* Written in Latin letters or without marks, since the typeface of this report lacks the characters. They stand as they are in the JSON of the evidence pack.",
		"honesty": "“{verified}”: by rule or record, the same input gives the same answer. “{assisted}”: by a heuristic or a model, which informs a reviewer. “{simulated}”: made up for a test. What was not examined is not vouched for.",
		"contact": "Contacts proved", "proved": "Address or number", "proved_by": "How", "by_code": "one-time code",
		"others": "Also shown by", "other": "applicant {applicant} (case {case}): {same}", "other_name": "under another name or date of birth",
		"account_of": "{status}, {kind} {number} {currency}, by {opener}", "test_account": "a test account, known to no bank",
	},
	"sv": {
		"title": "Underlag", "summary": "Sammanfattning", "applicant": "Sökande", "checks": "Kontroller", "hits": "Träffar på bevakningslistor",
		"decisions": "Beslut", "corrections": "Rättelser av handläggare", "files": "Bilder och filer", "history": "Historik",
		"accounts": "Konton", "consent": "Samtycke",
		"sandbox":   "Gjord i en testmiljö. Personen och allt om den kan vara påhittat; det här underlaget bevisar ingenting om någon.",
		"simulated": "En del av det som följer är simulerat: påhittat av den här servern för ett test, och inte undersökt. Det är märkt ”{simulated}”.",
		"made":      "Gjord {at} för {by}", "page": "sida {n} av {of}",
		"case": "Ärende", "reference": "Referens", "person": "Namn", "applicant_id": "Sökandens id", "flow": "Flöde", "flow_of": "{name}, version {version}",
		"purpose": "Syfte", "state": "Läge", "attempt": "Försök", "created": "Skapat", "started": "Påbörjat", "submitted": "Insänt", "decided": "Avgjort",
		"dialect": "Kom in genom", "kind": "Slag", "company": "Företag", "register_number": "Nummer i registret", "owners": "Ägare",
		"national_id": "Personnummer", "given": "uppgivet", "read": "funnet", "verdict": "Utfall", "assurance": "Säkerhet", "score": "Poäng",
		"provider": "Kontrollerat av", "reasons": "Skäl", "examined": "Undersökt", "not_examined": "Inte undersökt", "fields": "Avläst", "findings": "Iakttagelser",
		"ok": "i sin ordning", "not_ok": "inte i sin ordning", "rests_on": "Bygger på", "took": "Tog", "when": "När (UTC)", "what": "Vad", "who": "Vem", "about": "Om",
		"by": "Av", "note": "Till sökanden", "internal": "Till kollegor", "overturn": "ändrar beslutet före det", "field": "Fält", "old": "Var",
		"new": "Rättat till", "list": "Lista", "listed": "Namn på listan", "judged": "Bedömt", "open": "ingen har bedömt den", "cleared": "någon annan",
		"confirmed": "sökanden", "hits_none": "Ingen hittades.", "hits_time": "Sökt {at} av {algorithm} i: {lists}",
		"stale": "inaktuell", "never_in": "aldrig inläst",
		"received": "Mottaget", "size": "{n} byte", "replaced": "ersatt av en senare", "not_shown": "Ingen bild; den finns i paketet som {name}.",
		"unreadable": "Den kan inte visas som bild.", "text_agreed": "Godkänd text", "hash": "SHA-256 av orden", "face": "Titta på ansiktet",
		"yes": "godkänt", "no": "inte godkänt", "agreed_at": "Godkänt", "language": "Språk", "none": "Inga.",
		"not_yet": "inte klar",
		"foot":    "* Skrivet med latinska bokstäver eller utan tecken över dem, eftersom rapportens typsnitt saknar tecknen. De står som de är i paketets JSON.",
		"honesty": "”{verified}”: genom regel eller register, samma indata ger samma svar. ”{assisted}”: genom en tumregel eller modell som hjälper en handläggare. ”{simulated}”: påhittat för ett test. För det som inte är undersökt går ingen i god.",
		"contact": "Styrkta kontaktvägar", "proved": "Adress eller nummer", "proved_by": "Hur", "by_code": "engångskod",
		"others": "Har också visats av", "other": "sökande {applicant} (ärende {case}): {same}", "other_name": "under ett annat namn eller födelsedatum",
		"account_of": "{status}, {kind} {number} {currency}, av {opener}", "test_account": "ett testkonto som ingen bank känner",
	},
}
