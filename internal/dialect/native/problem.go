package native

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

const problemType = "application/problem+json"

// refused carries an operation's error through huma to shapeProblem.
type refused struct{ error }

// Unwrap gives the error.
func (r refused) Unwrap() error { return r.error }

// GetStatus makes it an error that huma writes as it is.
func (r refused) GetStatus() int { return api.Status(r.error) }

// ContentType makes huma say what an error is written as.
func (refused) ContentType(string) string { return problemType }

// invalids is several wrong things of one request, told at once.
type invalids []*usher.Error

// Error gives the first; the others are told in the answer.
func (e invalids) Error() string { return e[0].Error() }

// Unwrap gives the first, by which the status is found.
func (e invalids) Unwrap() error { return e[0] }

// allInvalid gives nil, or all the errors of a list of checks.
func allInvalid(errs ...error) error {
	var all invalids
	for _, err := range errs {
		if several, ok := errors.AsType[invalids](err); ok {
			all = append(all, several...)
		} else if e, ok := errors.AsType[*usher.Error](err); ok {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// shapeProblem turns every error body, huma's own and an operation's, into a problem. huma offers a variable for this, but it is one for the
// whole process; a transformer belongs to one API.
func shapeProblem(ctx huma.Context, _ string, body any) (any, error) {
	c, _ := ctx.(*call)
	switch e := body.(type) {
	case refused:
		return problemOf(c, e.error), nil
	case *huma.ErrorModel:
		return problemOf(c, ofHuma(e)), nil
	}
	return body, nil
}

// problemOf gives the body for an error and sets the status that belongs to it.
func problemOf(c *call, err error) any {
	p := problem(c.Context(), err)
	if op := c.Operation().OperationID; op == tokenOperation || op == revokeOperation {
		told := oauthProblem(p)
		c.status = told.Status
		return told
	}
	c.status = p.Status
	return p
}

// problem gives the body for one or several errors.
func problem(ctx context.Context, err error) api.Problem {
	p := api.ProblemOf(api.Public(ctx, err), api.RequestID(ctx))
	if all, ok := errors.AsType[invalids](err); ok {
		for _, e := range all[1:] {
			p.Errors = append(p.Errors, api.ProblemOf(e, "").Errors...)
		}
	}
	return p
}

// writeProblem answers in huma's place, for what is wrong before huma looks.
func (s *server) writeProblem(c *call, w http.ResponseWriter, r *http.Request, err error) {
	body := problemOf(c, err)
	if c.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="usher"`)
	}
	api.WriteBody(w, c.status, problemType, body)
}

// ofHuma says in the words of the kit what huma's checks found. What is wrong with the address (path and query) cannot be read, 400; what is
// wrong with a body was read and is wrong, 422.
func ofHuma(m *huma.ErrorModel) error {
	if len(m.Errors) == 0 {
		if m.Status >= http.StatusInternalServerError {
			return &usher.Error{Code: usher.CodeInternal, Err: errors.New(m.Detail)}
		}
		return api.Malformed("", m.Detail)
	}
	all := make(invalids, len(m.Errors))
	for i, d := range m.Errors {
		where, field, _ := strings.Cut(d.Location, ".")
		e := ofDetail(field, d.Message)
		if where == "query" || where == "path" || where == "header" {
			e.Detail = api.DetailMalformed
		}
		all[i] = e
	}
	return all
}

// ofDetail puts one finding of huma in plain words. Its values are not repeated: they may be personal data.
func ofDetail(field, said string) *usher.Error {
	prefix, suffix, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	if rest, ok := strings.CutPrefix(said, prefix); ok {
		name := strings.TrimSuffix(rest, suffix)
		return &usher.Error{Code: usher.CodeInvalid, Field: join(field, name), Detail: "required", Message: "is required"}
	}
	if kind, ok := wrongTypes()[said]; ok {
		return &usher.Error{Code: usher.CodeInvalid, Field: field, Detail: api.DetailType, Message: "must be " + kind}
	}
	switch said {
	case validation.MsgUnexpectedProperty:
		return &usher.Error{Code: usher.CodeInvalid, Field: field, Detail: api.DetailUnknownName, Message: "unknown member; leave it out"}
	case validation.MsgExpectedMatchExactlyOneSchema:
		return usher.Invalid(field, "must be a reason code such as \"document_blurred\", or an object whose code is one; see the table of reasons")
	}
	return &usher.Error{Code: usher.CodeInvalid, Field: field, Message: plainWords().Replace(said)}
}

// plainWords turns huma's remaining messages into sentences that go on from the name of a member. The first that fits is taken.
func plainWords() *strings.Replacer {
	return strings.NewReplacer(
		"expected array length >= ", "must have at least as many items: ", "expected array length <= ", "must have at most as many items: ",
		"expected length >= ", "must be longer; characters at least: ", "expected length <= ", "must be shorter; characters at most: ",
		"expected value to be ", "must be ", "expected string to be ", "must be ", "expected ", "must be ",
	)
}

func wrongTypes() map[string]string {
	return map[string]string{
		validation.MsgExpectedString: "a string", validation.MsgExpectedBoolean: "true or false", validation.MsgExpectedNumber: "a number",
		validation.MsgExpectedInteger: "a whole number", validation.MsgExpectedArray: "a list", validation.MsgExpectedObject: "an object",
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (s *server) problemResponse(status int) *huma.Response {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[api.Problem](), true, "Problem")
	return &huma.Response{
		Description: http.StatusText(status), Content: map[string]*huma.MediaType{problemType: {Schema: schema}},
		Headers: map[string]*huma.Param{"X-Request-Id": {Description: "Id of the request.", Schema: &huma.Schema{Type: huma.TypeString}}},
	}
}
