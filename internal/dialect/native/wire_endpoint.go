package native

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
)

// endpointPatch is what can be said about an endpoint; members left out stay, or are the usual ones of a new endpoint.
type endpointPatch struct {
	URL     *string           `json:"url,omitempty" minLength:"1" maxLength:"2000" doc:"Where events are sent: https." example:"https://client.example/hooks/usher"`
	Events  []string          `json:"events,omitempty" nullable:"false" minItems:"1" maxItems:"50" doc:"Types of event it gets; [\"*\"] is all." example:"[\"*\"]"`
	Origin  string            `json:"origin,omitempty" enum:"same,any" doc:"same: only sessions that came in through the dialect. any: those of every dialect." example:"same"`
	Order   string            `json:"order,omitempty" enum:"session" doc:"Events of one session come in their order; sessions do not wait for each other." example:"session"`
	Auth    *givenAuth        `json:"auth,omitempty" doc:"How usher proves itself, beside the signature."`
	Names   []string          `json:"names,omitempty" nullable:"false" maxItems:"50" doc:"Names of messages in the words of the dialect; it gets only these." example:"[\"KycIdentification.Approved\"]"`
	Headers map[string]string `json:"headers,omitempty" doc:"Headers of your own, set on every message." example:"{\"X-Tenant\":\"north\"}"`
	Enabled *bool             `json:"enabled,omitempty" doc:"Whether it gets anything." example:"true"`
}

type newEndpoint struct {
	URL     string            `json:"url" minLength:"1" maxLength:"2000" doc:"Where events are sent: https." example:"https://client.example/hooks/usher"`
	Dialect string            `json:"dialect,omitempty" maxLength:"40" doc:"Whose shapes are sent; left out, native." example:"native"`
	Events  []string          `json:"events,omitempty" nullable:"false" minItems:"1" maxItems:"50" doc:"Types of event it gets; left out or [\"*\"], all." example:"[\"*\"]"`
	Origin  string            `json:"origin,omitempty" enum:"same,any" doc:"same: only sessions that came in through the dialect. any: those of every dialect." example:"same"`
	Order   string            `json:"order,omitempty" enum:"session" doc:"Events of one session come in their order; sessions do not wait for each other." example:"session"`
	Auth    *givenAuth        `json:"auth,omitempty" doc:"How usher proves itself, beside the signature; left out, not at all."`
	Names   []string          `json:"names,omitempty" nullable:"false" maxItems:"50" doc:"Names of messages in the words of the dialect; left out, all." example:"[\"KycIdentification.Approved\"]"`
	Headers map[string]string `json:"headers,omitempty" doc:"Headers of your own, set on every message." example:"{\"X-Tenant\":\"north\"}"`
}

type givenAuth struct {
	Type         string `json:"type" enum:"none,basic,header,oauth2,hmac" doc:"The way; hmac is the signature of the dialect's own vendor, where it has one." example:"basic"`
	Username     string `json:"username,omitempty" maxLength:"200" doc:"Of basic." example:"usher"`
	Password     string `json:"password,omitempty" maxLength:"500" doc:"Of basic." example:"a long secret"`
	Name         string `json:"name,omitempty" maxLength:"100" doc:"Of header: its name." example:"X-Api-Key"`
	Value        string `json:"value,omitempty" maxLength:"2000" doc:"Of header: its value." example:"a long secret"`
	TokenURL     string `json:"token_url,omitempty" maxLength:"2000" doc:"Of oauth2: where tokens are got." example:"https://client.example/oauth/token"`
	ClientID     string `json:"client_id,omitempty" maxLength:"200" doc:"Of oauth2." example:"usher"`
	ClientSecret string `json:"client_secret,omitempty" maxLength:"500" doc:"Of oauth2." example:"a long secret"`
	Secret       string `json:"secret,omitempty" minLength:"24" maxLength:"500" doc:"Of hmac." example:"a secret of 24 characters or more"`
}

func (n newEndpoint) check(c Config) error {
	name := cmp.Or(n.Dialect, Name)
	var dialect error
	if _, ok := c.Dialects[name]; !ok {
		dialect = usher.Invalid("dialect", "use one of %s", strings.Join(slices.Sorted(maps.Keys(c.Dialects)), ", "))
	}
	return allInvalid(target("url", n.URL, c.PlainHTTP), dialect, eventTypes(n.Events), n.Auth.check(c.PlainHTTP), c.words(name, n.Names, n.Auth),
		headers(n.Headers))
}

// words refuses names that the dialect does not write, and a signature that it does not have.
func (c Config) words(dialect string, names []string, auth *givenAuth) error {
	known := c.Dialects[dialect]
	if len(known.Names) == 0 {
		known.Names = each(usher.EventTypes(), func(t usher.EventType) string { return string(t) })
	}
	for i, name := range names {
		if !slices.Contains(known.Names, name) {
			return usher.Invalid(fmt.Sprintf("names[%d]", i), "use one of %s", strings.Join(known.Names, ", "))
		}
	}
	if auth != nil && auth.Type == "hmac" && !known.Signature {
		return usher.Invalid("auth.type", "the dialect %s has no signature of its own", dialect)
	}
	return nil
}

// mostHeaders bounds the headers of an endpoint.
const mostHeaders = 20

func headers(all map[string]string) error {
	if len(all) > mostHeaders {
		return usher.Invalid("headers", "may be at most %d", mostHeaders)
	}
	for name, value := range all {
		if header(name, value) != nil || name == "" || strings.EqualFold(name, "Authorization") {
			return usher.Invalid("headers", "%q must be a header of your own, such as X-Tenant, with a value of plain characters on one line", name)
		}
	}
	return nil
}

func (n newEndpoint) domain() usher.Endpoint {
	e := usher.Endpoint{URL: n.URL, Dialect: n.Dialect, Auth: usher.EndpointAuth{Type: "none"}}
	if e.Dialect == "" {
		e.Dialect = Name
	}
	return endpointPatch{Events: n.Events, Origin: n.Origin, Auth: n.Auth, Names: n.Names, Headers: n.Headers}.apply(e)
}

func (p endpointPatch) check(c Config) error {
	var errs []error
	if p.URL != nil {
		errs = append(errs, target("url", *p.URL, c.PlainHTTP))
	}
	return allInvalid(append(errs, eventTypes(p.Events), p.Auth.check(c.PlainHTTP), headers(p.Headers))...)
}

const disabledByClient = "disabled by the client"

func (p endpointPatch) apply(e usher.Endpoint) usher.Endpoint {
	if p.URL != nil {
		e.URL = *p.URL
	}
	if len(p.Events) > 0 {
		e.Events = each(p.Events, func(w string) usher.EventType { return usher.EventType(w) })
	}
	if p.Origin != "" {
		e.AnyOrigin = p.Origin == "any"
	}
	if p.Auth != nil {
		e.Auth = p.Auth.domain()
	}
	if p.Names != nil {
		e.Names = p.Names
	}
	if p.Headers != nil {
		e.Headers = p.Headers
	}
	if p.Enabled != nil {
		e.Disabled = ""
		if !*p.Enabled {
			e.Disabled = disabledByClient
		}
	}
	return e
}

// target refuses an address that nothing is ever sent to. Where a name leads is looked at when something is sent; that is the only moment at
// which it can be.
func target(field, raw string, plain bool) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || strings.ContainsAny(raw, " \\"):
		return usher.Invalid(field, "must be an absolute address such as https://client.example/hooks, without user name or fragment")
	case u.Scheme == "https", plain && u.Scheme == "http":
		return nil
	}
	return usher.Invalid(field, "must begin with https://")
}

func eventTypes(words []string) error {
	for i, w := range words {
		if w != "*" && !slices.Contains(usher.EventTypes(), usher.EventType(w)) {
			return usher.Invalid(fmt.Sprintf("events[%d]", i), "is no type of event; the list of types is in the API description")
		}
	}
	return nil
}

func (a givenAuth) domain() usher.EndpointAuth {
	return usher.EndpointAuth{
		Type: a.Type, Username: a.Username, Password: a.Password, Name: a.Name, Value: a.Value, TokenURL: a.TokenURL, ClientID: a.ClientID,
		ClientSecret: a.ClientSecret, Secret: a.Secret,
	}
}

// check refuses a way that lacks what it needs or brings what belongs to another.
func (a *givenAuth) check(plain bool) error {
	if a == nil {
		return nil
	}
	members := map[string]string{
		"username": a.Username, "password": a.Password, "name": a.Name, "value": a.Value, "token_url": a.TokenURL, "client_id": a.ClientID,
		"client_secret": a.ClientSecret, "secret": a.Secret,
	}
	needs := map[string][]string{
		"basic": {"username", "password"}, "header": {"name", "value"}, "oauth2": {"token_url", "client_id", "client_secret"}, "hmac": {"secret"},
	}[a.Type]
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch needed := slices.Contains(needs, name); {
		case needed && members[name] == "":
			errs = append(errs, &usher.Error{Code: usher.CodeInvalid, Field: "auth." + name, Detail: "required", Message: "is required for " + a.Type})
		case !needed && members[name] != "":
			errs = append(errs, usher.Invalid("auth."+name, "does not belong to %s; leave it out", a.Type))
		}
	}
	if a.Type == "header" {
		errs = append(errs, header(a.Name, a.Value))
	}
	if a.TokenURL != "" {
		errs = append(errs, target("auth.token_url", a.TokenURL, plain))
	}
	return allInvalid(errs...)
}

var (
	headerName  = regexp.MustCompile(`^[A-Za-z0-9-]*$`)
	headerValue = regexp.MustCompile(`^[ -~]*$`)
)

// header refuses a header that could not be sent, or that would take the place of one that belongs to the message.
func header(name, value string) error {
	lower := strings.ToLower(name)
	ours := slices.Contains([]string{"host", "content-type", "content-length", "transfer-encoding", "connection"}, lower) || strings.HasPrefix(lower, "webhook-")
	if !headerName.MatchString(name) || ours {
		return usher.Invalid("auth.name", "must be a header of your own, such as X-Api-Key")
	}
	if !headerValue.MatchString(value) {
		return usher.Invalid("auth.value", "must be plain characters on one line")
	}
	return nil
}
